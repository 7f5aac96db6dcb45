#pragma once

#include "mapping/sql/statements.h"
#include "pg/connection.h"
#include "verify/diff/difference.h"

namespace crossfade::verify {

namespace asio = boost::asio;

/// What one comparison of view and shadow found, in rows.
struct Compared {
  std::uint64_t in_view = 0;
  std::uint64_t in_shadow = 0;
  std::uint64_t differing = 0;
  std::vector<Difference> rows;  ///< the first `most` that differ
};

/// Statements::compare() for `filters`, as one statement and so at one snapshot.
struct Comparison {
  TargetId target;
  std::vector<mapping::KeyFilter> filters;
  pg::Parameters parameters;
  std::size_t most;
  bool again = false;  ///< it will be asked often: planning may take longer than the rows of a few keys
};
asio::awaitable<Compared> differing_rows(pg::Connection& connection, const mapping::Model& model, Comparison comparison);

}  // namespace crossfade::verify
