#include "cutover/doctor.h"

#include <iostream>

#include "api/message.h"
#include "app/cli/context.h"
#include "app/commands/commands.h"
#include "crossfade/v1/reply.pb.h"

namespace crossfade::app {
namespace {

std::string to_text(const v1::Doctor& reply) {
  return reply.state() + ".\n" + (reply.next().empty() ? "" : "  the one safe next step: " + reply.next() + "\n");
}

asio::awaitable<v1::Doctor> examine_now(const Options& options, const mapping::MigrationFile& file) {
  pg::Connection connection = co_await pg::Connection::open(endpoint(options, "doctor"));
  const auto facts = co_await cutover::examine(connection, file);
  const auto diagnosis = cutover::diagnose(facts);
  v1::Doctor reply;
  reply.set_state(diagnosis.state);
  reply.set_next(diagnosis.next);
  if (!diagnosis.next.empty()) reply.add_next_steps(diagnosis.next);
  co_return reply;
}

ExitCode doctor(const Options& options) {
  const auto file = load(options);
  asio::io_context io;
  const auto reply = run_to_end(io, examine_now(options, file));
  std::cout << (options.json ? api::json_of(reply) + "\n" : to_text(reply));
  return reply.next().empty() ? ExitCode::kOk : ExitCode::kNotReady;
}

}  // namespace

Command doctor_command() {
  return {"doctor", "Move", "After a crash: the state of a flip that was broken off, and the one safe next step", without_options(doctor)};
}

}  // namespace crossfade::app
