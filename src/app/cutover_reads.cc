#include <fmt/format.h>

#include <iostream>

#include "app/commands.h"
#include "app/context.h"
#include "base/failure.h"
#include "cutover/blockers.h"
#include "cutover/reads.h"

namespace crossfade::app {
namespace {

asio::awaitable<ExitCode> flip(const Options& options, const mapping::MigrationFile& file, cutover::Flip wanted) {
  pg::Connection connection = co_await pg::Connection::open(endpoint(options, wanted.action));
  const auto model = co_await prepared_model(connection, file);
  const double before = co_await cutover::percent_on_v2(connection, model.name);
  // Nothing may keep anybody from going back.
  std::vector<cutover::Blocker> blockers;
  if (wanted.percent > before) {
    const auto facts = co_await cutover::read_facts(connection, model.name);
    blockers = cutover::blockers_of_reads(facts, {});
  }
  auto& where = options.dry_run ? std::cout : std::cerr;
  for (const auto& blocker : blockers) where << fmt::format("✗ {}: {}\n  mend: {}\n", blocker.reason, blocker.detail, blocker.fix);
  if (options.dry_run) {
    int number = 1;
    for (const auto& step : cutover::steps_of(model, wanted)) std::cout << fmt::format("{:2}. {}\n", number++, step);
  }
  if (!blockers.empty()) co_return ExitCode::kNotReady;
  if (options.dry_run) co_return ExitCode::kOk;
  const auto began = pg::Clock::now();
  const int tries = co_await cutover::flip_reads(connection, model, endpoint(options, wanted.action), wanted);
  std::cout << fmt::format("{:g} % of the keys read v2 now, {:g} % did before. It took {} ms{}.\n", wanted.percent, before,
                           std::chrono::duration_cast<std::chrono::milliseconds>(pg::Clock::now() - began).count(),
                           tries > 1 ? fmt::format(" and {} tries", tries) : "");
  co_return ExitCode::kOk;
}

}  // namespace

ExitCode cutover_reads(const Options& options) {
  if (options.percent <= 0 || options.percent > 100) {
    throw usage_failure(fmt::format("{:g} is not a percentage of keys", options.percent), "choose above 0 up to 100; `crossfade rollback reads` goes back to 0");
  }
  const auto file = load(options);
  asio::io_context io;
  return run_to_end(io, flip(options, file, {options.percent, "cutover reads"}));
}

ExitCode rollback_reads(const Options& options) {
  const auto file = load(options);
  asio::io_context io;
  return run_to_end(io, flip(options, file, {0, "rollback reads"}));
}

}  // namespace crossfade::app
