#include "cutover/layout/holders.h"

#include <embedded_sql.h>

#include "base/telemetry/log.h"
#include "base/text/sql_text.h"
#include "pg/row.h"

namespace crossfade::cutover {

namespace asio = boost::asio;
namespace queries = sql::queries;

asio::awaitable<Holders> lock_holders(pg::Connection& connection, const std::vector<std::string>& relations, bool readers) {
  const std::vector<std::optional<std::string>> names(relations.begin(), relations.end());
  pg::Parameters parameters = {array_text(names), readers ? "true" : "false"};
  const auto rows = co_await connection.query(queries::lock_holders, parameters);
  Holders holders;
  for (const auto row : pg::rows(rows)) {
    holders.text += (holders.text.empty() ? "" : "; ") + log::redact(row.text("who"));
    if (row.truth("may_be_ended")) holders.sessions.push_back(static_cast<int>(row.number("pid")));
  }
  co_return holders;
}

asio::awaitable<void> end_sessions(pg::Connection& connection, const Holders& holders) {
  for (const int pid : holders.sessions) {
    log::warn("session is ended: it kept the flip from its locks", {{"pid", pid}, {"holders", holders.text}});
    pg::Parameters parameters = {std::to_string(pid)};
    co_await connection.query(queries::lock_end_session, parameters);
  }
}

}  // namespace crossfade::cutover
