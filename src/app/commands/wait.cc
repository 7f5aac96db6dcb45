#include <embedded_sql.h>
#include <fmt/format.h>

#include <boost/asio/steady_timer.hpp>

#include "app/cli/commands.h"
#include "app/cli/context.h"
#include "base/failure.h"
#include "base/lsn.h"
#include "setup/prepare.h"

namespace crossfade::app {
namespace {

using namespace std::chrono_literals;

asio::awaitable<ExitCode> until_so(const Options& options, const std::string& migration) {
  const auto executor = co_await asio::this_coro::executor;
  const auto give_up = pg::Clock::now() + options.timeout;
  pg::Connection connection = co_await pg::Connection::open(endpoint(options, "wait"));
  const pg::Parameters parameters = {migration, options.lsn.empty() ? std::nullopt : std::optional(options.lsn)};
  std::string state = "not prepared";
  for (;;) {
    const bool prepared = co_await sync::is_prepared(connection, migration);
    if (prepared) {
      const auto rows = co_await connection.execute(std::string(sql::queries::wait_state), parameters);
      state = rows.text(0, 0);
      const bool phase = options.phase.empty() || state == options.phase;
      const bool lsn = rows.truth(0, 1);
      const bool lag = !options.lag || (!rows.is_null(0, 2) && rows.real(0, 2) * 1000 <= static_cast<double>(options.lag->count()));
      if (phase && lsn && lag) co_return ExitCode::kOk;
    }
    if (pg::Clock::now() >= give_up) break;
    asio::steady_timer timer(executor, 20ms);
    co_await timer.async_wait(asio::use_awaitable);
  }
  Failure::Facts facts;
  facts.exit = ExitCode::kTimeout;
  facts.message = fmt::format("not so within {} s; the phase is {}", std::chrono::duration<double>(options.timeout).count(), state);
  facts.advice = "`crossfade status` shows what goes on";
  throw Failure(std::move(facts));
}

}  // namespace

ExitCode wait(const Options& options) {
  if (!options.lsn.empty() && !parse_lsn(options.lsn)) {
    throw usage_failure(fmt::format("\"{}\" is not a position in the log", options.lsn), "write it as pg_lsn prints it, e.g. 16/B374D848");
  }
  const auto file = load(options);
  asio::io_context io;
  return run_to_end(io, until_so(options, file.yaml.migration()));
}

}  // namespace crossfade::app
