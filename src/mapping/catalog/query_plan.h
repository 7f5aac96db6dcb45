#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace crossfade::mapping {

/// A table that a statement would read from end to end.
struct SequentialScan {
  std::string schema;
  std::string table;
  std::string column;  ///< by which its rows are picked, as SQL; "" where the plan does not say
};

/// What `explain (verbose, format json)` prints, read back. Throws nothing: a plan that is not understood has no scans and
/// no rows.
std::vector<SequentialScan> sequential_scans(std::string_view json);
double estimated_rows(std::string_view json);

}  // namespace crossfade::mapping
