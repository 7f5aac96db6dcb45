#include <embedded_sql.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "async/failure_of.h"
#include "async/sleep.h"
#include "base/telemetry/log.h"
#include "base/text/sql_text.h"
#include "cutover/across/across_run.h"
#include "cutover/layout/links.h"
#include "cutover/layout/tables.h"
#include "cutover/writes/failpoint.h"
#include "mapping/catalog/read_catalog.h"
#include "pg/reading.h"
#include "pg/row.h"
#include "setup/objects/fence.h"
#include "sync/state/shape.h"
#include "wal/slot.h"

namespace crossfade::cutover {

namespace asio = boost::asio;
namespace queries = sql::queries;
using mapping::Direction;
using namespace std::chrono_literals;

namespace {

/// Between two looks at a drain; far below what a writer notices.
constexpr auto kLookAgain = 2ms;
/// Longer than deadlock_timeout (a second), after which the server ends an autovacuum that is in somebody's way.
constexpr std::chrono::milliseconds kVacuumPatience = 5s;
/// Longer than a look at the drain takes on a busy server.
constexpr std::chrono::milliseconds kFreeze = 2s;
/// A daemon that is refused lets go of its slot by itself.
constexpr auto kTidyPatience = 10s;
constexpr auto kNobodyReads = 1s;

[[noreturn]] void give_way(std::string message) {
  Failure::Facts facts;
  facts.sqlstate = "40001";
  facts.exit = ExitCode::kTimeout;
  facts.message = std::move(message);
  throw Failure(std::move(facts));
}

}  // namespace

/// Should this process freeze, the server ends its session and lets the writers go on. What either server has said is on its disk before the other
/// one goes by it.
std::string AcrossRun::begin_script() const {
  return fmt::format("begin isolation level read committed; set local idle_in_transaction_session_timeout = {}", (flip_.limits.hold + kFreeze).count());
}

void AcrossRun::expect_in_time() const {
  if (pg::Clock::now() - hold_began_ < flip_.limits.hold) return;
  give_way("v2's server was not there within the limit of the hold");
}

/// lock_timeout is each table's: whoever waits behind the first of many would wait for all of them.
asio::awaitable<void> AcrossRun::lock(pg::Connection& connection, std::string tables, std::string mode) {
  const auto setting = co_await connection.query(queries::deadlock_timeout);
  // Whoever waits for us while we wait for him goes on before the server ends one of the two.
  const auto before_deadlock = std::chrono::milliseconds(pg::first(setting).number("deadlock_timeout")) / 2;
  const auto each = std::max(std::min(flip_.limits.lock_timeout, before_deadlock), 1ms);
  auto bound = fmt::format("set local lock_timeout = {}; set local statement_timeout = {}", each.count(), std::max(each * 3 / 2, 2ms).count());
  co_await connection.script(std::move(bound));
  auto statement = fmt::format("lock table {} in {} mode", tables, mode);
  co_await connection.script(std::move(statement));
  auto rest = fmt::format("set local statement_timeout = {}", flip_.limits.hold.count());
  co_await connection.script(std::move(rest));
}

/// Close, then open. All is done on the server that will open, but for its commit, before the other one closes.
asio::awaitable<void> AcrossRun::flip_once() {
  co_await pause();
  co_await failpoint("hold");
  co_await hold();
  co_await failpoint("barrier");
  co_await drain();
  if (flip_.rehearse) {
    outcome_.hold_milliseconds = std::chrono::duration<double, std::milli>(pg::Clock::now() - hold_began_).count();
    outcome_.rehearsed = true;
    roll_back();
    co_return;
  }
  // Nobody writes any more: what has gone by unseen until now would be missing on the side that is to own the data.
  step_log_.begin("shape");
  co_await sync::expect_unchanged(*look_, file_.migration());
  step_log_.end();
  const auto closes = change_of(rows_.turns, TurnStep::kFlip);
  auto then = rows_.turns;
  then.at(static_cast<std::size_t>(closes.server)) = closes.to;
  co_await failpoint("ready");
  co_await make_v2_ready(change_of(then, TurnStep::kOpen), barrier_);
  co_await failpoint("close");
  co_await close_v1(closes);
  // Where what is to open is gone already, nothing is closed for it.
  co_await at_v2_->query("select 1");
  expect_in_time();
  co_await failpoint("commit");
  co_await commit(Side::kV1);
  between_ = true;
  co_await failpoint("open");
  co_await commit(Side::kV2);
  between_ = false;
  moved_ = true;
  step_log_.let_go();
  outcome_.hold_milliseconds = std::chrono::duration<double, std::milli>(pg::Clock::now() - hold_began_).count();
  log::info("the writes have moved to another server", {{"flip", step_log_.id()}, {"hold_ms", outcome_.hold_milliseconds}});
  co_await resume();
  co_await failpoint("tidy");
}

/// Writers wait from here on; readers go on, and so does the engine, which reads what it brings over.
asio::awaitable<void> AcrossRun::hold() {
  const std::vector<mapping::TableName> none;
  const auto tables = co_await lock_order(look_->source(), sides_.v1, none);
  co_await connect(Side::kV1, "hold");
  // A vacuum, or a change of the tables' shape, would not let go within lock_timeout: no writer minds the lock that keeps them away.
  step_log_.begin("quiet");
  pg::TablesLock quiet;
  quiet.begin = begin_script();
  for (const auto& table : sides_.v1) quiet.relations.push_back(table.quoted());
  quiet.mode = "share update exclusive";
  quiet.patience = kVacuumPatience;
  co_await pg::begin_locked(*at_v1_, std::move(quiet));
  step_log_.end();
  step_log_.hold("hold");
  hold_began_ = pg::Clock::now();
  co_await lock(*at_v1_, tables, "share row exclusive");
  step_log_.end();
}

/// Emitted when the locks are held and never before: a write that commits between a position that was read and a lock that comes after it would be
/// on one side only.
asio::awaitable<void> AcrossRun::drain() {
  step_log_.begin("barrier");
  pg::Parameters watched = {file_.migration(), std::nullopt, "reverse", flip_.old_slot, "false"};
  const auto before = co_await look_->query(queries::writes_watch, watched);
  epoch_ = pg::first(before).number("epoch");
  pg::Parameters barrier = {file_.migration(), step_log_.id()};
  const auto rows = co_await look_->source().query(queries::barrier, barrier);
  barrier_ = rows.text(0, 0);
  step_log_.end();
  co_await failpoint("drain");
  step_log_.begin("drain");
  for (;;) {
    const bool drained = co_await is_drained(*look_, barrier_);
    if (drained) break;
    expect_in_time();
    co_await async::sleep_for(kLookAgain);
  }
  step_log_.end();
}

/// Under the row's lock: nobody else changes it before this transaction ends.
asio::awaitable<void> AcrossRun::expect_turn(pg::Connection& connection, TurnChange change) {
  pg::Parameters name = {file_.migration()};
  const auto rows = co_await connection.query(queries::turn_lock, name);
  if (!rows.empty() && pg::first(rows).number("turn") == change.from) co_return;
  give_way(fmt::format("{}'s server says another turn than was seen: somebody else moves the writes", to_text(change.server)));
}

asio::awaitable<void> AcrossRun::write_turn(pg::Connection& connection, TurnChange change, pg::Parameter barrier, std::string action) {
  pg::Parameters parameters = {file_.migration(), std::to_string(change.from), std::to_string(change.to.number), to_text(change.to.goes_to), to_text(change.to.owned),
                               std::move(barrier), flip_.who, std::move(action), step_log_.id()};
  const auto rows = co_await connection.query(queries::turn_write, std::move(parameters));
  if (rows.empty()) give_way(fmt::format("{}'s server says another turn than was seen", to_text(change.server)));
}

/// v2's tables before the lease, in the order in which the engine takes them. From there to the end of the transaction no engine commits anything.
asio::awaitable<void> AcrossRun::make_v2_ready(TurnChange change, pg::Parameter barrier) {
  step_log_.begin("ready");
  const std::vector<mapping::TableName> none;
  const auto tables = co_await lock_order(*look_, sides_.v2, none);
  co_await connect(Side::kV2, "open");
  auto& v2 = *at_v2_;
  co_await v2.script(begin_script());
  co_await v2.query(queries::commit_durably);
  co_await lock(v2, tables, "access exclusive");
  pg::Parameters name = {file_.migration()};
  const auto lease = co_await v2.query(queries::writes_lock, name);
  if (lease.empty()) give_way("v2's server does not know of the migration any more");
  co_await expect_turn(v2, change);
  const bool drained = co_await is_drained(v2, std::move(barrier));
  if (!drained) give_way("v2's server has not all of what v1 has");
  const auto follower = outline(file_, Direction::kForward);
  std::string script;
  for (const auto& statement : setup::enable_triggers(follower)) script += statement + ";\n";
  for (const auto& statement : setup::drop_fences(follower)) script += statement + ";\n";
  script += fmt::format("select crossfade.free_detached({})", quote_literal(file_.migration()));
  co_await v2.script(std::move(script));
  co_await bring_keys_back(v2);
  co_await set_sequences(v2);
  pg::Parameters opened = {file_.migration(), std::to_string(change.from), std::to_string(change.to.number), flip_.who, step_log_.id()};
  const auto rows = co_await v2.query(queries::open_v2, opened);
  if (rows.empty()) give_way("v2's server says another turn than was seen");
  step_log_.end();
}

/// They hold for new rows from now on, and for the others once they are validated.
asio::awaitable<void> AcrossRun::bring_keys_back(pg::Connection& at_v2) {
  pg::Parameters name = {file_.migration()};
  const auto keys = co_await at_v2.query(queries::keys_left_out, name);
  for (const auto key : pg::rows(keys)) {
    std::string create(key.optional_text("create_sql").value_or(""));
    if (!create.empty()) co_await at_v2.script(std::move(create));
  }
}

/// Beyond the rows that came over, and beyond what v1's have given: those are asked on their own server.
asio::awaitable<void> AcrossRun::set_sequences(pg::Connection& at_v2) {
  if (conditions_.rules.forward.empty()) {
    // Whoever goes on with what another command began has not looked yet.
    auto& source = look_->source();
    co_await source.script("begin");
    conditions_.rules = co_await mapping::rules_in_force(source, file_, mapping::Naming::kOriginal);
    co_await source.script("rollback");
  }
  const Followed followed{file_, conditions_.rules};
  pg::Parameters pairs = {json_of(column_pairs(followed, Direction::kReverse, mapping::Naming::kOriginal))};
  const auto own = co_await at_v2.query(queries::sequences_own, pairs);
  pg::Parameters of_both = {std::string(pg::first(own).text("pairs"))};
  const auto reached = co_await look_->source().query(queries::sequences_reached, of_both);
  pg::Parameters beyond = {std::string(pg::first(reached).text("reached"))};
  co_await at_v2.query(queries::sequences_beyond, beyond);
}

/// In the transaction that holds the locks.
asio::awaitable<void> AcrossRun::close_v1(TurnChange change) {
  step_log_.begin("close");
  auto& v1 = *at_v1_;
  co_await v1.query(queries::commit_durably);
  co_await expect_turn(v1, change);
  std::string script;
  for (const auto& table : sides_.v1) {
    script += fmt::format("select crossfade.put_fences({}, {}, {});\n", quote_literal(file_.migration()), quote_literal(table.quoted()), quote_literal(rows_.places[1]));
  }
  co_await v1.script(std::move(script));
  co_await write_turn(v1, change, barrier_, "v1 closed");
  step_log_.end();
}

asio::awaitable<void> AcrossRun::commit(Side side) {
  step_log_.begin(fmt::format("commit on {}'s server", to_text(side)));
  auto& session = side == Side::kV1 ? at_v1_ : at_v2_;
  committing_ = side;
  co_await session->script("commit");
  committing_.reset();
  session.reset();
  step_log_.end();
}

/// v1 was closed, by whomever: nobody writes.
asio::awaitable<void> AcrossRun::open_v2() {
  const auto change = change_of(rows_.turns, TurnStep::kOpen);
  co_await make_v2_ready(change, rows_.barrier());
  co_await failpoint("open");
  co_await commit(Side::kV2);
  between_ = false;
  moved_ = true;
  co_await resume();
  co_await failpoint("tidy");
}

/// What was to go to v2 goes to v1 again, by a turn that v2's server has written.
asio::awaitable<void> AcrossRun::open_v1() {
  const auto change = change_of(rows_.turns, TurnStep::kOpen);
  step_log_.begin("ready");
  const std::vector<mapping::TableName> none;
  const auto tables = co_await lock_order(look_->source(), sides_.v1, none);
  co_await connect(Side::kV1, "open");
  auto& v1 = *at_v1_;
  co_await v1.script(begin_script());
  co_await v1.query(queries::commit_durably);
  co_await lock(v1, tables, "access exclusive");
  co_await expect_turn(v1, change);
  std::string script;
  for (const auto& table : sides_.v1) script += fmt::format("select crossfade.take_fences({});\n", quote_literal(table.quoted()));
  script += fmt::format("select crossfade.free_detached({}, {})", quote_literal(file_.migration()), quote_literal(rows_.places[1]));
  co_await v1.script(std::move(script));
  co_await write_turn(v1, change, std::nullopt, "v1 opened again");
  step_log_.end();
  co_await failpoint("open");
  co_await commit(Side::kV1);
  between_ = false;
  moved_ = true;
  co_await resume();
}

/// Decided on the server that was to open: it stays closed under a higher turn, whoever still wants to open it by the lower one.
asio::awaitable<void> AcrossRun::undo() {
  const auto change = change_of(rows_.turns, TurnStep::kUndo);
  step_log_.begin(to_text(TurnStep::kUndo));
  co_await connect(change.server, "undo");
  auto& server = change.server == Side::kV1 ? *at_v1_ : *at_v2_;
  co_await server.script(begin_script());
  auto bound = fmt::format("set local lock_timeout = {}", flip_.limits.hold.count());
  co_await server.script(std::move(bound));
  co_await server.query(queries::commit_durably);
  co_await expect_turn(server, change);
  co_await write_turn(server, change, rows_.barrier(), fmt::format("writes go to {}", to_text(change.to.goes_to)));
  step_log_.end();
  co_await failpoint("undo");
  co_await commit(change.server);
}

/// What is left of following, once v2 is open. That something of it could not be done is said, and done by the same command again.
asio::awaitable<void> AcrossRun::tidy() {
  step_log_.begin("tidy");
  auto work = let_slot_go();
  const auto failure = co_await async::failure_of(std::move(work));
  if (failure) outcome_.notes.push_back(fmt::format("what is left of following could not be cleared away ({}); repeat the command", failure->what()));
  if (!failure) co_await validate_keys();
  step_log_.end();
}

asio::awaitable<void> AcrossRun::let_slot_go() {
  auto& source = look_->source();
  const auto give_up_at = pg::Clock::now() + kTidyPatience;
  auto last_read = pg::Clock::now();
  for (;;) {
    const auto slot = co_await wal::inspect_slot(source, flip_.old_slot);
    if (!slot) break;
    if (slot->active) last_read = pg::Clock::now();
    if (pg::Clock::now() - last_read > kNobodyReads) {
      co_await wal::drop_slot(source, flip_.old_slot);
      break;
    }
    if (pg::Clock::now() >= give_up_at) {
      outcome_.notes.push_back(fmt::format("slot {} on the source is still read by pid {} and keeps WAL; repeat the command once that has ended", flip_.old_slot, slot->active_pid));
      co_return;
    }
    pg::Parameters barrier = {file_.migration(), step_log_.id()};
    co_await source.query(queries::barrier, barrier);
    co_await async::sleep_for(20ms);
  }
  auto script = fmt::format("drop publication if exists {}", quote_identifier(setup::publication_name(file_.migration(), Direction::kForward)));
  co_await source.script(std::move(script));
  pg::Parameters name = {file_.migration()};
  co_await source.query(queries::end_v1, name);
}

/// A lock that no writer minds is enough, however long it takes.
asio::awaitable<void> AcrossRun::validate_keys() {
  pg::Parameters name = {file_.migration()};
  const auto keys = co_await look_->query(queries::keys_left_out, name);
  bool all = true;
  for (const auto key : pg::rows(keys)) {
    const std::string validate(key.optional_text("validate_sql").value_or(""));
    if (validate.empty()) continue;
    auto work = look_->script(validate);
    const auto refused = co_await async::failure_of(std::move(work));
    if (!refused) continue;
    all = false;
    outcome_.notes.push_back(fmt::format("foreign key {} of {} is in force for new rows and not validated: {}. Mend the rows, then: {}", key.text("name"), key.text("table_name"), refused->what(), validate));
    if (!look_->usable()) co_return;
  }
  if (all) co_await look_->query(queries::keys_made, name);
}

}  // namespace crossfade::cutover
