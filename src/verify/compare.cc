#include "verify/compare.h"

#include <embedded_sql.h>

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <numeric>
#include <set>
#include <unordered_set>
#include <utility>

namespace crossfade::verify {
namespace {

namespace queries = sql::queries;
using Clock = std::chrono::steady_clock;
using mapping::Range;

constexpr std::size_t kFirstChunk = 500;
constexpr std::size_t kLargestChunk = 200'000;
/// Differing rows that one chunk brings over, and so keys that are decided at a time. A chunk that has more is looked at
/// again in smaller ones: memory does not grow with the drift, and the engine's transaction in which they are decided
/// stays short.
constexpr std::size_t kMostRows = 1000;

using Seconds = std::chrono::duration<double>;

/// How much larger the next chunk may be, given what the last one took.
double growth(Seconds took, Seconds aim) { return std::clamp(aim / std::max(took, Seconds(0.001)), 0.5, 2.0); }

/// True if a row's walk values are a key that the engine takes.
bool leads_to_row(const mapping::Target& target, const Difference& difference) {
  return difference.walk && !target.locators.at(0).indirect();
}

}  // namespace

asio::awaitable<Verification> Compare::run() {
  const auto began = Clock::now();
  const std::string begin(queries::verification_begin);
  const auto rows = co_await connection_.query(begin);
  found_.started_at = rows.text(0, 0);
  found_.lsn = rows.text(0, 1);
  found_.engine_running = judge_.engine_running();
  found_.repair = options_.repair;
  auto targets = options_.targets;
  if (targets.empty()) {
    targets.resize(model_.targets.size());
    std::iota(targets.begin(), targets.end(), std::uint16_t{0});
  }
  found_.whole = std::set(targets.begin(), targets.end()).size() == model_.targets.size();
  for (const auto target : targets) {
    Verification::OfTarget of_target;
    of_target.target = target;
    found_.targets.push_back(of_target);
    co_await walk(target);
    co_await decide_suspects();
  }
  found_.seconds = Seconds(Clock::now() - began).count();
  co_return std::move(found_);
}

asio::awaitable<void> Compare::walk(std::uint16_t target) {
  const auto executor = co_await asio::this_coro::executor;
  const bool divisible = !model_.targets[target].walk_column.empty();
  std::size_t keys = kFirstChunk;
  for (Range rest;;) {
    const auto chunk = co_await next_chunk(target, rest, keys);
    const auto began = Clock::now();
    const auto compared = co_await compare(target, chunk);
    const Seconds took = Clock::now() - began;
    if (compared.differing > compared.rows.size() && divisible && keys > 1) {
      keys = std::max<std::size_t>(keys / 4, 1);
      continue;
    }
    keys = std::clamp<std::size_t>(static_cast<std::size_t>(static_cast<double>(keys) * growth(took, options_.chunk_aim)), 1, kLargestChunk);
    const auto counted = std::max(compared.in_view, compared.in_shadow);
    found_.targets.back().rows += counted;
    found_.compared_rows += counted;
    suspect(target, chunk, compared);
    if (suspects_.keys.size() >= kMostRows) co_await decide_suspects();
    if (options_.progress) options_.progress(found_.compared_rows);
    if (!chunk.high) co_return;
    rest.low = chunk.high;
    if (options_.share < 1.0) {
      const auto pause = std::chrono::duration_cast<Clock::duration>(took * (1.0 / options_.share - 1.0));
      asio::steady_timer timer(executor, pause);
      co_await timer.async_wait(asio::use_awaitable);
    }
  }
}

/// The next `keys` values of the walk; to the end where there are fewer, or where nothing gives chunks their bounds.
asio::awaitable<Range> Compare::next_chunk(std::uint16_t target, const Range& rest, std::size_t keys) {
  if (model_.targets[target].walk_column.empty()) co_return rest;
  auto sql = mapping::Statements(model_, target).next_bound(rest);
  auto parameters = mapping::range_parameters(rest);
  parameters.emplace_back(std::to_string(keys));
  const auto rows = co_await connection_.query(std::move(sql), std::move(parameters));
  if (static_cast<std::size_t>(rows.number(0, 1)) < keys) co_return rest;
  co_return Range{rest.low, rows.optional_text(0, 0), false};
}

asio::awaitable<Compared> Compare::compare(std::uint16_t target, Range range) {
  co_await connection_.script("begin isolation level repeatable read read only; set local jit = off; set local work_mem = '32MB'");
  Comparison comparison{target, mapping::range_picks(range), mapping::range_parameters(range), kMostRows};
  auto compared = co_await differing_rows(connection_, model_, std::move(comparison));
  co_await connection_.script("commit");
  co_return compared;
}

void Compare::suspect(std::uint16_t target, const Range& range, const Compared& compared) {
  suspected_rows_ += compared.differing;
  std::unordered_set<Key> keys;
  bool by_stretch = compared.differing > compared.rows.size();
  for (const auto& difference : compared.rows) {
    if (leads_to_row(model_.targets[target], difference)) {
      keys.emplace(target, std::uint16_t{0}, *difference.walk);
    } else {
      by_stretch = true;
    }
  }
  if (by_stretch) suspects_.stretches.push_back({target, range});
  suspects_.keys.insert(suspects_.keys.end(), keys.begin(), keys.end());
}

asio::awaitable<void> Compare::decide_suspects() {
  if (suspects_.empty()) co_return;
  const auto suspects = std::exchange(suspects_, {});
  const auto rows = std::exchange(suspected_rows_, 0);
  auto decision = co_await judge_.judge(suspects);
  found_.drifted_rows += decision.drifted;
  found_.targets.back().drifted += decision.drifted;
  found_.quarantined_rows += decision.quarantined;
  found_.in_flight_rows += rows - std::min(rows, decision.drifted + decision.quarantined);
  if (options_.repair && decision.drifted > 0 && !suspects.keys.empty()) {
    found_.offered_keys += suspects.keys.size();
    co_await judge_.offer(suspects.keys);
    if (judge_.engine_running()) {
      const auto after = co_await judge_.judge(suspects);
      found_.repaired_rows += decision.drifted - std::min(decision.drifted, after.drifted);
      mark_repaired(decision.drift, after.drift);
    }
  }
  keep(std::move(decision.drift));
}

/// What is not among `after` any more.
void Compare::mark_repaired(std::vector<Difference>& drift, const std::vector<Difference>& after) const {
  const auto name = [&](const Difference& difference) { return row_name(model_.targets[difference.target], difference); };
  std::set<std::string> left;
  for (const auto& difference : after) left.insert(name(difference));
  for (auto& difference : drift) difference.repaired = !left.contains(name(difference));
}

void Compare::keep(std::vector<Difference> drift) {
  for (auto& difference : drift) {
    if (found_.drift.size() >= options_.most_kept) return;
    found_.drift.push_back(std::move(difference));
  }
}

asio::awaitable<void> record(pg::Connection& connection, const mapping::Model& model, const Verification& verification,
                             Metrics* metrics) {
  if (metrics != nullptr) metrics->verified(verification.compared_rows, verification.drifted_rows, verification.whole);
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
