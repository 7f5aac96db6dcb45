#include "app/daemon/verifying.h"

#include <embedded_sql.h>

#include <algorithm>
#include <list>
#include <optional>

#include "async/sleep.h"
#include "base/error/failure.h"
#include "base/telemetry/log.h"
#include "verify/diff/recheck.h"

namespace crossfade::app {
namespace {

namespace asio = boost::asio;
namespace queries = sql::queries;
using std::chrono::milliseconds;

/// Somebody may have verified by hand meanwhile, or the phase may have changed: how long until that is seen.
constexpr milliseconds kLongestSleep{60'000};
constexpr milliseconds kShortestSleep{100};

asio::awaitable<pg::Connection> open_session(const Observed& o) {
  auto endpoint = o.settings.endpoint;
  endpoint.application_name = "crossfade " + o.model.name + " verify";
  pg::Connection connection = co_await pg::Connection::open(endpoint);
  if (connection.apart()) co_await connection.script(o.settings.stand_ins);
  co_return connection;
}

/// How long until the next one; nothing while v2 does not follow.
asio::awaitable<std::optional<milliseconds>> due_in(const Observed& o, milliseconds every) {
  const auto run = o.engine.runtime();
  if (!run || run->control.stopping || run->epoch == 0 || run->control.paused || run->applied.backfilling || run->applied.catching_up) co_return std::nullopt;
  pg::Connection connection = co_await open_session(o);
  pg::Parameters parameters = {o.model.name, std::to_string(every.count())};
  const auto rows = co_await connection.query(queries::verification_due, std::move(parameters));
  if (rows.empty()) co_return std::nullopt;
  co_return milliseconds(std::max<std::int64_t>(rows.number(0, 0), 0));
}

/// Returns when to look again.
asio::awaitable<milliseconds> verify_if_due(Observed o, milliseconds every) {
  const auto due = co_await due_in(o, every);
  if (!due) co_return std::min(every, kLongestSleep);
  if (due->count() > 0) co_return std::min(*due, kLongestSleep);
  verify::VerifierOptions how;
  how.chunk_aim = milliseconds(200);
  how.share = 0.25;
  const auto found = co_await verify_live(o, how, 1);
  const std::vector<log::Field> facts = {{"migration", o.model.name}, {"compared_rows", found.compared_rows}, {"drifted_rows", found.drifted_rows}, {"lsn", found.lsn}};
  if (found.equal()) {
    log::info("verified", facts);
  } else {
    log::error("v2 has drifted; `crossfade verify` shows where", facts);
  }
  co_return std::min(every, kLongestSleep);
}

}  // namespace

asio::awaitable<verify::Verification> verify_live(Observed o, verify::VerifierOptions how, int sessions) {
  const auto run = running(o);
  pg::Connection connection = co_await open_session(o);
  std::list<pg::Connection> others;
  for (int n = 1; n < sessions; ++n) {
    pg::Connection other = co_await open_session(o);
    how.beside.push_back(&others.emplace_back(std::move(other)));
  }
  verify::CutRechecker rechecker(*run);
  verify::Verifier verifier(connection, o.model, rechecker, how);
  auto found = co_await verifier.run();
  co_await verify::record(connection, o.model, found);
  o.metrics.rows_compared(found.compared_rows);
  co_return found;
}

asio::awaitable<void> keep_verified(std::function<Observed()> now, milliseconds every) {
  auto sleep = kShortestSleep;
  for (;;) {
    co_await async::sleep_for(std::max(sleep, kShortestSleep));
    try {
      sleep = co_await verify_if_due(now(), every);
    } catch (const Failure& failure) {
      // The server is away, or the tables have moved under a flip: the next look finds them.
      log::debug("nothing can be verified just now", {{"because", failure.what()}});
      sleep = std::min(every, kLongestSleep);
    }
  }
}

}  // namespace crossfade::app
