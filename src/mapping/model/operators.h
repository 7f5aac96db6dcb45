#pragma once

#include <string>
#include <string_view>

#include "base/text/sql_text.h"

namespace crossfade::mapping {

/// The operators that a type is compared by, those of its default btree operator class, and their schema; "" stands for pg_catalog.
/// A session has no search path: an extension's `=` would not be found there, and where its type can be taken for text, text's
/// would be taken without a word.
struct Operators {
  std::string schema;
  std::string above = ">";   ///< hstore's are #># and #<=#
  std::string up_to = "<=";

  /// `sign`: "=", ">" or "<=". As it stands, or "operator("public".=)".
  std::string sql(std::string_view sign) const {
    const auto name = sign == ">" ? above : sign == "<=" ? up_to : std::string(sign);
    return schema.empty() ? name : "operator(" + quote_identifier(schema) + "." + name + ")";
  }
  bool operator==(const Operators&) const = default;
};

}  // namespace crossfade::mapping
