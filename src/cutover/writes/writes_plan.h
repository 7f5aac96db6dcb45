#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cutover/layout/blockers.h"
#include "cutover/writes/writes.h"
#include "pg/connection.h"

namespace crossfade::cutover {

/// What stands in the way now, what the flip would do, and how long the hold may take.
struct WritesPlan {
  bool owns = false;                            ///< the wanted side owns the data already: nothing else is said
  std::vector<Condition> checklist;             ///< nothing is done unless all of it is met
  std::vector<std::string> steps;
  std::vector<std::string> inventory;           ///< what hangs on the tables, and what becomes of each
  double drain_milliseconds = 0;                ///< measured just now, without a hold; 0: nobody drains
  std::optional<double> last_hold_milliseconds; ///< of the flip before, as the step log has it
};

/// As long as the last one took, or as a drain takes now, whichever is longer.
double estimated_hold(const WritesPlan& plan);

boost::asio::awaitable<WritesPlan> plan_writes(pg::Connection& connection, const WritesFlip& flip);

}  // namespace crossfade::cutover
