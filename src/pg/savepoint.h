#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <optional>
#include <string>

#include "async/failure_of.h"
#include "base/error/failure.h"
#include "pg/connection.h"

namespace crossfade::pg {

using Work = std::function<boost::asio::awaitable<void>()>;

/// What there still is, behind a savepoint, of what was done under it. What was refused is gone in any case.
enum class Leaves { kWhatWorked, kNothing };

/// Does `work` under a savepoint of the open transaction, so that a refusal costs this work only. Throws what is no answer: then only the
/// whole transaction can be rolled back.
boost::asio::awaitable<std::optional<Failure>> in_savepoint(Connection& connection, Work work, Leaves leaves, async::IsAnswer is_answer = async::answered);

/// What came of a statement that the server may refuse.
struct Tried {
  Result result;
  std::optional<Failure> refused;
};

/// The same for one statement. Throws where the session is lost.
boost::asio::awaitable<Tried> try_in_savepoint(Connection& connection, Sql sql, Parameters parameters = {});

/// Looks at something by work that leaves nothing behind. Whatever it throws is thrown on.
template <typename Seen>
boost::asio::awaitable<Seen> look_in_savepoint(Connection& connection, std::function<boost::asio::awaitable<Seen>()> look) {
  co_await connection.script("savepoint crossfade_look");
  auto seen = co_await look();
  co_await connection.script("rollback to savepoint crossfade_look; release savepoint crossfade_look");
  co_return seen;
}

}  // namespace crossfade::pg
