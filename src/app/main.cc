#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <iostream>
#include <string_view>
#include <utility>

#include "api/message.h"
#include "app/cli/command_line.h"
#include "app/cli/context.h"
#include "app/commands/commands.h"
#include "base/error/failure.h"
#include "crossfade/v1/reply.pb.h"

namespace {

using crossfade::ExitCode;
namespace app = crossfade::app;

ExitCode dispatch(int argc, char** argv) {
  const auto call = app::parse_command_line(app::all_commands(), argc, argv);
  if (!call) return ExitCode::kOk;
  crossfade::log::configure(call->options.log_format, call->options.log_level);
  app::expect_across(call->options, call->command);
  return call->run(call->options);
}

/// A result that was cut short must not be taken for the whole. A reader that has seen enough, as head does, is no fault.
void require_written() {
  struct stat output {};
  if (std::cout.flush() || (fstat(STDOUT_FILENO, &output) == 0 && (S_ISFIFO(output.st_mode) || S_ISSOCK(output.st_mode)))) return;
  throw crossfade::usage_failure("the result could not be written", "look at the disk that it goes to");
}

/// Enough of a statement to know it by: an installation's is as long as a book.
std::string shown(const std::string& statement) {
  constexpr std::size_t kMost = 400;
  return statement.size() <= kMost ? statement : statement.substr(0, statement.find_last_of(" \n", kMost)) + " …";
}

/// Seen before the command line is read: what is wrong with that is told so too.
bool wants_json(int argc, char** argv) {
  for (int n = 1; n < argc && argv[n] != std::string_view("--"); ++n) {
    if (argv[n] == std::string_view("--json")) return true;
  }
  return false;
}

/// What went wrong, for people in lines, for scripts as one object; a password in it is blotted out.
void tell(const crossfade::Failure& failure, bool json) {
  using crossfade::log::redact;
  const auto& facts = failure.facts();
  const auto advice = redact(failure.advice());
  if (json) {
    crossfade::v1::Error error;
    error.set_message(redact(facts.message));
    error.set_detail(redact(facts.detail));
    error.set_what_to_do(advice);
    error.set_sqlstate(facts.sqlstate);
    error.set_exit(static_cast<int>(failure.exit()));
    std::cerr << crossfade::api::json_of(error) << '\n';
    return;
  }
  std::cerr << "crossfade: " << redact(facts.message) << '\n';
  if (!facts.detail.empty()) std::cerr << "  detail: " << redact(facts.detail) << '\n';
  if (!facts.statement.empty()) std::cerr << "  statement: " << shown(redact(facts.statement)) << '\n';
  if (!advice.empty()) std::cerr << "  what to do: " << advice << '\n';
}

}  // namespace

int main(int argc, char** argv) {
  // A reader that goes away is seen where the write fails; the daemon's sockets must not end it.
  std::signal(SIGPIPE, SIG_IGN);
  const bool json = wants_json(argc, argv);
  try {
    const auto exit = dispatch(argc, argv);
    require_written();
    return static_cast<int>(exit);
  } catch (const crossfade::Failure& failure) {
    tell(failure, json);
    return static_cast<int>(failure.exit());
  } catch (const std::exception& error) {
    crossfade::Failure::Facts facts;
    facts.message = error.what();
    facts.advice = "report this as a defect";
    tell(crossfade::Failure(std::move(facts)), json);
    return static_cast<int>(ExitCode::kInternal);
  }
}
