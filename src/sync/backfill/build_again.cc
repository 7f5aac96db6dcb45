#include "sync/backfill/build_again.h"

#include <embedded_sql.h>

#include <optional>
#include <string>
#include <utility>

#include "base/telemetry/log.h"
#include "base/text/sql_text.h"
#include "pg/row.h"
#include "sync/state/store.h"

namespace crossfade::sync {
namespace {

namespace queries = sql::queries;
using namespace std::chrono_literals;

constexpr Clock::duration kLookEvery = 20s;

/// One that was left out, or does not hold for all rows.
struct LeftOpen {
  std::string target;
  std::string name;
  std::string sql;
  bool creates = false;  ///< else it is there, and is validated
};

/// A lock is waited for as long as whoever reads v2 by now may wait behind us.
asio::awaitable<std::optional<Failure>> attempt(pg::Connection& connection, const Runtime& run, const LeftOpen& piece) {
  std::optional<Failure> failure;
  co_await connection.script("begin; set local lock_timeout = '100ms'");
  try {
    co_await connection.script(piece.sql);
    if (piece.creates) {
      pg::Parameters built = {run.model.name, piece.target, piece.name, std::to_string(run.epoch)};
      const auto noted = co_await connection.query(queries::deferred_built, std::move(built));
      if (noted.affected() == 0) store::not_leader(run);
    }
    co_await connection.script("commit");
  } catch (const Failure& caught) {
    if (caught.connection_lost() || caught.exit() == ExitCode::kNotLeader) throw;
    failure = caught;
  }
  if (failure) co_await connection.script("rollback");
  co_return failure;
}

asio::awaitable<void> build_what_is_due(pg::Connection& connection, const Runtime& run) {
  pg::Parameters name = {run.model.name};
  const auto rows = co_await connection.query(queries::left_open_due, name);
  for (const auto row : pg::rows(rows)) {
    LeftOpen piece{std::string(row.text("target")), std::string(row.text("name")), std::string(row.text("sql")), row.truth("creates")};
    const auto refused = co_await attempt(connection, run, piece);
    if (!refused) {
      log::info(piece.creates ? "what was left out is there now" : "what held for new rows alone holds for all", {{"target", piece.target}, {"name", piece.name}});
      continue;
    }
    const auto& facts = refused->facts();
    const auto because = as_text(log::redact(facts.detail.empty() ? facts.message : facts.message + " (" + facts.detail + ")"));
    pg::Parameters put = {run.model.name, piece.target, piece.name, because, refused->sqlstate() == "55P03" ? "true" : "false"};
    co_await connection.query(queries::left_open_put, std::move(put));
  }
}

}  // namespace

asio::awaitable<void> build_again_loop(Runtime& run, const bool& left_open) {
  std::uint64_t set_aside = 0;
  bool fewer = false;
  for (auto look_at = Clock::now();;) {
    co_await run.control_changed.wait(1s);
    fewer = fewer || run.applied.quarantined < set_aside;
    set_aside = run.applied.quarantined;
    const bool others_first = run.applied.catching_up || run.filling() || run.spills() || run.shape.model_due || run.control.stopping;
    if (others_first || !left_open || (!fewer && Clock::now() < look_at)) continue;
    pg::Connection connection = co_await open_engine_session(run.settings, run.model.name, "build");
    pg::Parameters name = {run.model.name};
    if (std::exchange(fewer, false)) co_await connection.query(queries::left_open_hurry, std::move(name));
    co_await build_what_is_due(connection, run);
    look_at = Clock::now() + kLookEvery;
  }
}

}  // namespace crossfade::sync
