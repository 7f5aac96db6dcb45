#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "cutover/inventory/inventory.h"
#include "cutover/layout/blockers.h"
#include "cutover/writes/writes.h"

namespace crossfade::cutover {

/// What a flip of the writes is judged by, beyond what a flip of the reads is.
struct Preconditions {
  std::vector<Blocker> blockers;
  std::vector<Condition> checklist;        ///< these and what is met; a condition that was not looked at is not there
  std::vector<Blocker> unconfirmed;             ///< failing checks: on a busy system, perhaps for what is on its way alone
  mapping::RulesInForce rules;             ///< as the tables are called now
  std::vector<Hanging> inventory;          ///< of what hangs on the tables
  std::optional<mapping::Model> reverse_model;  ///< to v2 only: the other direction, held against the catalog
  std::string rows_behind;                 ///< to v1, where rows are set aside: how v2's rows of a key are found
  std::optional<double> drain_seconds;     ///< measured: how long until the other side has what is committed now
};

/// As gather_facts(). Keys that were spilled for a moment, behind a parent that went or a batch that was full, are not what a person has to mend.
boost::asio::awaitable<Facts> settled_facts(pg::Connection& connection, std::string migration, Limits limits);

/// The migration's checks of severity `fail` that fail now.
struct FailingChecks {
  std::vector<Blocker> failing;
  std::string unfinished;      ///< one that was broken off: whether it fails is not known
  std::chrono::duration<double> slowest{0};  ///< of those that fail
};
/// Where `until` is given they are broken off then. Wants no open transaction.
boost::asio::awaitable<FailingChecks> failing_checks(pg::Connection& connection, const WritesFlip& flip, std::optional<pg::Clock::time_point> until);

/// Reads the facts and judges them. Wants no open transaction.
boost::asio::awaitable<Preconditions> look_at_preconditions(pg::Connection& connection, const WritesFlip& flip);

}  // namespace crossfade::cutover
