#pragma once

#include <string>
#include <vector>

#include "mapping/views/invert.h"

namespace crossfade::mapping::views {

/// A column whose value cannot be had back, and what is left of it.
struct Lost {
  std::string column;
  std::string left;         ///< "exercises.pounds has round(weight * 2.2)"; "" of nothing
  bool said = false;        ///< a view has it, of rows that cannot be told from others
};

/// A table of v1 made again from the tables of v2.
struct ReverseView {
  TableName table;
  std::string select;               ///< SQL; "" where no row can be told
  std::vector<Lost> lost;           ///< columns that it leaves out
  std::vector<std::string> remarks; ///< what else does not come back
};

/// What can be inverted of all views together: for each of the reading's sources, in an order in which a view comes after those that it
/// reads. `schema` is that of the reverse views. Pure.
std::vector<ReverseView> reverse_views(const derive::Reading& reading, const std::string& schema);

/// reverse.sql as a draft.
std::string reverse_sql(const std::vector<ReverseView>& views, const std::string& schema);

}  // namespace crossfade::mapping::views
