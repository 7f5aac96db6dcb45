#include <fmt/format.h>
#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "base/value/lsn.h"
#include "support/move.h"
#include "support/writers.h"

namespace crossfade::test {
namespace {

constexpr std::chrono::seconds kLooking{4};

/// Takes a point from one account and gives it to another, and writes both down, in one transaction.
std::string transfer(int from, int to, int number) {
  return fmt::format(
      "begin; update accounts set points = points - 1, transfer = {2} where id = {0}; insert into entries (account, amount) values ({0}, -1); "
      "update accounts set points = points + 1, transfer = {2} where id = {1}; insert into entries (account, amount) values ({1}, 1); commit",
      from, to, number);
}

std::pair<int, int> two_accounts(Random& random) {
  const int first = draw(random, 0, 98);
  return {first, draw(random, first + 1, 99)};  // in one order, so that writers do not deadlock
}

TEST(ConsistentCutTest, AReaderSeesWholeTransactionsOnlyAcrossTargets) {
  Move move(test_migration("ledger"));
  move.start_daemon();
  move.expect_equal();
  Writers writers(move.conninfo(), 2, [](Random& random) {
    const auto [first, second] = two_accounts(random);
    return draw(random, 0, 1) == 0 ? transfer(first, second, 0) : transfer(second, first, 0);
  });
  writers.expect_progress(1);
  Sql reader(move.conninfo());
  for (const auto end = std::chrono::steady_clock::now() + kLooking; std::chrono::steady_clock::now() < end;) {
    reader.exec("begin isolation level repeatable read");
    EXPECT_EQ(reader.value("select sum(points) from ledger_v2.accounts"), "10000");
    EXPECT_EQ(reader.value("select coalesce(sum(amount), 0) from ledger_v2.entries"), "0");
    EXPECT_EQ(reader.value("select count(*) from ledger_v2.accounts a left join (select account, sum(amount) as sum from ledger_v2.entries "
                           "group by account) e on e.account = a.id where a.points <> 100 + coalesce(e.sum, 0)"),
              "0");
    reader.exec("commit");
    if (HasFailure()) break;
  }
  writers.stop();
  move.expect_equal();
  EXPECT_NE(move.sql().value("select count(*) from ledger_v2.entries"), "0") << "nothing was tested";
}

/// Following again after a pause with two transfers: one is spilled, the other the stream does not bring until it goes on.
class HeldStream {
 public:
  explicit HeldStream(Move& move) {
    move.start_daemon();
    move.expect_equal();
    EXPECT_EQ(move.call({"pause"}).first, 0);
    move.sql().exec(transfer(1, 2, 1));
    EXPECT_TRUE(eventually([&] { return move.sql().value("select count(*) >= 4 from crossfade.dirty") == "t"; }, kLimit));
    walsender_ = std::stoi(move.sql().value("select active_pid from pg_replication_slots where database = current_database()"));
    EXPECT_EQ(kill(walsender_, SIGSTOP), 0);
    move.sql().exec(transfer(2, 3, 2));
    EXPECT_EQ(move.call({"resume"}).first, 0);
  }
  ~HeldStream() { go_on(); }
  HeldStream(const HeldStream&) = delete;
  HeldStream& operator=(const HeldStream&) = delete;

  void go_on() {
    if (walsender_ == 0) return;
    EXPECT_EQ(kill(std::exchange(walsender_, 0), SIGCONT), 0);
  }

 private:
  pid_t walsender_ = 0;
};

TEST(ConsistentCutTest, AReaderSeesWholeTransactionsOnlyAfterAPauseToo) {
  Move move(test_migration("ledger"));
  HeldStream stream(move);
  // It has a snapshot with both transfers, and waits for the stream; or it has written what was spilled, as it must not.
  EXPECT_TRUE(eventually([&] {
    return move.sql().value("select exists (select from pg_stat_activity where application_name like 'crossfade%refresh' "
                            "and datname = current_database() and state = 'idle in transaction') or not exists (select from crossfade.dirty)") == "t";
  }, kLimit));
  EXPECT_EQ(move.sql().value("select sum(points) from ledger_v2.accounts"), "10000");
  const auto status = move.call({"status"}).second;
  EXPECT_NE(status.find("catching up"), std::string::npos) << status;
  stream.go_on();
  move.expect_equal();
  EXPECT_TRUE(eventually([&] { return move.call({"status"}).second.find("catching up") == std::string::npos; }, kLimit));
}

/// A snapshot is there, and the stream is late: whoever changes a table of v1 waits for neither, and its writers not behind him.
TEST(ConsistentCutTest, AChangeOfAShapeDoesNotWaitForTheStream) {
  Move move(test_migration("ledger"));
  HeldStream stream(move);
  EXPECT_TRUE(eventually([&] {
    return move.sql().value("select exists (select from pg_stat_activity join pg_locks using (pid) where application_name like 'crossfade%refresh' "
                            "and datname = current_database() and state = 'idle in transaction' and relation = 'accounts'::regclass)") == "t";
  }, kLimit));
  EXPECT_NO_THROW(move.sql().exec("set lock_timeout = '20s'; alter table accounts add column note text; reset lock_timeout"));
  stream.go_on();
  move.expect_equal();
}

/// One writer who knows, after each of its transactions, a position that its commit lies before.
class Scribe {
 public:
  explicit Scribe(const std::string& conninfo) : thread_([this, conninfo] { write(conninfo); }) {}
  ~Scribe() { stop(); }
  void stop() {
    stopping_ = true;
    if (thread_.joinable()) thread_.join();
  }

  /// Of the first transfer of `account` after number `done`, if it has been written down.
  std::optional<Lsn> committed_before(int account, int done) {
    const std::lock_guard lock(mutex_);
    const auto& own = positions_[account];
    const auto next = own.upper_bound(done);
    return next == own.end() ? std::nullopt : std::optional(next->second);
  }

 private:
  void write(const std::string& conninfo) {
    Random random(seed());
    Sql sql(conninfo);
    for (int number = 1; !stopping_; ++number) {
      const auto [first, second] = two_accounts(random);
      sql.exec(transfer(first, second, number));
      const auto position = parse_lsn(sql.value("select pg_current_wal_insert_lsn()")).value();
      const std::lock_guard lock(mutex_);
      positions_[first][number] = positions_[second][number] = position;
    }
  }

  std::mutex mutex_;
  std::map<int, std::map<int, Lsn>> positions_;  ///< account → transfer → position after its commit
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

TEST(ConsistentCutTest, WhatDiffersHasChangedSinceTheConsistentPosition) {
  Move move(test_migration("ledger"));
  move.start_daemon();
  move.expect_equal();
  Scribe scribe(move.conninfo());
  Sql reader(move.conninfo());
  int differing = 0;
  for (const auto end = std::chrono::steady_clock::now() + kLooking; std::chrono::steady_clock::now() < end;) {
    reader.exec("begin isolation level repeatable read");
    const auto consistent = parse_lsn(reader.value("select consistent_lsn from crossfade.checkpoint")).value();
    const auto rows = reader.rows("select s.id, s.transfer from ledger_v2.accounts s join ledger_map.accounts v using (id) "
                                  "where (s.points, s.transfer) is distinct from (v.points, v.transfer)");
    reader.exec("commit");
    for (const auto& row : rows) {
      ++differing;
      const int account = std::stoi(row);
      const int done = std::stoi(row.substr(row.find('|') + 1));
      // The first transfer that the shadow lacks must not have committed before the position.
      const auto missing = scribe.committed_before(account, done);
      EXPECT_FALSE(missing && *missing < consistent) << "account " << account << " lacks a transfer after " << done;
    }
  }
  scribe.stop();
  move.expect_equal();
  EXPECT_GT(differing, 0) << "nothing was tested";
}

}  // namespace
}  // namespace crossfade::test
