#include "chaos/nemesis.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <iterator>
#include <thread>

#include "support/flip.h"

namespace crossfade::test {
namespace {

constexpr int kIds = 5'000;
constexpr std::size_t kWhileFilling = 3;
constexpr std::size_t kWhileFollowing = 5;
constexpr std::size_t kAfterTheFlip = 3;

std::string read(const std::filesystem::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// Gym has a workload on either side; the others come with theirs of v1.
std::filesystem::path drawn_migration(Random& random) {
  static const std::vector<std::string> kShipped = {"dynprot", "fitness_planning", "gain_grid", "science_schema", "vagus_workout"};
  const int drawn = draw(random, 0, 9);
  return drawn < 5 ? migration(kShipped[static_cast<std::size_t>(drawn)]) : test_migration("gym");
}

ThrowawayServer::Options one_that_crashes() {
  ThrowawayServer::Options options;
  options.durable = true;
  options.settings = {{"max_prepared_transactions", "5"}};
  return options;
}

/// Part of what a fault is, not of how long something takes: a lock that is held, a process that stands still.
void for_a_while(Random& random, int low, int high) { std::this_thread::sleep_for(std::chrono::milliseconds(draw(random, low, high))); }

}  // namespace

const std::vector<Nemesis::Fault>& Nemesis::faults() {
  static const std::vector<Fault> kFaults = {
      {"kill", &Nemesis::kill},
      {"freeze", &Nemesis::freeze},
      {"take-over", &Nemesis::take_over},
      {"crash-server", &Nemesis::crash_server},
      {"restart-server", &Nemesis::restart_server},
      {"terminate", &Nemesis::terminate},
      {"drop-slot", &Nemesis::drop_slot},
      {"change-publication", &Nemesis::change_publication},
      {"rewrite", &Nemesis::rewrite},
      {"vacuum", &Nemesis::vacuum},
      {"lock", &Nemesis::lock},
      {"flood", &Nemesis::flood},
      {"savepoints", &Nemesis::savepoints},
      {"prepare-transaction", &Nemesis::prepare_transaction},
      {"truncate", &Nemesis::truncate},
      {"time-out", &Nemesis::time_out},
      {"pause", &Nemesis::pause},
      {"verify", &Nemesis::verify},
  };
  return kFaults;
}

Nemesis::Nemesis(std::uint32_t run_seed)
    : seed_(run_seed), random_(run_seed), folder_(drawn_migration(random_)), server_(one_that_crashes()), move_(folder_, server_) {
  std::size_t number = kWhileFilling + kWhileFollowing;
  if (move_.name() == "gym") {
    number += 2 * kAfterTheFlip;
    move_.sql().exec("insert into plans select n, 'owner ' || n % 7, n % 4 from generate_series(101, 500) n on conflict do nothing;"
                     "insert into exercises select n, 1 + n % 500, 'exercise ' || n, n % 7 from generate_series(1001, 5000) n on conflict do nothing");
  } else {
    move_.sql().exec(fmt::format("set crossfade.sample_seed = {};", run_seed % 1000) + read(folder_ / "sample.sql") + "; reset all");
    workload_ = std::make_unique<Workload>(move_.sql(), folder_);
  }
  const auto& all = faults();
  while (steps_.size() < number) steps_.push_back(&all[static_cast<std::size_t>(draw(random_, 0, static_cast<int>(all.size()) - 1))]);
}

std::string Nemesis::line() const {
  std::vector<std::string> names;
  for (const auto* step : steps_) names.emplace_back(step->name);
  return fmt::format("seed={} migration={} steps={} transactions={}", seed_, move_.name(), fmt::join(names, ","), transactions_);
}

std::string Nemesis::change() { return workload_ ? workload_->draw_one(random_) : on_v2_ ? change_gym_v2(random_, kIds)
                                                                                         : change_gym(random_, kIds); }

void Nemesis::run(const std::vector<std::size_t>& only) {
  {
    const auto draw_one = [this](Random& random) { return workload_ ? workload_->draw_one(random) : change_gym(random, kIds); };
    Writers writers(move_.conninfo(), 2, draw_one, seed_);
    writers.expect_progress(20);
    start_daemon();
    strike_all(0, kWhileFilling, only);
    if (testing::Test::HasFatalFailure()) return;
    move_.expect_caught_up();
    strike_all(kWhileFilling, kWhileFilling + kWhileFollowing, only);
    if (testing::Test::HasFatalFailure()) return;
    writers.expect_progress(50);
    transactions_ += writers.done();
  }
  expect_nothing_aside();
  move_.expect_equal();
  if (testing::Test::HasFatalFailure()) return;
  if (!workload_) there_and_back(kWhileFilling + kWhileFollowing, only);
  if (!testing::Test::HasFatalFailure()) move_.stop_daemon();
}

/// What ran ahead of its parents, or of children that somebody held locked, is tried again, and comes right; what the stream did not
/// tell is seen within a second.
void Nemesis::expect_nothing_aside() {
  const auto written = move_.sql().value("select pg_current_wal_insert_lsn()");
  const auto read = fmt::format("select consistent_lsn >= '{}' and not exists (select from crossfade.quarantine) and not exists (select from crossfade.shape_changes('{}')) "
                                "from crossfade.checkpoint where migration = '{}'", written, move_.name(), move_.name());
  EXPECT_TRUE(eventually([&] { return move_.sql().value(read) == "t"; }, kLimit));
}

void Nemesis::there_and_back(std::size_t first, const std::vector<std::size_t>& only) {
  const auto done = [&](const std::vector<std::string>& words) {
    const auto [exit, text] = move_.call(words);
    ASSERT_EQ(exit, 0) << fmt::format("{}: {}", fmt::join(words, " "), text);
  };
  const std::string evidence = server_.directory() / "evidence";
  for (const bool to_v2 : {true, false}) {
    if (to_v2) {
      done({"verify"});
      done({"account"});
    }
    if (testing::Test::HasFatalFailure()) return;
    done({to_v2 ? "cutover" : "rollback", "writes", "--confirm", move_.name(), "--evidence", evidence});
    if (testing::Test::HasFatalFailure()) return;
    on_v2_ = to_v2;
    if (!to_v2) {
      // What was written to v2 and v1 has no word for is kept until somebody says otherwise.
      done({"verify", "--repair"});
      if (testing::Test::HasFatalFailure()) return;
    }
    Writers writers(
        move_.conninfo(), 2, [&](Random& random) { return to_v2 ? change_gym_v2(random, kIds) : change_gym(random, kIds); }, seed_ + 100);
    writers.expect_progress(20);
    strike_all(first, first + kAfterTheFlip, only);
    first += kAfterTheFlip;
    if (testing::Test::HasFatalFailure()) return;
    writers.expect_progress(50);
    writers.stop();
    transactions_ += writers.done();
    expect_nothing_aside();
    if (to_v2) {
      expect_v1_follows(move_);
    } else {
      move_.expect_equal();
    }
    if (testing::Test::HasFatalFailure()) return;
  }
}

void Nemesis::strike_all(std::size_t first, std::size_t last, const std::vector<std::size_t>& only) {
  for (auto at = first; at < last; ++at) {
    if (!only.empty() && std::find(only.begin(), only.end(), at) == only.end()) continue;
    SCOPED_TRACE(fmt::format("step {}: {}", at, steps_[at]->name));
    (this->*steps_[at]->strike)();
    expect_alive();
    if (testing::Test::HasFatalFailure()) return;
    for_a_while(random_, 0, 500);
  }
}

/// A service manager starts a daemon again that found no server when it began, or the session of a killed one still at work.
void Nemesis::expect_alive() {
  constexpr auto kUnreachable = 6;
  constexpr auto kNotLeader = 9;
  const auto leads = [&] {
    const auto exit = move_.daemon().exit_within({});
    if (exit == kUnreachable || exit == kNotLeader) start_daemon();
    return !move_.daemon().running() || move_.daemon_log().find("leading", log_before_) != std::string::npos;
  };
  ASSERT_TRUE(eventually(leads, kLimit));
  ASSERT_TRUE(move_.daemon().running()) << "the daemon has ended by itself";
}

std::string Nemesis::any_source() {
  const auto tables = move_.sql().rows("select distinct format('%I.%I', schemaname, tablename) from pg_publication_tables order by 1");
  // Before there is a publication.
  return tables.empty() ? move_.sql().value("select min(oid::regclass::text) from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace")
                        : tables[static_cast<std::size_t>(draw(random_, 0, static_cast<int>(tables.size()) - 1))];
}

void Nemesis::attempt(const std::string& statements) {
  Sql sql(move_.conninfo());
  try {
    sql.exec(statements);
  } catch (const std::runtime_error& error) {
    std::printf("  refused: %s\n", error.what());
  }
}

void Nemesis::start_daemon() {
  log_before_ = move_.daemon_log().size();
  move_.start_daemon();
}

void Nemesis::restart_daemon() {
  if (move_.daemon().running()) move_.kill_daemon();
  start_daemon();
}

void Nemesis::kill() { restart_daemon(); }

void Nemesis::freeze() {
  move_.daemon().signal(SIGSTOP);
  for_a_while(random_, 100, 2000);
  move_.daemon().signal(SIGCONT);
}

/// The leader stands still until another leads; what it still had in hand when it wakes must not be written.
void Nemesis::take_over() {
  const auto epoch = [&] {
    return move_.sql().value("select to_regclass('crossfade.lease')").empty() ? std::string() : move_.sql().value("select coalesce(max(epoch), 0) from crossfade.lease");
  };
  if (epoch().empty() || epoch() == "0") return;
  const auto before = epoch();
  move_.daemon().signal(SIGSTOP);
  const std::string socket = server_.directory() / fmt::format("second-{}.sock", ++number_);
  std::unique_ptr<Program> second;
  const auto taken = [&] {
    if (!second || !second->running()) second = move_.start({"run", "--prepare", "--control", socket});
    return eventually([&] { return epoch() != before || !second->running(); }) && epoch() != before;
  };
  ASSERT_TRUE(eventually(taken, 2 * kLimit)) << second->output();
  move_.daemon().signal(SIGCONT);
  for_a_while(random_, 0, 1500);
  second->signal(SIGKILL);
  second->exit_within(kLimit);
  // The old leader has ended, or waits for the lease; either is right.
  restart_daemon();
}

void Nemesis::crash_server() {
  server_.restart(ThrowawayServer::Stop::kImmediate);
  move_.reconnect();
}

void Nemesis::restart_server() {
  server_.restart(ThrowawayServer::Stop::kFast);
  move_.reconnect();
}

void Nemesis::terminate() {
  move_.sql().exec("select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'crossfade%' and datname = current_database()"
                   " order by md5(pid::text) limit " +
                   std::to_string(draw(random_, 1, 4)));
}

void Nemesis::drop_slot() {
  attempt("select pg_terminate_backend(active_pid) from pg_replication_slots where active and database = current_database()");
  attempt("select pg_drop_replication_slot(slot_name) from pg_replication_slots where not active and database = current_database()");
}

void Nemesis::change_publication() {
  const auto taken = move_.sql().value("select format('%I table %I.%I', pubname, schemaname, tablename) from pg_publication_tables order by random() limit 1");
  if (taken.empty()) return;
  const auto at = taken.find(" table ");
  attempt(fmt::format("alter publication {} drop {}", taken.substr(0, at), taken.substr(at + 1)));
  attempt(change());
  for_a_while(random_, 0, 1500);
  attempt(fmt::format("alter publication {} add {}", taken.substr(0, at), taken.substr(at + 1)));
}

void Nemesis::rewrite() { attempt(fmt::format("set lock_timeout = '5s'; alter table {} add column nemesis_{} int default (random() * 100)::int", any_source(), ++number_)); }

void Nemesis::vacuum() { attempt(fmt::format("vacuum full {}", any_source())); }

void Nemesis::lock() {
  Sql sql(move_.conninfo());
  sql.exec(fmt::format("begin; lock table {} in access exclusive mode", any_source()));
  for_a_while(random_, 200, 2000);
  sql.exec("commit");
}

void Nemesis::flood() {
  const auto source = any_source();
  const auto column = move_.sql().value(fmt::format("select quote_ident(attname) from pg_attribute where attrelid = '{}'::regclass and attnum > 0 and not attisdropped "
                                                    "and attgenerated = '' and attidentity <> 'a' order by attnum limit 1",
                                                    source));
  attempt(fmt::format("begin; update {0} set {1} = {1}; update {0} set {1} = {1}; commit", source, column));
}

void Nemesis::savepoints() {
  std::string statements = "begin;";
  for (int n = 0; n < 200; ++n) statements += fmt::format("savepoint s{};", n);
  const auto source = any_source();
  const auto column = move_.sql().value(fmt::format("select quote_ident(attname) from pg_attribute where attrelid = '{}'::regclass and attnum > 0 order by attnum limit 1", source));
  for (int n = 199; n >= 0; --n) {
    statements += fmt::format("update {0} set {1} = {1} where ctid = (select ctid from {0} order by random() limit 1);", source, column);
    statements += n % 2 == 0 ? fmt::format("rollback to s{};", n) : "";
    statements += fmt::format("release s{};", n);
  }
  attempt(statements + "commit");
}

/// Locks and changes that belong to no session, over what comes next.
void Nemesis::prepare_transaction() {
  const auto name = fmt::format("nemesis_{}", ++number_);
  const auto source = any_source();
  attempt(fmt::format("begin; delete from {0} where ctid = (select ctid from {0} order by random() limit 1); prepare transaction '{1}'", source, name));
  for_a_while(random_, 0, 1000);
  attempt(fmt::format("{} '{}'", draw(random_, 0, 3) == 0 ? "rollback prepared" : "commit prepared", name));
}

void Nemesis::truncate() { attempt(fmt::format("set lock_timeout = '5s'; truncate {} cascade", any_source())); }

/// What an administrator may set for everybody; our sessions are to say themselves how long they wait.
void Nemesis::time_out() {
  const auto database = move_.sql().value("select quote_ident(current_database())");
  attempt(fmt::format("alter database {0} set statement_timeout = '50ms'; alter database {0} set lock_timeout = '10ms'; "
                      "alter database {0} set idle_in_transaction_session_timeout = '50ms'",
                      database));
  terminate();
  for_a_while(random_, 500, 1500);
  attempt(fmt::format("set statement_timeout = 0; set lock_timeout = 0; alter database {} reset all", database));
}

void Nemesis::pause() {
  move_.call({"pause"});
  for_a_while(random_, 0, 1000);
  move_.call({"resume"});
}

/// A daemon that follows decides exactly, whatever is written beside.
void Nemesis::verify() {
  std::vector<std::string> until = {"wait", "--lag", "5s", "--timeout", "50s"};
  if (!on_v2_) until.insert(until.end(), {"--phase", "following"});
  const auto [behind, why] = move_.call(until);
  EXPECT_EQ(behind, 0) << why;
  // What the stream did not tell is seen within a second; until then it is drift, and said to be.
  EXPECT_TRUE(eventually([&] { return move_.sql().value(fmt::format("select count(*) from crossfade.shape_changes('{}')", move_.name())) == "0"; }, kLimit));
  const auto [exit, text] = move_.call({"verify"});
  EXPECT_EQ(exit, 0) << text;
}

}  // namespace crossfade::test
