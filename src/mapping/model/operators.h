#pragma once

#include <string>
#include <string_view>

#include "base/sql_text.h"

namespace crossfade::mapping {

/// The schema of the operators that a type is compared by, those of its default btree operator class; "" stands for pg_catalog.
/// A session has no search path: an extension's `=` would not be found there, and where its type can be taken for text, text's
/// would be taken without a word.
struct Operators {
  std::string schema;

  /// "=", or "operator("public".=)".
  std::string sql(std::string_view sign) const {
    return schema.empty() ? std::string(sign) : "operator(" + quote_identifier(schema) + "." + std::string(sign) + ")";
  }
  bool operator==(const Operators&) const = default;
};

}  // namespace crossfade::mapping
