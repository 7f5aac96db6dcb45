#pragma once

#include <boost/asio/awaitable.hpp>
#include <optional>
#include <string>

#include "base/error/failure.h"
#include "pg/connection.h"

namespace crossfade::pg {

/// What came of a statement that the server may refuse.
struct Tried {
  Result result;
  std::optional<Failure> refused;
};

/// Runs `sql` under a savepoint of the open transaction, so that a refusal costs this statement only. Throws where the
/// session is lost.
boost::asio::awaitable<Tried> try_in_savepoint(Connection& connection, std::string sql, Parameters parameters = {});

}  // namespace crossfade::pg
