#include <iostream>

#include "api/message.h"
#include "app/cli/version.h"
#include "app/commands/commands.h"
#include "crossfade/v1/reply.pb.h"

namespace crossfade::app {
namespace {

ExitCode tell_version(const Options& options) {
  v1::Version reply;
  reply.set_version(std::string(version()));
  reply.set_commit(std::string(commit()));
  std::cout << (options.json ? api::json_of(reply) + "\n" : version_line() + "\n");
  return ExitCode::kOk;
}

}  // namespace

Command version_command() { return {"version", "This program", "Print the version", without_options(tell_version)}; }

}  // namespace crossfade::app
