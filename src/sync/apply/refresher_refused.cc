#include <algorithm>
#include <bit>
#include <utility>
#include <vector>

#include "base/telemetry/log.h"
#include "sync/apply/refresher.h"
#include "sync/backfill/backfill.h"
#include "sync/state/parking.h"
#include "sync/state/store.h"

/// What the refresher does about what the database refuses.
namespace crossfade::sync {
namespace {

using namespace std::chrono_literals;

/// A round that fails again and again: its pauses double from the first to the longest. What another session holds can be free at
/// any moment. A person is told from the eighth time on, and then each time that there were twice as many.
constexpr auto kFirstPause = 5ms;
constexpr Clock::duration kLongestForOthers = 1s;
constexpr Clock::duration kLongestPause = 30s;
constexpr std::uint64_t kWorthTelling = 8;
constexpr std::uint64_t kStaysOfKnown = 3;
/// Keys that are set aside at once and told one by one; of the others the number.
constexpr std::size_t kToldOneByOne = 10;

/// A value as it is, the parts of a key of several columns as an array.
std::string shown(const Key& key) { return key.values().size() == 1 ? key.values().front().value_or("null") : store::key_text(key); }

}  // namespace

/// A conflict with another session passes by itself, and what is refused is found by trying. What fails again for all that is
/// told, and tried less and less often.
asio::awaitable<void> Refresher::after_failure(pg::Connection& connection, const Failure& failure) {
  co_await connection.script("rollback");
  // What was taken and is there again.
  if (run_.dirty_keys == 0) run_.dirty_keys = co_await store::count_dirty(connection, run_);
  if (failure.sqlstate() == "55P03") co_await after_lock(connection, failure);
  const bool conflict = failure.verdict() == Verdict::kRetry;
  const bool again = refused_.has_value();
  // Whoever is in the way goes by himself. What stays for so long, or is there again with a key that was set aside, is raised by a row.
  const bool stays = failed_rounds_ + 1 >= (run_.applied.quarantined > 0 ? kStaysOfKnown : kWorthTelling) && failure.sqlstate() != "55P03";
  if (!conflict || stays) refused_ = failure;
  run_.metrics.retried(conflict ? "conflict" : "refused");
  run_.metrics.rounds_failed(++failed_rounds_);
  if (!run_.applied.failing_since) run_.applied.failing_since = Clock::now();
  run_.applied.failing_because = failure.what();
  const std::vector<log::Field> facts = {log::quoting("because", failure.what()), {"sqlstate", failure.sqlstate()}, {"in_a_row", failed_rounds_}};
  if (!conflict && !again) {
    log::debug("round is tried again", facts);
    co_return;
  }
  const auto pause = std::min<Clock::duration>(kFirstPause * (1U << std::min<std::uint64_t>(failed_rounds_ - 1, 20)),
                                               conflict ? kLongestForOthers : kLongestPause);
  const bool telling = failed_rounds_ >= kWorthTelling && std::has_single_bit(failed_rounds_);
  log::write(telling ? log::Level::kWarn : log::Level::kDebug, "round fails again and again", facts);
  const auto until = Clock::now() + pause;
  while (!run_.control.stopping && Clock::now() < until) co_await run_.control_changed.wait(until);
}

asio::awaitable<void> Refresher::set_aside(pg::Connection& connection, std::vector<Refused> refused) {
  const auto attempts = co_await store::put_in_quarantine(connection, run_, refused);
  std::size_t fresh = 0;
  for (std::size_t n = 0; n < refused.size(); ++n) {
    // Of one that was there already a person knows.
    if (attempts[n] > 1) continue;
    const auto& [key, failure] = refused[n];
    run_.metrics.quarantined(failure.sqlstate());
    if (++fresh > kToldOneByOne) continue;
    log::warn("key is set aside", {{"target", store::target_name(run_.model, key)}, log::quoting("key", shown(key)),
                                   {"sqlstate", failure.sqlstate()}, log::quoting("because", failure.what())});
  }
  if (fresh > kToldOneByOne) log::warn("more keys are set aside; `crossfade quarantine list` has them all", {{"keys", fresh - kToldOneByOne}});
  run_.applied.quarantined += fresh;
}

asio::awaitable<void> Refresher::reconcile_whole(pg::Connection& connection, const std::vector<TargetId>& whole) {
  const auto writable = co_await parking::writable(connection, run_, whole);
  co_await reconcile(connection, run_, writable);
}

}  // namespace crossfade::sync
