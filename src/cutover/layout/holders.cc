#include "cutover/layout/holders.h"

#include <embedded_sql.h>

#include "base/log.h"
#include "base/sql_text.h"

namespace crossfade::cutover {

namespace asio = boost::asio;
namespace queries = sql::queries;

asio::awaitable<Holders> lock_holders(pg::Connection& connection, const std::vector<std::string>& relations, bool readers) {
  const std::vector<std::optional<std::string>> names(relations.begin(), relations.end());
  pg::Parameters parameters = {array_text(names), readers ? "true" : "false"};
  const auto rows = co_await connection.query(std::string(queries::lock_holders), parameters);
  Holders holders;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    holders.text += (row == 0 ? "" : "; ") + log::redact(rows.text(row, 1));
    if (rows.truth(row, 2)) holders.sessions.push_back(static_cast<int>(rows.number(row, 0)));
  }
  co_return holders;
}

asio::awaitable<void> end_sessions(pg::Connection& connection, const Holders& holders) {
  for (const int pid : holders.sessions) {
    log::warn("session is ended: it kept the flip from its locks", {{"pid", pid}, {"holders", holders.text}});
    pg::Parameters parameters = {std::to_string(pid)};
    co_await connection.query(std::string(queries::lock_end_session), parameters);
  }
}

}  // namespace crossfade::cutover
