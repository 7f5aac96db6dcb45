#include "pg/attempt.h"

#include <utility>

namespace crossfade::mapping {

boost::asio::awaitable<Attempt> attempt(pg::Connection& connection, std::string sql, pg::Parameters parameters) {
  Attempt made;
  co_await connection.script("savepoint crossfade_attempt");
  try {
    made.result = co_await connection.query(std::move(sql), std::move(parameters));
  } catch (const Failure& failure) {
    if (failure.connection_lost()) throw;
    made.refused = failure;
  }
  if (made.refused) co_await connection.script("rollback to savepoint crossfade_attempt");
  co_await connection.script("release savepoint crossfade_attempt");
  co_return made;
}

}  // namespace crossfade::mapping
