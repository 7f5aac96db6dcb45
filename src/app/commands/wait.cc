#include <embedded_sql.h>
#include <fmt/format.h>

#include "app/cli/context.h"
#include "app/cli/tell_script.h"
#include "app/commands/commands.h"
#include "app/status/long_work.h"
#include "async/sleep.h"
#include "base/error/failure.h"
#include "base/text/human.h"
#include "base/value/lsn.h"
#include "pg/row.h"
#include "setup/prepare/prepare.h"
#include "sync/state/store.h"

namespace crossfade::app {
namespace {

using namespace std::chrono_literals;

struct WaitOptions {
  std::string phase;
  std::optional<std::chrono::milliseconds> lag;
  std::string lsn;
  std::chrono::milliseconds timeout = 10min;
};

void declare(OptionSet& options, WaitOptions& own) {
  options.choice("--phase", own.phase, {"prepared", "backfilling", "following", "completed"}, "Phase to wait for");
  options.duration("--lag", own.lag, "Lag at most, e.g. 2s");
  options.text("--lsn", own.lsn, "LSN", "Position that must be readable in v2");
  options.duration("--timeout", own.timeout, "Give up after, 10min unless given");
}

/// "phase backfilling, lag 3.0 s": how far it is from what is waited for.
std::string how_it_is(const std::string& phase, std::optional<double> lag) {
  return fmt::format("phase {}, {}", phase, lag ? "lag " + human_seconds(*lag) : "lag not known yet");
}

asio::awaitable<void> until_so(const Options& options, const WaitOptions& own, const std::string& migration, LongWork& work, v1::Waited& reply) {
  const auto began = pg::Clock::now();
  const auto give_up = began + own.timeout;
  pg::Connection connection = co_await pg::Connection::open(endpoint(options, "wait"));
  pg::Parameters parameters = {migration, own.lsn.empty() ? std::nullopt : std::optional(own.lsn)};
  // What is there is not followed for ever because it is called so: whoever waits for it is going to read v2.
  const bool to_read = own.phase == "following";
  const bool nobody_leads = own.phase == "prepared" || own.phase == "completed";
  std::string state = "not prepared";
  bool led = true;
  for (;;) {
    const bool prepared = co_await setup::is_prepared(connection, migration);
    if (prepared) {
      const auto rows = co_await connection.execute(sql::queries::wait_state, parameters);
      const auto row = pg::first(rows);
      state = row.text("phase");
      led = nobody_leads || row.truth("led");
      if (!led) state += ", and no daemon is at work";
      const bool phase = led && (own.phase.empty() || state == own.phase);
      if (to_read && !parameters[1]) {
        // All that had been written when it was asked.
        parameters[1] = std::string(row.text("now"));
        if (connection.apart()) parameters[1] = co_await sync::store::end_of_wal(connection);
        continue;
      }
      const bool lsn = row.truth("reached");
      const auto seconds = row.optional_real("lag_seconds");
      const bool lag = !own.lag || (seconds && *seconds * 1000 <= static_cast<double>(own.lag->count()));
      reply.set_phase(state);
      if (seconds) reply.set_lag_seconds(*seconds);
      reply.set_seconds(std::chrono::duration<double>(pg::Clock::now() - began).count());
      if (phase && lsn && lag) co_return;
      work.at({how_it_is(state, seconds)});
    } else {
      work.at({"crossfade prepare has not been yet"});
    }
    if (pg::Clock::now() >= give_up) break;
    co_await async::sleep_for(20ms);
  }
  Failure::Facts facts;
  facts.exit = ExitCode::kTimeout;
  facts.message = fmt::format("not so within {} s; the phase is {}", std::chrono::duration<double>(own.timeout).count(), state);
  facts.advice = !led ? "crossfade run" : "`crossfade status` shows what goes on";
  throw Failure(std::move(facts));
}

ExitCode wait(const Options& options, const WaitOptions& own) {
  if (!own.lsn.empty() && !parse_lsn(own.lsn)) {
    throw usage_failure(fmt::format("\"{}\" is not a position in the log", own.lsn), "write it as pg_lsn prints it, e.g. 16/B374D848");
  }
  const auto file = load(options);
  v1::Waited reply;
  LongWork work(options, "wait");
  const auto ended = work.to_end(until_so(options, own, file.yaml.migration(), work, reply));
  if (ended != LongWork::Ended::kByItself) return work.show_known(ended);
  tell_script(options, reply);
  return ExitCode::kOk;
}

}  // namespace

Command wait_command() { return {"wait", "Look", "Return once a daemon has come to a phase, lag or position; 10 on timeout", with_options(declare, wait)}; }

}  // namespace crossfade::app
