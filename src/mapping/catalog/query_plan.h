#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace crossfade::mapping {

/// A table that a statement would read from end to end, or one of its indexes.
struct WholeScan {
  std::string schema;
  std::string table;
  std::string column;  ///< by which its rows are picked, as SQL; "" where the plan does not say
  /// What makes one row of many below anything that picks rows: "an aggregate", "a window", "a distinct"; "" where nothing does.
  std::string gathered_by = {};
  std::vector<std::string> groups = {};  ///< of an aggregate, as SQL
};

/// What `explain (verbose, format json)` prints, read back. Throws nothing: a plan that is not understood has no scans and
/// no rows.
std::vector<WholeScan> whole_scans(std::string_view json);
double estimated_rows(std::string_view json);

}  // namespace crossfade::mapping
