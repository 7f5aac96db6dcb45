#include "pg/savepoint.h"

#include <utility>

namespace crossfade::pg {

boost::asio::awaitable<std::optional<Failure>> in_savepoint(Connection& connection, Work work, Leaves leaves, async::IsAnswer is_answer) {
  co_await connection.script("savepoint crossfade_try");
  auto working = work();
  auto refused = co_await async::failure_of(std::move(working), is_answer);
  const bool back = refused || leaves == Leaves::kNothing;
  co_await connection.script(back ? "rollback to savepoint crossfade_try; release savepoint crossfade_try" : "release savepoint crossfade_try");
  co_return refused;
}

boost::asio::awaitable<Tried> try_in_savepoint(Connection& connection, Sql sql, Parameters parameters) {
  Tried tried;
  const Work work = [&]() -> boost::asio::awaitable<void> { tried.result = co_await connection.query(std::move(sql), std::move(parameters)); };
  tried.refused = co_await in_savepoint(connection, work, Leaves::kWhatWorked);
  co_return tried;
}

}  // namespace crossfade::pg
