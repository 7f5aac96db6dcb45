#include "sync/engine/keys_outside.h"

#include <embedded_sql.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/log.h"
#include "base/sql_text.h"

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
  for (std::size_t row = 0; row < keys.size(); ++row) {
    const bool gone = co_await leave_out(connection, std::string(keys.text(row, 0)), std::string(keys.text(row, 1)));
    all = all && gone;
    if (gone) log::info("foreign key to a table that stays is left out until the writes move", {{"target", keys.text(row, 0)}, {"key", keys.text(row, 2)}, {"refers_to", keys.text(row, 3)}});
    if (!gone && !std::exchange(told_, true)) {
      log::warn("foreign key to a table that stays could not be left out yet: its writers may wait for the daemon", {{"target", keys.text(row, 0)}, {"key", keys.text(row, 2)}, {"refers_to", keys.text(row, 3)}});
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
