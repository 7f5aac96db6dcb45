#include "pg/savepoint.h"

#include <utility>

namespace crossfade::pg {

boost::asio::awaitable<Tried> try_in_savepoint(Connection& connection, std::string sql, Parameters parameters) {
  Tried made;
  co_await connection.script("savepoint crossfade_try");
  try {
    made.result = co_await connection.query(std::move(sql), std::move(parameters));
  } catch (const Failure& failure) {
    if (failure.connection_lost()) throw;
    made.refused = failure;
  }
  if (made.refused) co_await connection.script("rollback to savepoint crossfade_try");
  co_await connection.script("release savepoint crossfade_try");
  co_return made;
}

}  // namespace crossfade::pg
