#include <algorithm>
#include <utility>

#include "base/telemetry/log.h"
#include "base/text/sql_text.h"
#include "pg/savepoint.h"
#include "sync/backfill/backfill.h"
#include "sync/refresh/bring.h"
#include "sync/state/parking.h"
#include "sync/state/store.h"

/// What of a chunk cannot be written by the chunk: the refresher does it key by key.
namespace crossfade::sync {

using mapping::Range;

/// A chunk whose session was lost again and again is left to the refresher, which finds out what it is that ends it. Where its keys cannot even be
/// named, the target as a whole waits.
asio::awaitable<Written> Backfill::load_unless_lost(pg::Connection& connection, Job& job, Range range) {
  constexpr int kTimesNamed = 2;
  const int lost = Suspects::of(run_.suspects->chunks, {job.target, range.low});
  if (lost < Suspects::kLost) co_return co_await load(connection, job, std::move(range));
  const auto& name = run_.model.targets[job.target].name;
  if (lost < Suspects::kLost + kTimesNamed) {
    log::warn("a chunk whose session ended each time is set down, and tried key by key", {{"target", name}, {"times", lost}});
    co_await spill(connection, job, std::move(range));
    co_return Written{};
  }
  Failure::Facts facts;
  facts.sqlstate = "57P02";
  facts.message = "the session that read its view ended each time";
  facts.advice = "a function that the view calls ends its session, or brings the server's process down: the server's log says which; mend it";
  Failure ended(std::move(facts));
  co_await set_down(connection, job, std::move(ended));
  run_.suspects->clear_chunks(job.target);
  co_return Written{};
}

/// No row of it can be told from the others.
asio::awaitable<void> Backfill::set_down(pg::Connection& connection, Job& job, Failure because) {
  Unwritable refused{job.target, std::move(because), {Key::every_row(job.target)}, {}};
  co_await parking::park(connection, run_, std::move(refused), false);
  job.gaps.clear();
}

/// The keys of one locator that rows of view and shadow have.
asio::awaitable<std::uint64_t> Backfill::offer_values(pg::Connection& connection, TargetId target, LocatorId locator, std::vector<mapping::KeyFilter> filters,
                                                      pg::Parameters parameters) {
  if (!run_.model.apart) {
    auto keys = run_.refresh.statements(target).values(locator, filters);
    co_return co_await store::offer_keys(connection, run_, target, locator, std::move(keys), std::move(parameters));
  }
  std::vector<Key> keys;
  const auto values = co_await values_of_both(connection, run_.model, target, locator, std::move(filters), std::move(parameters));
  for (const auto& each : values) {
    auto of_key = parse_array(each);
    const bool any = std::any_of(of_key.begin(), of_key.end(), [](const auto& value) { return value.has_value(); });
    if (any) keys.emplace_back(target, locator, std::move(of_key));
  }
  co_return co_await store::write_dirty(connection, run_, std::move(keys));
}

/// The keys of a stretch, of view and shadow: rows that only the shadow has have to go too. What the view fails for may be a key.
asio::awaitable<void> Backfill::spill(pg::Connection& connection, Job& job, Range range) {
  std::uint64_t offered = 0;
  const pg::Work offer = [&]() -> asio::awaitable<void> {
    const auto filters = mapping::range_picks(range);
    auto bounds = mapping::range_parameters(range);
    offered = co_await offer_values(connection, job.target, mapping::kChunkKey, filters, std::move(bounds));
  };
  const auto refused = co_await pg::in_savepoint(connection, offer, pg::Leaves::kWhatWorked, async::found_by_trying);
  if (refused) {
    co_await set_down(connection, job, *refused);
    co_return;
  }
  run_.dirty_keys += offered;
  if (range.with_nulls && !range.high) co_await spill_without_chunk_key(connection, job);
}

/// Rows without a chunk key are named by what else there is, or all of them would be one key.
asio::awaitable<void> Backfill::spill_without_chunk_key(pg::Connection& connection, const Job& job) {
  mapping::KeyFilter nulls;
  nulls.form = mapping::KeyFilter::Form::kNoChunkKey;
  const auto& locators = run_.model.targets[job.target].locators;
  const bool others = locators.front().columns.size() > 1;
  std::uint64_t offered = 0;
  for (const auto locator : locators.ids()) {
    if (locator == mapping::kChunkKey && !others) continue;
    if (locators[locator].indirect() || !locators[locator].locate.empty()) continue;
    pg::Parameters none;
    const std::vector<mapping::KeyFilter> without_chunk_key = {nulls};
    offered += co_await offer_values(connection, job.target, locator, without_chunk_key, std::move(none));
  }
  if (offered == 0 || others) {
    std::vector<Key> all = {Key(job.target, mapping::kChunkKey, KeyValues(locators.front().types.size()))};
    offered += co_await store::write_dirty(connection, run_, std::move(all));
  }
  run_.dirty_keys += offered;
}

}  // namespace crossfade::sync
