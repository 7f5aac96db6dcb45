#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "mapping/amend/side.h"

namespace crossfade::mapping {

/// A piece that waits in crossfade.deferred until the rows are there that it is to hold for.
struct LaterPiece {
  std::string name;
  int stage = 1;   ///< 1 keys and indexes, 2 what holds at a consistent cut only
  Piece piece;
};

/// Where a statement is refused because of values that are there: they go, and come again from the view.
struct Otherwise {
  std::string sql;
  std::string column;                   ///< for people
  std::string by_hand;                  ///< the DDL of a person who knows what becomes of the values
  std::optional<LaterPiece> later;      ///< once they are there again
};

/// What makes one side of the other.
struct V2Change {
  std::vector<std::string> says;        ///< one a change, for people
  std::vector<std::string> statements;  ///< at once, in this order
  std::map<std::size_t, Otherwise> otherwise;  ///< of some of them
  std::vector<LaterPiece> later;
  std::set<std::string> touched;        ///< tables that stay, and whose rows have to be compared
  std::set<std::string> added;
  std::set<std::string> dropped;
  std::vector<std::string> labels;      ///< those of the statements that add one, which nothing may use before they have committed
  std::vector<std::string> refused;     ///< what is different and is not carried over
  std::map<std::string, std::string> mends;  ///< … the DDL that brings it, where one can be told

  bool empty() const { return says.empty() && refused.empty(); }
};

/// `there`: v2 as the database has it; `wanted`: as v2.sql says now; `before`: as it said, where that is known. What somebody has added
/// by hand stays: only what was written down once is dropped, and of what was not, a column alone. Pure.
V2Change compare(const std::string& schema, const Side& there, const Side& wanted, const std::optional<Side>& before);

}  // namespace crossfade::mapping
