#include "verify/queries/query_compare.h"

#include <embedded_sql.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "async/sleep.h"
#include "base/error/failure.h"
#include "base/text/sql_text.h"
#include "mapping/catalog/relations.h"
#include "pg/reading.h"
#include "pg/row.h"
#include "setup/prepare/prepare.h"
#include "verify/queries/query_result.h"

namespace crossfade::verify {
namespace {

namespace queries = sql::queries;
using pg::Clock;
using Milliseconds = std::chrono::duration<double, std::milli>;

constexpr int kMostShown = 20;
constexpr auto kStatementTimeout = "60s";

class Asking {
 public:
  Asking(pg::Connection& first, pg::Connection& second, QueryCompare how) : first_(first), second_(second), how_(how) {
    const auto& schemas = how_.migration.schemas();
    v1_path_ = quote_identifier(schemas.source());
    v2_path_ = quote_identifier(schemas.shadow()) + ", " + v1_path_;
    reply_.set_migration(how_.migration.migration());
  }

  asio::awaitable<v1::CompareReply> to_end() {
    co_await share_snapshot();
    const auto keys = co_await read_keys();
    for (std::size_t n = 0; n < keys.size(); ++n) {
      tell("v1 is asked twice", n, 2 * keys.size());
      co_await learn(keys[n]);
    }
    co_await second_.script("set local search_path to " + v2_path_);
    for (std::size_t n = 0; n < keys.size(); ++n) {
      tell("v1 and v2 are asked", keys.size() + n, 2 * keys.size());
      co_await compare(keys[n]);
    }
    co_await let_go();
    reply_.set_keys(static_cast<double>(keys.size()));
    reply_.set_v1_milliseconds(v1_time_.count() / reply_.keys());
    reply_.set_v2_milliseconds(v2_time_.count() / reply_.keys());
    co_await judge_suspects();
    finish();
    co_return std::move(reply_);
  }

 private:
  /// A key whose answers differed, with v1's: as long as v1 says the same, a change that is on its way is no excuse.
  struct Suspect {
    QueryResult v1;
    std::string what;
  };

  asio::awaitable<void> share_snapshot() {
    co_await setup::require_prepared(first_, how_.migration.migration());
    pg::Reading reading;
    reading.relations = co_await mapping::tables_there(first_, how_.migration);
    reading.read_only = true;
    reading.then = fmt::format("set local statement_timeout = '{}'; set local search_path to {}", kStatementTimeout, v1_path_);
    co_await pg::await_reading(first_, reading);
    pg::Parameters parameters = {how_.migration.migration(), std::nullopt};
    const auto rows = co_await first_.query(queries::compare_state, parameters);
    const auto state = pg::first(rows);
    if (state.truth("on_v2")) {
      throw precondition_failure("v2 owns the data, and v1's tables have other names",
                                 "compare before the writes move; afterwards crossfade verify speaks of v1");
    }
    as_of_ = state.text("end_of_wal");
    const auto snapshot = co_await first_.query("select pg_catalog.pg_export_snapshot()");
    // The first session's locks are held for both.
    auto join = fmt::format("begin isolation level repeatable read read only; set transaction snapshot {}; {}", quote_literal(snapshot.text(0, 0)), reading.then);
    co_await second_.script(std::move(join));
  }

  asio::awaitable<void> let_go() {
    co_await first_.script("rollback");
    co_await second_.script("rollback");
  }

  asio::awaitable<std::vector<std::string>> read_keys() {
    const auto rows = co_await first_.query(how_.queries.keys);
    std::vector<std::string> keys;
    for (std::size_t row = 0; row < rows.size(); ++row) {
      if (auto key = rows.optional_text(row, 0)) keys.push_back(std::move(*key));
    }
    if (keys.empty()) throw usage_failure("the statement below -- keys gives no key", "choose some, e.g. select id from plans order by random() limit 100");
    co_return keys;
  }

  asio::awaitable<QueryResult> ask(pg::Connection& connection, const std::string& query, std::string key) {
    pg::Parameters parameters = {std::move(key)};
    const auto rows = co_await connection.query(query, std::move(parameters));
    co_return result_of(rows);
  }

  asio::awaitable<void> learn(std::string key) {
    const auto once = co_await ask(first_, how_.queries.v1, key);
    const auto again = co_await ask(second_, how_.queries.v1, key);
    columns_ = once.columns;
    if (nondeterminism_.learn(once, again)) co_return;
    throw usage_failure(fmt::format("v1 gives other rows for key {} each time it is asked, at one snapshot", key),
                        "take out what is random or goes by the clock, or give limit an order that leaves no choice");
  }

  asio::awaitable<void> compare(std::string key) {
    const auto began = Clock::now();
    const auto of_v1 = co_await ask(first_, how_.queries.v1, key);
    const auto between = Clock::now();
    const auto of_v2 = co_await ask(second_, how_.queries.v2, key);
    v1_time_ += between - began;
    v2_time_ += Clock::now() - between;
    auto quiet = nondeterminism_.without(of_v1);
    auto what = difference(quiet, nondeterminism_.without(of_v2));
    other_columns_ = other_columns_ || of_v1.columns != of_v2.columns;
    const auto before = suspects_.find(key);
    if (!what) {
      if (before != suspects_.end()) reply_.set_late(reply_.late() + 1);
      suspects_.erase(key);
    } else if (before != suspects_.end() && before->second.v1 == quiet) {
      differs(key, *what);
      suspects_.erase(key);
    } else {
      suspects_[key] = {std::move(quiet), std::move(*what)};
    }
  }

  void tell(const std::string& what, std::size_t done, std::size_t all) {
    if (how_.progress == nullptr) return;
    how_.progress->at({what, static_cast<double>(done), static_cast<double>(all)});
  }

  void differs(const std::string& key, const std::string& what) {
    if (how_.progress != nullptr) how_.progress->found(fmt::format("key {}: {}", key, what));
    reply_.set_differing(reply_.differing() + 1);
    if (reply_.differences_size() >= kMostShown) return;
    auto& difference = *reply_.add_differences();
    difference.set_key(key);
    difference.set_what(what);
  }

  /// Looks again, each time at a snapshot that has in v2 what v1 had at the last look, until all are judged.
  asio::awaitable<void> judge_suspects() {
    const auto give_up = Clock::now() + how_.patience;
    while (!suspects_.empty() && Clock::now() < give_up) {
      tell(fmt::format("{} keys differ; v2 is waited for, to ask them again", suspects_.size()), 0, 0);
      const bool there = co_await caught_up(give_up);
      if (!there) co_return;
      co_await share_snapshot();
      co_await second_.script("set local search_path to " + v2_path_);
      const auto left = suspects_;
      for (const auto& [key, suspect] : left) co_await compare(key);
      co_await let_go();
    }
  }

  /// False once the time is over.
  asio::awaitable<bool> caught_up(Clock::time_point give_up) {
    for (;;) {
      pg::Parameters parameters = {how_.migration.migration(), as_of_};
      const auto state = co_await first_.query(queries::compare_state, parameters);
      if (!state.empty() && pg::first(state).truth("caught_up")) co_return true;
      if (state.empty() || !pg::first(state).truth("daemon_works")) {
        Failure::Facts facts;
        facts.exit = ExitCode::kNotReady;
        facts.message = fmt::format("{} keys differ, e.g. {}: {}; with no daemon at work nobody knows whether their changes are only on the way",
                                    suspects_.size(), suspects_.begin()->first, suspects_.begin()->second.what);
        facts.advice = "crossfade run, then compare again";
        throw Failure(std::move(facts));
      }
      if (Clock::now() >= give_up) co_return false;
      co_await async::sleep_for(std::chrono::milliseconds(20));
    }
  }

  void finish() {
    reply_.set_undecided(static_cast<double>(suspects_.size()));
    reply_.set_equal(reply_.keys() - reply_.differing() - reply_.undecided());
    for (const auto column : nondeterminism_.columns) reply_.add_ignored(columns_[column]);
    if (nondeterminism_.order) reply_.add_ignored("the order of rows");
    if (reply_.differing() > 0 && other_columns_) {
      reply_.add_next_steps("give the columns of both statements the same names, in the same order: … as name");
    } else if (reply_.differing() > 0) {
      reply_.add_next_steps("crossfade verify: whether v2 is what its views say");
      reply_.add_next_steps("if it is: the query on v2 asks for something else, or the views say something else than v1");
    }
    if (reply_.undecided() > 0) reply_.add_next_steps("crossfade wait --lag 1s, then compare again: v2 was behind, or the rows kept changing");
  }

  pg::Connection& first_;
  pg::Connection& second_;
  const QueryCompare how_;
  std::string v1_path_, v2_path_;
  std::string as_of_;  ///< what committed before can be seen at the last snapshot
  Nondeterminism nondeterminism_;
  std::vector<std::string> columns_;
  bool other_columns_ = false;         ///< the statements' own, whatever the key
  std::map<std::string, Suspect> suspects_;
  Milliseconds v1_time_{0}, v2_time_{0};
  v1::CompareReply reply_;
};

}  // namespace

asio::awaitable<v1::CompareReply> compare_queries(pg::Connection& first, pg::Connection& second, QueryCompare how) {
  Asking asking(first, second, how);
  co_return co_await asking.to_end();
}

namespace {

/// What is the same for every key is said once.
std::string differences_text(const v1::CompareReply& reply) {
  const auto& all = reply.differences();
  const bool alike = all.size() > 1 && std::all_of(all.begin(), all.end(), [&](const auto& each) { return each.what() == all[0].what(); });
  std::string text;
  if (alike) text = fmt::format("key {} and {} more: {}\n", all[0].key(), all.size() - 1, all[0].what());
  for (int n = 0; n < all.size() && !alike; ++n) text += fmt::format("key {}: {}\n", all[n].key(), all[n].what());
  if (reply.differing() > all.size()) text += fmt::format("… and {:.0f} more keys\n", reply.differing() - all.size());
  return text;
}

}  // namespace

std::string to_text(const v1::CompareReply& reply) {
  auto text = differences_text(reply);
  text += fmt::format("{:.0f} keys asked: {:.0f} equal, {:.0f} differ\n", reply.keys(), reply.equal(), reply.differing());
  if (reply.late() > 0) text += fmt::format("{:.0f} of the equal ones were late: they waited for changes on their way to v2\n", reply.late());
  if (reply.undecided() > 0) text += fmt::format("{:.0f} could not be judged: they kept changing, or v2 is behind\n", reply.undecided());
  std::string ignored;
  for (const auto& what : reply.ignored()) ignored += (ignored.empty() ? "" : ", ") + what;
  if (!ignored.empty()) text += fmt::format("not compared, because v1 does not give it twice alike: {}\n", ignored);
  text += fmt::format("a key took {:.1f} ms on v1, {:.1f} ms on v2\n", reply.v1_milliseconds(), reply.v2_milliseconds());
  for (const auto& step : reply.next_steps()) text += fmt::format("next: {}\n", step);
  return text;
}

ExitCode exit_code(const v1::CompareReply& reply) {
  if (reply.differing() > 0) return ExitCode::kMismatch;
  return reply.undecided() > 0 ? ExitCode::kTimeout : ExitCode::kOk;
}

}  // namespace crossfade::verify
