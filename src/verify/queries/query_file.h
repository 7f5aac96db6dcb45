#pragma once

#include <string>

namespace crossfade::verify {

/// A query that an application asks v1, its counterpart on v2, and the keys to try both with. `$1` is the key.
struct QueryPair {
  std::string v1;
  std::string v2;
  std::string keys;  ///< a select whose first column is the keys
};

/// Reads a file of three statements, each below a line that says whose it is: `-- v1`, `-- v2`, `-- keys`, in any order.
/// Throws a usage Failure with the line where it is anything else. Pure.
QueryPair parse_query_pair(const std::string& text);

}  // namespace crossfade::verify
