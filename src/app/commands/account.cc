#include "verify/account/account.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "app/cli/context.h"
#include "app/cli/show_reply.h"
#include "app/commands/commands.h"
#include "app/status/long_work.h"
#include "setup/state/editions.h"
#include "verify/reply.h"

namespace crossfade::app {
namespace {

asio::awaitable<void> account_now(const Options& options, const mapping::MigrationFile& file, LongWork& work, v1::AccountReply& reply) {
  pg::Connection connection = co_await pg::Connection::open(endpoint(options, "account"));
  EndsOnServer work_there(connection);
  const auto model = co_await prepared_model(connection, file);
  const auto accounts = co_await verify::account(connection, model, &work);
  co_await verify::record(connection, model, accounts);
  reply = verify::reply_of(model, accounts);
  const auto edited = co_await setup::changed_files(connection, file);
  if (reply.next_steps_size() > 0 && !edited.empty()) {
    // What was mended in the folder alone is not in force.
    reply.add_next_steps(fmt::format("crossfade amend --dry-run: {} {} not as the database has {}", fmt::join(edited, ", "), edited.size() == 1 ? "is" : "are", edited.size() == 1 ? "it" : "them"));
    std::rotate(reply.mutable_next_steps()->begin(), reply.mutable_next_steps()->end() - 1, reply.mutable_next_steps()->end());
  }
  work_there.done();
}

ExitCode account(const Options& options) {
  const auto file = load(options);
  v1::AccountReply reply;
  LongWork work(options, "account");
  const auto ended = work.to_end(account_now(options, file, work, reply));
  return ended == LongWork::Ended::kByItself ? show_reply(options, reply) : work.show_known(ended);
}

}  // namespace

Command account_command() {
  return {"account", "Prove", "Show where every source row went; 4 if any is unaccounted for", without_options(account)};
}

}  // namespace crossfade::app
