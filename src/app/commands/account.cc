#include "verify/account/account.h"

#include "app/cli/context.h"
#include "app/commands/commands.h"
#include "app/commands/show_reply.h"
#include "verify/reply.h"

namespace crossfade::app {
namespace {

asio::awaitable<v1::AccountReply> account_now(const Options& options, const mapping::MigrationFile& file) {
  pg::Connection connection = co_await pg::Connection::open(endpoint(options, "account"));
  const auto model = co_await prepared_model(connection, file);
  const auto accounts = co_await verify::account(connection, model);
  co_await verify::record(connection, model, accounts);
  co_return verify::reply_of(model, accounts);
}

ExitCode account(const Options& options) {
  const auto file = load(options);
  asio::io_context io;
  return show_reply(options, run_to_end(io, account_now(options, file)));
}

}  // namespace

Command account_command() {
  return {"account", "Prove", "Show where every source row went; 4 if any is unaccounted for", without_options(account)};
}

}  // namespace crossfade::app
