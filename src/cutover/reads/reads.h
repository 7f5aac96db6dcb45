#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "crossfade/v1/migration.pb.h"
#include "cutover/record/step_log.h"
#include "mapping/model/model.h"
#include "pg/connection.h"

namespace crossfade::cutover {

/// A wanted share of keys that read v2. Made by the two functions below.
struct Flip {
  double percent = 0;                  ///< two places, as the database keeps it
  std::string action;                  ///< for the audit: "cutover reads", "rollback reads"
  std::string who;                     ///< for the audit; "" the session's user
};

/// More or fewer keys than now. Throws a usage Failure unless 0 < percent ≤ 100.
Flip move_reads(double percent, std::string who);
/// Where reads go next: the first of the file's cutover.route_steps above `percent_now`; all keys where it has none. Pure.
double next_route_step(const v1::CutoverOptions& cutover, double percent_now);
/// All keys back to v1.
Flip roll_back_reads(std::string who);

/// How much a flip may be in others' way.
struct Patience {
  std::chrono::milliseconds lock_timeout{500};  ///< whoever queues behind us waits no longer than that
  int attempts = 20;
  std::chrono::milliseconds pause{100};         ///< between two attempts, up to four times as long
};

struct Outcome {
  double before = 0;                   ///< the share until then
  int attempts = 1;
  std::vector<LoggedStep> steps;
  std::string flip = {};               ///< its id in crossfade.audit
};

/// The steps of a flip in words, in their order, for --dry-run. Pure.
std::vector<std::string> plan_reads(const mapping::Model& model, double percent_now, const Flip& flip, const Patience& patience = {});

/// Route, stable views, audit and NOTIFY change in one transaction, or nothing does. Lets go when a lock is not to be had
/// and tries again; says who had it when it gives up. A commit whose answer is lost is looked up over `endpoint` and never
/// repeated; kOutcomeUnknown where that cannot be done.
boost::asio::awaitable<Outcome> flip_reads(pg::Connection& connection, const mapping::Model& model, pg::Endpoint endpoint,
                                           Flip flip, Patience patience = {});

/// The share of keys that read v2 now; 0 for an unknown migration.
boost::asio::awaitable<double> percent_on_v2(pg::Connection& connection, std::string migration);

}  // namespace crossfade::cutover
