#include "cutover/writes/writes_plan.h"

#include <embedded_sql.h>
#include <fmt/format.h>

#include <algorithm>

#include "cutover/layout/tables.h"
#include "cutover/writes/writes_preconditions.h"

namespace crossfade::cutover {

namespace asio = boost::asio;
namespace queries = sql::queries;
using mapping::Direction;

namespace {

/// One that is estimated beyond its limit would be let go, attempt after attempt.
Condition hold_condition(const WritesPlan& plan, const HoldLimits& limits) {
  const auto limit = static_cast<double>(limits.hold.count());
  const auto estimate = estimated_hold(plan);
  auto detail = fmt::format("estimated at {:.0f} ms, and is let go after {:.0f} ms", estimate, limit);
  if (estimate <= limit) return {"hold", std::move(detail), "", true};
  return {"hold", std::move(detail), fmt::format("--hold-limit {:.0f}ms or more, if writers may wait so long; or choose a quieter hour", estimate * 1.5)};
}

}  // namespace

double estimated_hold(const WritesPlan& plan) { return std::max(plan.last_hold_milliseconds.value_or(0), plan.drain_milliseconds); }

asio::awaitable<WritesPlan> plan_writes(pg::Connection& connection, const WritesFlip& flip) {
  const auto& file = flip.file.yaml;
  WritesPlan plan;
  pg::Parameters name = {file.migration()};
  const std::string side = flip.to == Direction::kReverse ? "v2" : "v1";
  const auto owning = co_await connection.query("select crossfade.owner($1)", name);
  plan.owns = owning.text(0, 0) == side;
  if (plan.owns) {
    plan.steps = {fmt::format("nothing: the writes are on {} already", side)};
    co_return plan;
  }
  auto preconditions = co_await look_at_preconditions(connection, flip);
  plan.checklist = std::move(preconditions.checklist);
  plan.checklist.insert(plan.checklist.end(), preconditions.unconfirmed.begin(), preconditions.unconfirmed.end());
  plan.drain_milliseconds = preconditions.drain_seconds.value_or(0) * 1000;
  const auto last = co_await connection.query(queries::last_hold, name);
  if (!last.is_null(0, 0)) plan.last_hold_milliseconds = last.real(0, 0);
  plan.checklist.push_back(hold_condition(plan, flip.limits));
  const auto now = sides_of(file, naming_of(opposite(flip.to)));
  const auto& owner = flip.to == Direction::kReverse ? now.v1 : now.v2;
  auto both = now.v1;
  both.insert(both.end(), now.v2.begin(), now.v2.end());
  const auto outside = locked_outside(preconditions.inventory);
  auto written = owner;
  written.insert(written.end(), outside.begin(), outside.end());
  both.insert(both.end(), outside.begin(), outside.end());
  auto also = now.shared;
  const auto referred = referred_outside(preconditions.inventory);
  also.insert(also.end(), referred.begin(), referred.end());
  const auto held = co_await lock_order(connection, written, also);
  const std::vector<mapping::TableName> none;
  const auto all = co_await lock_order(connection, both, none);
  const auto forward = co_await forward_outline(connection, file, naming_of(opposite(flip.to)));
  plan.steps = {
      fmt::format("publication {} and slot {} are made", flip.settings.publication, flip.settings.slot),
      "quiet: vacuum and changes of the tables' shape are kept away; nobody who reads or writes notices",
      fmt::format("hold: writers wait, readers go on; locks on {}. A lock is waited for {} ms at most, then all is let go and tried again, up to {} times",
                  held, flip.limits.lock_timeout.count(), flip.limits.attempts),
      "barrier: a marker in the WAL behind everything that was written before",
      fmt::format("drain: the daemon brings over what stands before it; all is let go, unchanged, once the hold has lasted {} ms", flip.limits.hold.count()),
  };
  if (flip.hook) plan.steps.insert(plan.steps.begin() + 1, "pause: the hook keeps applications waiting outside, until the writes have moved or all is let go");
  auto swap = swap_steps({file, preconditions.rules}, flip.to, forward, all);
  swap.push_back(carry_step(file, preconditions.inventory, flip.to));
  for (const auto& hanging : preconditions.inventory) plan.inventory.push_back(line_of(hanging));
  for (const auto& step : swap) plan.steps.push_back(fmt::format("{}: {}", step.name, step.says));
  const auto accepted = co_await connection.query(queries::accepted_first, name);
  const auto without = accepted.number(0, 0);
  if (flip.to == Direction::kForward && without > 0) {
    plan.steps.push_back(fmt::format("set aside: what v2 has of the {} keys that v1 goes without, as somebody accepted, is kept in {}", without, flip.kept_name()));
  }
  plan.steps.push_back(fmt::format("state: crossfade.route sends everybody to {}; a line in crossfade.audit; listeners on channel crossfade are told",
                                   flip.to == Direction::kReverse ? "v2" : "v1"));
  plan.steps.emplace_back("commit: the one point of no return");
  if (flip.hook) plan.steps.emplace_back("resume: the hook lets the applications go");
  plan.steps.push_back(fmt::format("tidy: slot {} is dropped", flip.old_slot));
  co_return plan;
}

}  // namespace crossfade::cutover
