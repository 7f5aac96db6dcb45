#pragma once

#include <string>
#include <vector>

#include "cutover/across/turn_rows.h"
#include "cutover/layout/blockers.h"
#include "cutover/writes/writes.h"
#include "cutover/writes/writes_plan.h"
#include "mapping/file/written_rule.h"

namespace crossfade::cutover {

/// What a flip of the writes to another server is judged by.
struct AcrossConditions {
  std::vector<Condition> checklist;
  std::vector<Blocker> blockers;
  std::vector<std::string> inventory;  ///< what hangs on v1's tables, and stays there
  mapping::RulesInForce rules;
};
/// Wants no open transaction on either server.
boost::asio::awaitable<AcrossConditions> look_at_conditions(pg::Connection& connection, const WritesFlip& flip);

/// What stands in the way now, and what would be done, from wherever the two servers are.
boost::asio::awaitable<WritesPlan> plan_across(pg::Connection& connection, const WritesFlip& flip);

/// What both servers say; throws where one of them does not know of the migration.
boost::asio::awaitable<TurnRows> expect_turns(pg::Connection& connection, std::string migration);

/// Of writes that have moved, and are wanted back.
Failure no_way_back(const WritesFlip& flip, const TurnRows& rows);

}  // namespace crossfade::cutover
