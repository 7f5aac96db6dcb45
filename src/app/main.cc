#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <iostream>

#include "app/cli/command_line.h"
#include "app/commands/commands.h"
#include "base/error/failure.h"

namespace {

using crossfade::ExitCode;
namespace app = crossfade::app;

ExitCode dispatch(int argc, char** argv) {
  const auto call = app::parse_command_line(app::all_commands(), argc, argv);
  if (!call) return ExitCode::kOk;
  crossfade::log::configure(call->options.log_format, call->options.log_level);
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

}  // namespace

int main(int argc, char** argv) {
  // A reader that goes away is seen where the write fails; the daemon's sockets must not end it.
  std::signal(SIGPIPE, SIG_IGN);
  try {
    const auto exit = dispatch(argc, argv);
    require_written();
    return static_cast<int>(exit);
  } catch (const crossfade::Failure& failure) {
    const auto& facts = failure.facts();
    std::cerr << "crossfade: " << crossfade::log::redact(facts.message) << '\n';
    if (!facts.detail.empty()) std::cerr << "  detail: " << crossfade::log::redact(facts.detail) << '\n';
    if (!facts.statement.empty()) std::cerr << "  statement: " << shown(crossfade::log::redact(facts.statement)) << '\n';
    if (const auto advice = failure.advice(); !advice.empty()) std::cerr << "  what to do: " << crossfade::log::redact(advice) << '\n';
    return static_cast<int>(failure.exit());
  } catch (const std::exception& error) {
    std::cerr << "crossfade: " << crossfade::log::redact(error.what()) << "\n  what to do: report this as a defect\n";
    return static_cast<int>(ExitCode::kInternal);
  }
}
