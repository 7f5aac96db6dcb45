#include <fmt/format.h>

#include <csignal>
#include <iostream>

#include "app/cli/commands.h"
#include "base/failure.h"

namespace {

using crossfade::ExitCode;
namespace app = crossfade::app;

struct Entry {
  std::string_view command;
  ExitCode (*function)(const app::Options&);
};

constexpr Entry kTable[] = {
    {"demo", app::demo},         {"init", app::init},       {"plan", app::plan},       {"lint", app::lint},       {"prepare", app::prepare}, {"run", app::run},
    {"wait", app::wait},         {"status", app::status},   {"verify", app::verify},   {"account", app::account},
    {"compare", app::compare},   {"check", app::check},     {"touch", app::touch},     {"explain", app::explain},
    {"pause", app::pause},       {"resume", app::resume},
    {"quarantine", app::quarantine}, {"cancel", app::cancel},   {"pace", app::pace},
    {"completion", app::completion}, {"manual", app::manual},     {"report", app::report},
    {"import", app::import},     {"backup", app::backup},   {"rehearse", app::rehearse},
    {"dashboards", app::dashboards},
    {"cutover reads", app::cutover_reads}, {"rollback reads", app::rollback_reads},
    {"cutover writes", app::cutover_writes}, {"rollback writes", app::rollback_writes},
    {"complete", app::complete}, {"doctor", app::doctor},
};

ExitCode dispatch(int argc, char** argv) {
  const auto options = app::parse_options(argc, argv);
  if (!options) return ExitCode::kOk;
  crossfade::log::configure(options->log_format, options->log_level);
  for (const auto& entry : kTable) {
    if (entry.command == options->command) return entry.function(*options);
  }
  throw crossfade::usage_failure(fmt::format("{} is not there yet", options->command), "`crossfade --help` lists the commands");
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  try {
    return static_cast<int>(dispatch(argc, argv));
  } catch (const crossfade::Failure& failure) {
    const auto& facts = failure.facts();
    std::cerr << "crossfade: " << crossfade::log::redact(facts.message) << '\n';
    if (!facts.detail.empty()) std::cerr << "  detail: " << crossfade::log::redact(facts.detail) << '\n';
    if (!facts.statement.empty()) std::cerr << "  statement: " << crossfade::log::redact(facts.statement) << '\n';
    if (const auto advice = failure.advice(); !advice.empty()) std::cerr << "  what to do: " << crossfade::log::redact(advice) << '\n';
    return static_cast<int>(failure.exit());
  } catch (const std::exception& error) {
    std::cerr << "crossfade: " << crossfade::log::redact(error.what()) << "\n  what to do: report this as a defect\n";
    return static_cast<int>(ExitCode::kInternal);
  }
}
