#pragma once

#include <string>
#include <vector>

#include "mapping/model.h"
#include "pg/connection.h"

namespace crossfade::cutover {

/// The stable views for applications, in v2's shape: over the mapping as long as v1 is read, over the shadow tables once
/// everybody reads v2. One statement each; none where the migration names no schema for them. Pure.
std::vector<std::string> stable_views(const mapping::Model& model, bool on_v2);

/// Schema and views as they are before any flip, in the caller's transaction. True if the schema was made here.
boost::asio::awaitable<bool> make_stable_views(pg::Connection& connection, const mapping::Model& model);

struct Flip {
  double percent = 0;                 ///< of keys that read v2 from now on
  std::string action;                 ///< for the audit: "cutover reads", "rollback reads"
};

/// Route, stable views, audit and NOTIFY change in one transaction, or nothing does. Waits half a second for locks, then
/// lets go and tries again, 20 times. A commit whose answer is lost is looked up, never repeated. Returns how many tries
/// it took.
boost::asio::awaitable<int> flip_reads(pg::Connection& connection, const mapping::Model& model, pg::Endpoint endpoint, Flip flip);

/// The steps of a flip in words, for --dry-run. Pure.
std::vector<std::string> steps_of(const mapping::Model& model, const Flip& flip);

boost::asio::awaitable<double> percent_on_v2(pg::Connection& connection, std::string migration);

}  // namespace crossfade::cutover
