#include "cutover/record/step_log.h"

#include <embedded_sql.h>
#include <fmt/format.h>

#include <chrono>
#include <random>

#include "base/error/failure.h"
#include "base/telemetry/log.h"
#include "base/text/sql_text.h"

namespace crossfade::cutover {

StepLog::StepLog(std::string migration) : migration_(std::move(migration)) {
  std::random_device random;
  id_ = fmt::format("{:08x}{:08x}", random(), random());
}

void StepLog::begin(std::string step) {
  steps_.push_back({attempt_, std::move(step), 0, holding_, "", ""});
  began_ = pg::Clock::now();
}

void StepLog::hold(std::string step) {
  holding_ = true;
  begin(std::move(step));
}

void StepLog::end(std::string outcome) {
  steps_.back().milliseconds = std::chrono::duration<double, std::milli>(pg::Clock::now() - began_).count();
  steps_.back().outcome = log::redact(outcome);
}

boost::asio::awaitable<void> StepLog::record(pg::Connection& connection) const {
  if (!connection.usable()) co_return;
  std::vector<std::optional<std::string>> attempts, names, times, outcomes, held, holders;
  for (const auto& step : steps_) {
    attempts.emplace_back(std::to_string(step.attempt));
    names.emplace_back(step.name);
    times.emplace_back(fmt::format("{:.3f}", step.milliseconds));
    outcomes.emplace_back(step.outcome);
    held.emplace_back(step.held ? "t" : "f");
    holders.emplace_back(step.holders);
  }
  pg::Parameters parameters = {migration_,          id_,
                               array_text(attempts), array_text(names),
                               array_text(times),    array_text(outcomes),
                               array_text(held),     array_text(holders)};
  try {
    co_await connection.query(sql::queries::cutover_step_put, parameters);
  } catch (const Failure& failure) {
    log::warn("the step log could not be written", {{"flip", id_}, {"error", failure.what()}});
  }
}

}  // namespace crossfade::cutover
