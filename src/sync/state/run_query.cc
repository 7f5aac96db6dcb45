#include "sync/state/run_query.h"

#include <string>
#include <utility>

namespace crossfade::sync {

boost::asio::awaitable<pg::Result> run_query(pg::Connection& connection, std::string_view sql, pg::Parameters parameters) {
  std::string text(sql);
  co_return co_await connection.execute(std::move(text), std::move(parameters));
}

}  // namespace crossfade::sync
