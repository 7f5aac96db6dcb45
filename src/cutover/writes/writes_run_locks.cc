#include <embedded_sql.h>
#include <fmt/format.h>

#include "base/telemetry/log.h"
#include "cutover/writes/writes_run.h"
#include "pg/reading.h"
#include "pg/row.h"

/// How a flip comes to its locks, and who goes first.
namespace crossfade::cutover {

namespace asio = boost::asio;
namespace queries = sql::queries;
using namespace std::chrono_literals;

namespace {

/// Longer than deadlock_timeout (a second), after which the server ends an autovacuum that is in somebody's way.
constexpr std::chrono::milliseconds kVacuumPatience = 5s;

}  // namespace

/// Begins the transaction of the hold. A vacuum or a change of the tables' shape would not let go within lock_timeout. The lock that keeps
/// them away is one that no writer minds, so it can be waited for; the server ends an autovacuum that somebody waits for, after a second.
asio::awaitable<void> WritesRun::keep_vacuum_away(std::string begin, const std::vector<mapping::TableName>& tables) {
  step_log_.begin("quiet");
  pg::TablesLock quiet;
  quiet.begin = std::move(begin);
  for (const auto& table : tables) quiet.relations.push_back(table.quoted());
  quiet.mode = "share update exclusive";
  quiet.patience = kVacuumPatience;
  begun_ = true;
  co_await pg::begin_locked(*locker_, std::move(quiet));
  step_log_.end();
}

/// Whoever waits for us while we wait for him goes on before the server ends one of the two, which it would after deadlock_timeout.
asio::awaitable<void> WritesRun::look_at_deadlock_timeout() {
  const auto setting = co_await observer_->query(queries::deadlock_timeout);
  before_deadlock_ = std::chrono::milliseconds(pg::first(setting).number("deadlock_timeout"));
  if (flip_.limits.lock_timeout > before_deadlock_ / 2) {
    log::info("locks are waited for for half the server's deadlock_timeout", {{"deadlock_timeout_ms", before_deadlock_.count()}});
  }
}

/// For a lock, where others may wait since `waited` for those that we have.
std::chrono::milliseconds WritesRun::patience(std::chrono::milliseconds waited) const {
  return std::max(std::min(flip_.limits.lock_timeout, (before_deadlock_ - waited) / 2), std::chrono::milliseconds(1));
}

/// lock_timeout is each table's: whoever waits behind the first of many would wait for all of them. All is over before the first who waits for
/// us has the server look for deadlocks.
asio::awaitable<void> WritesRun::lock(std::string statement) {
  const auto waited = std::chrono::duration_cast<std::chrono::milliseconds>(pg::Clock::now() - hold_began_);
  const auto each = patience(waited);
  const auto all = std::max(each * 3 / 2, std::chrono::milliseconds(2));
  auto bound = fmt::format("set local lock_timeout = {}; set local statement_timeout = {}", each.count(), all.count());
  co_await locker_->script(std::move(bound));
  co_await locker_->script(std::move(statement));
  auto rest = fmt::format("set local statement_timeout = {}", flip_.limits.hold.count());
  co_await locker_->script(std::move(rest));
}

}  // namespace crossfade::cutover
