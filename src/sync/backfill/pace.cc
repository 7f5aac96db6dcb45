#include "sync/backfill/pace.h"

#include <embedded_sql.h>

#include "base/telemetry/log.h"
#include "pg/row.h"

namespace crossfade::sync {
namespace {

namespace queries = sql::queries;
using std::chrono::duration;

void take_over(Runtime& run, const pg::Result& since) {
  run.control.paused = !since.is_null(0, 0);
  run.control.paused_since = since.real(0, 0);
  run.metrics.throttled("hand", run.control.paused, duration<double>(0));
}

}  // namespace

asio::awaitable<void> keep_pace(Runtime& run, pg::Connection& connection) {
  std::string by;
  double now = 0;
  if (run.filling()) {
    const std::string sql(queries::pace_sample);
    pg::Parameters parameters = {run.model.name, run.settings.slot};
    const auto rows = co_await connection.execute(sql, parameters);
    by = pg::first(rows).text("held_back_by");
    now = pg::first(rows).real("sampled_at");
    if (by.empty() && connection.apart()) {
      const auto at_source = co_await connection.source().execute(sql, parameters);
      by = pg::first(at_source).text("held_back_by");
    }
  }
  if (run.control.throttled && run.control.throttled->by != by) {
    run.metrics.throttled(run.control.throttled->by, false, duration<double>(0));
    log::info("the backfill goes on", {{"held_back_by", run.control.throttled->by}});
    run.control.throttled.reset();
    run.control_changed.notify_all();
  }
  if (by.empty() || run.control.throttled) co_return;
  run.control.throttled = HeldBack{by, now};
  run.metrics.throttled(by, true, duration<double>(0));
  log::info("the backfill waits while the server is busy", {{"held_back_by", by}});
}

asio::awaitable<void> set_paused(Runtime& run, pg::Connection& connection, bool paused) {
  const std::string sql(queries::pause);
  pg::Parameters parameters = {run.model.name, paused ? "t" : "f"};
  const auto since = co_await connection.query(sql, parameters);
  take_over(run, since);
  run.control_changed.notify_all();
  run.queue_changed.notify_all();
  // A round that has begun is finished first: what is committed after the answer stays spilled.
  if (paused) co_await run.progress_made.wait(std::chrono::seconds(2));
}

asio::awaitable<void> restore_paused(Runtime& run, pg::Connection& connection) {
  const std::string sql(queries::paused_since);
  pg::Parameters parameters = {run.model.name};
  const auto since = co_await connection.query(sql, parameters);
  take_over(run, since);
  if (run.control.paused) log::warn("paused as before; `crossfade resume` goes on", {{"migration", run.model.name}});
}

}  // namespace crossfade::sync
