#pragma once

#include <string>

#include "base/text/sql_text.h"

namespace crossfade::mapping {

/// A table or a view and the schema it is in.
struct TableName {
  std::string schema;
  std::string name;

  std::string quoted() const { return quote_qualified(schema, name); }
  bool operator==(const TableName&) const = default;
};

}  // namespace crossfade::mapping
