#include "sync/state/incarnation.h"

#include <embedded_sql.h>
#include <fmt/format.h>


#include "async/sleep.h"
#include "async/when_all.h"
#include "base/telemetry/log.h"
#include "sync/state/checkpoint.h"

namespace crossfade::sync {
namespace {

namespace queries = sql::queries;
using namespace std::chrono_literals;

asio::awaitable<void> tell_until(const bool& done, const Settings& settings) {
  auto told = Clock::now() + 2s;
  while (!done) {
    co_await async::sleep_for(20ms);
    if (done || Clock::now() < told) continue;
    pg::Connection connection = co_await pg::Connection::open(settings.endpoint.of_source());
    const auto who = co_await wal::oldest_writer(connection);
    log::info("waiting for transactions that began before the slot", {log::quoting("oldest", who)});
    told = Clock::now() + 30s;
  }
}

}  // namespace

std::string gap_between(const std::optional<store::Checkpoint>& checkpoint, const wal::Incarnation& server,
                        const std::optional<wal::SlotState>& slot) {
  if (!checkpoint) return "there is no checkpoint";
  if (!slot) return "the slot is gone";
  if (slot->lost()) return "the server has removed WAL that the slot needed";
  if (checkpoint->incarnation.system_identifier != server.system_identifier) return "this is another server than before";
  // Checkpoint, rows and slot come to a standby by the same WAL. A slot that came there otherwise, a copy of the files say, may have
  // missed what vacuum took meanwhile.
  const bool failed_over = checkpoint->incarnation.timeline != server.timeline;
  if (failed_over && !slot->synced) return "the server has been restored or failed over, and the slot did not come along";
  // What the slot forgot and we never settled can only be known by comparing.
  if (slot->confirmed_flush > checkpoint->settled) return "the slot is ahead of the checkpoint; it was made anew or moved";
  return "";
}

asio::awaitable<void> tell_what_is_waited_for(const Settings& settings, asio::awaitable<void> work) {
  bool done = false;
  const auto until_done = [&]() -> asio::awaitable<void> {
    co_await std::move(work);
    done = true;
  };
  std::vector<asio::awaitable<void>> parts;
  parts.push_back(until_done());
  parts.push_back(tell_until(done, settings));
  co_await async::when_all(std::move(parts));
}

asio::awaitable<wal::Incarnation> make_slot(pg::Connection& connection, const Settings& settings) {
  wal::Incarnation incarnation = co_await wal::identify(connection);
  incarnation.slot = settings.slot;
  const auto create = [&]() -> asio::awaitable<void> {
    incarnation.created = co_await wal::create_slot(connection, settings.slot);
    // A transaction may have committed before the slot's first position and still be invisible: its change would come
    // neither by the stream nor by a backfill's snapshot. So the first snapshot waits for all that had begun.
    const std::string xmax(queries::snapshot_xmax);
    const auto began = co_await connection.query(xmax);
    const std::string sees(queries::snapshot_sees_below);
    const pg::Parameters parameters = {began.optional_text(0, 0)};
    for (;;) {
      const auto rows = co_await connection.query(sees, parameters);
      if (rows.truth(0, 0)) break;
      co_await async::sleep_for(20ms);
    }
  };
  auto creation = create();
  co_await tell_what_is_waited_for(settings, std::move(creation));
  co_return incarnation;
}

}  // namespace crossfade::sync
