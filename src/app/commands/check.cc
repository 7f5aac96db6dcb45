#include <embedded_sql.h>

#include "app/cli/context.h"
#include "app/cli/show_reply.h"
#include "app/commands/commands.h"
#include "app/status/long_work.h"
#include "pg/row.h"
#include "setup/prepare/prepare.h"
#include "sync/state/store.h"
#include "verify/checks/checks.h"
#include "verify/reply.h"

namespace crossfade::app {
namespace {

struct CheckOptions {
  std::string when;
};

void declare(OptionSet& options, CheckOptions& own) { options.choice("--when", own.when, {"before", "after"}, "Only those of before, or of after"); }

/// What v2 is for checks that look at it.
asio::awaitable<verify::StateOfV2> state_of_v2(pg::Connection& connection, const std::string& migration) {
  const bool prepared = co_await setup::is_prepared(connection, migration);
  if (!prepared) co_return verify::StateOfV2::kNotThere;
  const pg::Parameters parameters = {migration, std::nullopt};
  const auto rows = co_await connection.query(sql::queries::wait_state, parameters);
  const auto phase = pg::first(rows).text("phase");
  co_return phase == "prepared" || phase == "backfilling" ? verify::StateOfV2::kBeingFilled : verify::StateOfV2::kFilled;
}

asio::awaitable<void> check_now(const Options& options, const CheckOptions& own, LongWork& work, v1::CheckReply& reply) {
  const auto file = load(options);
  pg::Connection connection = co_await pg::Connection::open(endpoint(options, "check"));
  EndsOnServer work_there(connection);
  verify::CheckRun how;
  how.progress = &work;
  const auto v2 = co_await state_of_v2(connection, file.yaml.migration());
  if (v2 != verify::StateOfV2::kNotThere) {
    const auto direction = co_await sync::store::read_direction(connection, file.yaml.migration());
    if (direction == mapping::Direction::kReverse) how.naming = mapping::Naming::kSwapped;
  }
  std::vector<verify::CheckResult> results;
  for (const auto when : {v1::Check::WHEN_BEFORE, v1::Check::WHEN_AFTER}) {
    const auto* name = when == v1::Check::WHEN_BEFORE ? "before" : "after";
    if (!own.when.empty() && own.when != name) continue;
    how.when = when;
    const auto some = co_await verify::run_checks(connection, file.yaml, how);
    results.insert(results.end(), some.begin(), some.end());
  }
  reply = verify::reply_of(file.yaml, results, v2);
  work_there.done();
}

ExitCode check(const Options& options, const CheckOptions& own) {
  v1::CheckReply reply;
  LongWork work(options, "check");
  const auto ended = work.to_end(check_now(options, own, work, reply));
  return ended == LongWork::Ended::kByItself ? show_reply(options, reply) : work.show_known(ended);
}

}  // namespace

Command check_command() { return {"check", "Prove", "Run the migration's own checks", with_options(declare, check)}; }

}  // namespace crossfade::app
