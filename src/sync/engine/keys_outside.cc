#include "sync/engine/keys_outside.h"

#include <embedded_sql.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/telemetry/log.h"
#include "base/text/sql_text.h"
#include "pg/row.h"

namespace crossfade::sync {
namespace {

namespace queries = sql::queries;
using namespace std::chrono_literals;

constexpr Clock::duration kFirstPause = 1s;
constexpr Clock::duration kLongestPause = 60s;

}  // namespace

asio::awaitable<void> KeysOutside::leave_out(pg::Connection& connection) {
  if (run_.model.direction != mapping::Direction::kForward || Clock::now() < next_) co_return;
  std::vector<std::optional<std::string>> targets;
  for (const auto& target : run_.model.targets) targets.emplace_back(target.table.name);
  const std::string find(queries::keys_outside);
  pg::Parameters parameters = {array_text(targets), run_.model.shadow_schema};
  const auto keys = co_await connection.execute(find, std::move(parameters));
  bool all = true;
  for (const auto row : pg::rows(keys)) {
    std::string target(row.text("relname"));
    std::string key(row.text("oid"));
    const bool gone = co_await leave_out(connection, std::move(target), std::move(key));
    all = all && gone;
    const std::vector<log::Field> which = {{"target", row.text("relname")}, {"key", row.text("conname")}, {"refers_to", row.text("confrelid")}};
    if (gone) log::info("foreign key to a table that stays is left out until the writes move", which);
    if (!gone && !std::exchange(told_, true)) {
      log::warn("foreign key to a table that stays could not be left out yet: its writers may wait for the daemon", which);
    }
  }
  pause_ = all ? Clock::duration{} : std::clamp<Clock::duration>(pause_ * 2, kFirstPause, kLongestPause);
  next_ = Clock::now() + pause_;
}

asio::awaitable<bool> KeysOutside::leave_out(pg::Connection& connection, std::string target, std::string key) {
  std::optional<Failure> failure;
  co_await connection.script("begin; set local lock_timeout = '100ms'");
  const std::string leave(queries::key_leave_out);
  pg::Parameters parameters = {run_.model.name, std::move(target), std::move(key)};
  try {
    co_await connection.execute(leave, std::move(parameters));
    co_await connection.script("commit");
  } catch (const Failure& caught) {
    if (caught.connection_lost()) throw;
    failure = caught;
  }
  if (!failure) co_return true;
  co_await connection.script("rollback");
  log::debug("foreign key is left out later", {log::quoting("because", failure->what())});
  co_return false;
}

}  // namespace crossfade::sync
