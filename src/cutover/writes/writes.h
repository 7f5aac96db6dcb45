#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "cutover/layout/blockers.h"
#include "cutover/layout/sides.h"
#include "cutover/record/step_log.h"
#include "cutover/writes/decide.h"
#include "mapping/file/migration_file.h"
#include "setup/prepare/life.h"
#include "sync/state/runtime.h"

namespace crossfade::cutover {

/// How long a flip of the writes may make others wait, and how often it tries.
struct HoldLimits {
  std::chrono::milliseconds lock_timeout{100};  ///< for one table's lock, and half as long again for all; whoever queues behind us waits as long
  std::chrono::milliseconds hold{1000};         ///< from the first lock to the commit
  int attempts = 20;
  std::chrono::milliseconds pause{200};         ///< between two attempts, up to four times as long
  bool terminate_blockers = false;              ///< ends the sessions that kept an attempt from its locks
};

/// Keeps applications waiting outside the database ("pause") and lets them go again ("resume"). Says why it could not; "" it could.
using Hook = std::function<boost::asio::awaitable<std::string>(std::string word)>;

/// A flip of the writes as it is wanted: to v2, or back.
struct WritesFlip {
  const mapping::MigrationFile& file;
  mapping::Direction to = mapping::Direction::kReverse;
  std::string who;                              ///< for the audit; "" the session's user
  HoldLimits limits = {};
  bool rehearse = false;                        ///< as far as can be undone: locks, drain, and all is let go
  bool set_aside = false;                       ///< rows that v1 cannot take go into a table, with their reason
  Hook hook = {};                               ///< around each hold; null: none
  sync::Settings settings = {};                 ///< of the direction that it turns to: its slot is made …
  std::string old_slot = {};                    ///< … and of the one that ends the slot goes

  /// Beside the tables of v1, whose owner keeps it when crossfade goes.
  mapping::TableName kept() const { return {file.yaml.schemas().source(), file.yaml.migration() + "_set_aside"}; }
  std::string kept_name() const { return kept().schema + "." + kept().name; }
  setup::Event event() const { return to == mapping::Direction::kReverse ? setup::Event::kMoveWrites : setup::Event::kRollBackWrites; }
  std::string action() const { return std::string(to_text(event())); }
};

struct WritesOutcome {
  std::vector<Blocker> blockers;                ///< not empty: nothing was done
  std::string flip;                             ///< its id in crossfade.audit; "" where the wanted side owned the data already
  int attempts = 1;
  double hold_milliseconds = 0;                 ///< from the first lock to the commit, in the attempt that came through
  bool rehearsed = false;                       ///< … to the end of the drain: nothing has changed
  std::int64_t set_aside = 0;                   ///< keys
  bool still_paused = false;                    ///< the hook could not let the applications go
  std::vector<LoggedStep> steps;
  std::vector<std::string> notes;               ///< what is left to do, if anything
};

/// Turns the direction: names, fences, route, sequences and state change in one transaction under locks that writers wait for,
/// or nothing does. Does what decide() says, one step after the other, until the wanted side owns the data. Throws what gave
/// way after all attempts, and kOutcomeUnknown where a commit's answer was lost and cannot be looked up. Whatever is thrown but
/// that, v1 and v2 are as they were.
boost::asio::awaitable<WritesOutcome> flip_writes(const WritesFlip& flip);

}  // namespace crossfade::cutover
