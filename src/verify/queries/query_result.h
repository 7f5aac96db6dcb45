#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "pg/result.h"

namespace crossfade::verify {

/// What a query of an application answers, as text.
struct QueryResult {
  using Row = std::vector<std::optional<std::string>>;
  std::vector<std::string> columns;
  std::vector<Row> rows;

  bool operator==(const QueryResult&) const = default;
};
QueryResult result_of(const pg::Result& result);

/// What a query does not give twice alike though the data is the same: it says nothing about v1 and v2.
struct Nondeterminism {
  std::set<std::size_t> columns;  ///< by place: a clock, a random number
  bool order = false;             ///< of the rows

  /// Learns from two answers of one query at one snapshot. False: not even the rows are the same, so that nothing can be
  /// compared.
  bool learn(const QueryResult& once, const QueryResult& again);
  QueryResult without(const QueryResult& answer) const;
};

/// The first thing in which v2's answer is another than v1's, in words; nothing where they are equal. Both without noise.
std::optional<std::string> difference(const QueryResult& v1, const QueryResult& v2);

}  // namespace crossfade::verify
