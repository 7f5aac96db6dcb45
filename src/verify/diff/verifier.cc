#include "verify/diff/verifier.h"

#include <embedded_sql.h>
#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/this_coro.hpp>
#include <set>
#include <unordered_set>
#include <utility>

#include "async/sleep.h"
#include "async/when_all.h"
#include "base/text/sql_text.h"
#include "pg/reading.h"
#include "pg/row.h"
#include "sync/refresh/bring.h"
#include "sync/state/shape.h"

namespace crossfade::verify {
namespace {

namespace queries = sql::queries;
using Clock = std::chrono::steady_clock;
using mapping::Range;

constexpr std::size_t kFirstChunk = 500;
constexpr std::size_t kLargestChunk = 200'000;
/// Differing rows that one statement brings over, and keys that are decided at a time. A chunk that has more is looked at
/// again in smaller ones, so that memory does not grow with the width of what drifted.
constexpr std::size_t kMostRows = 1000;

using Seconds = std::chrono::duration<double>;

/// How much larger the next chunk may be, given what the last one took.
double growth(Seconds took, Seconds aim) { return std::clamp(aim / std::max(took, Seconds(0.001)), 0.5, 2.0); }

/// The key that leads to a row; nothing where its walk is not known or not what the engine takes.
std::optional<Key> key_of(const mapping::Model& model, const Difference& difference) {
  if (!difference.chunk_key || model.targets[difference.target].locators.front().indirect()) return std::nullopt;
  return Key(difference.target, mapping::kChunkKey, *difference.chunk_key);
}

/// Keys that lead to the rows. A row that no value leads to, as that of a summary by a computed day, is computed again with all of its target;
/// of rows that the view cannot compute there is nothing to offer.
std::vector<Key> keys_of(const mapping::Model& model, const std::vector<Difference>& differences) {
  std::unordered_set<Key> distinct;
  for (const auto& difference : differences) {
    const bool unknown = !difference.refusal.empty() && !difference.chunk_key;
    if (!unknown) distinct.insert(key_of(model, difference).value_or(Key::every_row(difference.target)));
  }
  return {distinct.begin(), distinct.end()};
}

}  // namespace

asio::awaitable<Verification> Verifier::run() {
  const auto began = Clock::now();
  co_await sync::expect_nothing_in_the_way(connection_, model_.name);
  if (options_.targets.empty() && !model_.left_out.empty()) {
    const auto& first = model_.left_out.front();
    throw precondition_failure(fmt::format("target {} cannot be compared: {}", first.target, first.because), "mend that, or name the others: --target");
  }
  const std::string begin(queries::verification_begin);
  const auto rows = co_await connection_.query(begin);
  const auto now = pg::first(rows);
  found_.started_at = now.text("started_at");
  found_.lsn = now.text("lsn");
  if (connection_.apart()) {
    const auto at_source = co_await connection_.source().query(begin);
    found_.lsn = pg::first(at_source).text("lsn");
  }
  found_.engine_running = rechecker_.engine_running();
  found_.repair = options_.repair;
  auto targets = options_.targets;
  if (targets.empty()) {
    targets = model_.targets.all();
  }
  planned_ = targets.size();
  std::vector<std::optional<std::string>> tables;
  for (const auto target : targets) tables.emplace_back(model_.targets[target].table.quoted());
  pg::Parameters of_tables = {array_text(tables)};
  const auto expected = co_await connection_.query(queries::rows_expected, std::move(of_tables));
  expected_rows_ = expected.real(0, 0);
  found_.whole = std::set(targets.begin(), targets.end()).size() == model_.targets.size() + model_.left_out.size();
  if (options_.repair) co_await give_ids(targets);
  for (const auto target : targets) {
    Verification::OfTarget of_target;
    of_target.target = target;
    found_.targets.push_back(of_target);
    co_await walk(target);
  }
  found_.seconds = Seconds(Clock::now() - began).count();
  co_return std::move(found_);
}

/// A natural key that has no id, as one that v2 brought about while it was written, has no row in any view: one target's refresh would give
/// it one, and its parent's row would be missed by nobody.
asio::awaitable<void> Verifier::give_ids(const std::vector<TargetId>& targets) {
  const Range everything{std::nullopt, std::nullopt, true};
  for (const auto target : targets) {
    for (const auto surrogate : model_.targets[target].surrogates) {
      auto sql = mapping::Statements(model_, target).allocate(surrogate, range_picks(everything));
      co_await connection_.source().query(std::move(sql), range_parameters(everything));
    }
  }
}

asio::awaitable<void> Verifier::walk(TargetId target) {
  const auto executor = co_await asio::this_coro::executor;
  Walk walk{target, async::Notify(executor), {}, kFirstChunk};
  while (!walk.given_out) {
    std::vector<asio::awaitable<void>> workers;
    workers.push_back(worker(walk, connection_));
    for (auto* connection : options_.beside) workers.push_back(worker(walk, *connection));
    co_await async::when_all(std::move(workers));
    // Between the workers' turns, because a rechecker may use the first session.
    co_await decide_suspects();
  }
}

/// Takes one chunk after the other, until there are none, or enough candidates to be decided first.
asio::awaitable<void> Verifier::worker(Walk& walk, pg::Connection& connection) {
  while (!walk.given_out && suspects_.keys.size() < kMostRows) {
    if (walk.claiming) {
      co_await walk.turn.wait(std::chrono::milliseconds(5));
      continue;
    }
    walk.claiming = true;
    const auto keys = walk.keys;
    const auto chunk = co_await next_chunk(connection, walk.target, walk.rest, keys);
    walk.claiming = false;
    walk.turn.notify_all();
    walk.rest.low = chunk.high;
    walk.given_out = !chunk.high;
    const auto began = Clock::now();
    co_await cover(connection, walk.target, chunk, keys);
    const Seconds took = Clock::now() - began;
    walk.keys = std::clamp<std::size_t>(static_cast<std::size_t>(static_cast<double>(keys) * growth(took, options_.chunk_aim)), 1, kLargestChunk);
    tell("comparing");
    if (options_.share < 1.0 && !walk.given_out) {
      co_await async::sleep_for(std::chrono::duration_cast<Clock::duration>(took * (1.0 / options_.share - 1.0)));
    }
  }
}

/// Compares a chunk of at most `keys` values; in smaller ones where too many of its rows differ.
asio::awaitable<void> Verifier::cover(pg::Connection& connection, TargetId target, Range range, std::size_t keys) {
  const auto tried = co_await compare(connection, target, range);
  const auto& compared = tried.compared;
  const bool divisible = !model_.targets[target].chunk_column.empty();
  if ((tried.refused || compared.differing > compared.rows.size()) && divisible && keys > 1) {
    keys = std::max<std::size_t>(keys / 4, 1);
    for (auto rest = range;;) {
      const auto part = co_await next_chunk(connection, target, rest, keys);
      co_await cover(connection, target, part, keys);
      if (part.high == range.high) co_return;
      rest.low = part.high;
    }
  }
  if (tried.refused) {
    co_await suspect_all(connection, target, range);
    co_return;
  }
  const auto counted = std::max(compared.in_view, compared.in_shadow);
  found_.targets.back().rows += counted;
  found_.compared_rows += counted;
  suspect(target, range, compared);
}

/// The next `keys` values of the walk; to the end where there are fewer, or where nothing gives chunks their bounds: Statements::next_bound
/// gives bound, the last of them, and how many it has found.
asio::awaitable<Range> Verifier::next_chunk(pg::Connection& connection, TargetId target, const Range& rest, std::size_t keys) {
  if (model_.targets[target].chunk_column.empty()) co_return rest;
  const auto next = co_await sync::next_bound(connection, model_, target, rest, keys);
  if (next.found < keys) co_return rest;
  co_return Range{rest.low, next.last, false};
}

asio::awaitable<Verifier::Tried> Verifier::compare(pg::Connection& connection, TargetId target, Range range) {
  pg::Reading reading{model_.relations_read({target}), true, "set local work_mem = '32MB'", model_.relations_read_at_source({target})};
  co_await pg::await_reading(connection, std::move(reading));
  Comparison comparison{target, mapping::range_picks(range), mapping::range_parameters(range), kMostRows};
  Tried tried;
  try {
    tried.compared = co_await differing_rows(connection, model_, std::move(comparison));
  } catch (const Failure& failure) {
    if (!failure.found_by_trying() || failure.names_nothing()) throw;
    tried.refused = true;
  }
  co_await connection.script(tried.refused ? "rollback" : "commit");
  co_return tried;
}

/// The values of the walk in the stretch; nothing where the view raises an error for one of them.
asio::awaitable<std::optional<std::vector<std::string>>> Verifier::values_in(pg::Connection& connection, TargetId target, Range range) {
  try {
    co_return co_await sync::values_of_both(connection, model_, target, mapping::kChunkKey, range_picks(range), range_parameters(range));
  } catch (const Failure& failure) {
    if (!failure.found_by_trying() || failure.names_nothing()) throw;
    co_return std::nullopt;
  }
}

/// The view raises an error for a row of the stretch: its keys are looked at by themselves, where they can be read.
asio::awaitable<void> Verifier::suspect_all(pg::Connection& connection, TargetId target, Range range) {
  auto values = co_await values_in(connection, target, range);
  const bool walked = !model_.targets[target].chunk_column.empty() && model_.targets[target].locators.front().columns.size() == 1;
  if (!values && walked) {
    // As little of it as there is: the one value that the source has there.
    const auto there = co_await sync::next_bound(connection, model_, target, range, 2);
    if (there.found == 1 && there.last) values = std::vector{array_text({*there.last})};
  }
  if (!values) {
    suspects_.stretches.push_back({target, range});
    co_return;
  }
  const auto& keys = *values;
  for (const auto& key : keys) suspects_.keys.emplace_back(target, mapping::kChunkKey, parse_array(key));
  suspected_rows_ += keys.size();
  found_.targets.back().rows += keys.size();
  found_.compared_rows += keys.size();
}

/// By their keys, or the whole stretch where a row has none, and where not all of the rows are known.
void Verifier::suspect(TargetId target, const Range& range, const Compared& compared) {
  suspected_rows_ += compared.differing;
  // Rows of one value of the walk have one key, unless that is of more columns.
  const bool one_value_at_most = !model_.targets[target].chunk_column.empty() && model_.targets[target].locators.front().columns.size() == 1;
  bool by_keys = compared.differing == compared.rows.size() || one_value_at_most;
  for (const auto& difference : compared.rows) by_keys = by_keys && key_of(model_, difference);
  if (!by_keys) {
    suspects_.stretches.push_back({target, range});
    return;
  }
  const auto keys = keys_of(model_, compared.rows);
  suspects_.keys.insert(suspects_.keys.end(), keys.begin(), keys.end());
}

/// A slice at a time, because the engine's transaction in which they are decided must stay short.
asio::awaitable<void> Verifier::decide_suspects() {
  auto all = std::exchange(suspects_, {});
  const auto decided_before = found_.drifted_rows + found_.quarantined_rows;
  while (!all.empty()) {
    Candidates slice;
    if (!all.stretches.empty()) {
      slice.stretches = std::exchange(all.stretches, {});
    } else {
      const auto from = all.keys.end() - static_cast<std::ptrdiff_t>(std::min(all.keys.size(), kMostRows));
      slice.keys.assign(from, all.keys.end());
      all.keys.erase(from, all.keys.end());
    }
    co_await decide(std::move(slice));
  }
  const auto decided = found_.drifted_rows + found_.quarantined_rows - decided_before;
  found_.in_flight_rows += suspected_rows_ - std::min(suspected_rows_, decided);
  suspected_rows_ = 0;
}

asio::awaitable<void> Verifier::decide(Candidates candidates) {
  tell("rows that differ are looked at again once v2 is at one commit");
  auto decision = co_await rechecker_.recheck(candidates);
  found_.drifted_rows += decision.drifted;
  found_.targets.back().drifted += decision.drifted;
  found_.quarantined_rows += decision.quarantined;
  auto offered = candidates.keys.empty() ? keys_of(model_, decision.drift) : candidates.keys;
  if (options_.repair && decision.drifted > 0 && !offered.empty()) {
    found_.offered_keys += offered.size();
    co_await rechecker_.offer(std::move(offered));
    if (rechecker_.engine_running()) {
      const auto after = co_await rechecker_.recheck(candidates);
      found_.repaired_rows += decision.drifted - std::min(decision.drifted, after.drifted);
      mark_repaired(decision.drift, after.drift);
    }
  }
  keep(std::move(decision.drift));
}

/// What is not among `after` any more.
void Verifier::mark_repaired(std::vector<Difference>& drift, const std::vector<Difference>& after) const {
  const auto name = [&](const Difference& difference) { return row_name(model_.targets[difference.target], difference); };
  std::set<std::string> left;
  for (const auto& difference : after) left.insert(name(difference));
  for (auto& difference : drift) difference.repaired = !left.contains(name(difference));
}

void Verifier::tell(const std::string& what) {
  if (options_.progress == nullptr) return;
  const auto rows = static_cast<double>(found_.compared_rows);
  auto words = fmt::format("target {} of {}: {}, {}, {} rows so far", found_.targets.size(), planned_, model_.targets[found_.targets.back().target].name, what,
                           found_.compared_rows);
  // The planner may be wrong; while there is work it is not done.
  options_.progress->at({std::move(words), rows, std::max(expected_rows_, rows * 1.01)});
}

void Verifier::keep(std::vector<Difference> drift) {
  constexpr std::size_t kTold = 20;
  for (auto& difference : drift) {
    if (options_.progress != nullptr && !difference.repaired && found_.drift.size() < kTold) {
      options_.progress->found(fmt::format("{} {} differs", model_.targets[difference.target].name, row_name(model_.targets[difference.target], difference)));
    }
    if (found_.drift.size() >= options_.most_kept) return;
    found_.drift.push_back(std::move(difference));
  }
}

asio::awaitable<void> record(pg::Connection& connection, const mapping::Model& model, const Verification& verification) {
  const std::string sql(queries::verification_put);
  pg::Parameters parameters = {model.name,
                               verification.started_at,
                               verification.lsn,
                               verification.whole ? "true" : "false",
                               std::to_string(verification.compared_rows),
                               std::to_string(verification.drifted_rows),
                               std::to_string(verification.repaired_rows)};
  co_await connection.query(sql, std::move(parameters));
}

}  // namespace crossfade::verify
