#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error/exit_code.h"
#include "pg/connection.h"
#include "sync/state/shape.h"

namespace crossfade::cutover {

/// What a flip is judged by.
struct Facts {
  std::string phase;
  std::string follower = "v2";                 ///< the side that does not own the data
  std::string behind = {};                     ///< targets that are behind the others, which follow; "" where all follow, or none
  bool leader = false;                         ///< a daemon works
  std::string left_open = {};                  ///< keys, indexes and checks that are refused by now, and what for
  std::string trying = {};                     ///< one that is there and cannot follow, and why; "" none …
  std::string trying_fix = {};                 ///< … and what mends that
  bool paused = false;
  std::string end_of_wal;                      ///< when all this was read
  std::optional<double> lag_seconds;           ///< none: not measured, because nobody applies anything, or not all of it
  std::int64_t dirty = 0;                      ///< keys spilled that wait for their refresh; above 10,000 an estimate
  std::int64_t quarantined = 0;                ///< keys not accepted by name
  std::string parked = {};                     ///< targets that the database refuses as a whole, each with what it says
  std::optional<double> verified_seconds_ago;  ///< since a clean verification of all targets; none: there was none
  std::int64_t drifted = 0;                    ///< rows that a verification after it found
  std::optional<std::int64_t> unaccounted;     ///< source rows; none: never counted
  std::int64_t unbuilt = 0;                    ///< keys, indexes and foreign keys taken off for the backfill
  std::int64_t unvalidated = 0;                ///< constraints of the shadow tables …
  std::string validate;                        ///< … and the statement for the first of them
  std::optional<std::vector<std::string>> folder; ///< its files that are not as the database has them; none: nobody looked
  std::vector<sync::ShapeChange> shape;        ///< what is followed or read and is not as the targets were made by
};

/// The bounds a flip keeps.
struct Limits {
  double lag_seconds = 10;                     ///< a reader that moves over must not see last minute's data
  double verified_seconds = 24 * 3600;         ///< a day: what was proved before says little about now
};

/// What a flip wants, how it stands with that, and the command that mends it.
struct Condition {
  std::string reason;                          ///< one or two words, the same whenever it is the same
  std::string detail;
  std::string fix;                             ///< "" where it is met
  bool met = false;
  ExitCode exit = ExitCode::kNotReady;         ///< of a flip that this holds up
  bool unknown = false;                        ///< it could not be looked at: met, for it holds nothing up; fix says what would show it
  bool noted = false;                          ///< met, for it holds nothing up, and whoever goes on should know it; fix says what there is to do
};
/// One that is not met.
using Blocker = Condition;

/// All that a flip of the reads wants, in a fixed order. Pure.
std::vector<Condition> checklist_of_reads(const Facts& facts, const Limits& limits);
/// The same for a rollback of the writes: v1 has to be up to date, and what was verified must have been clean; but nobody has
/// to prove anything anew who wants to go back in a hurry.
std::vector<Condition> checklist_of_way_back(const Facts& facts, const Limits& limits);
/// That of the flip which can come next: once v2 owns the data, the way back.
std::vector<Condition> checklist_of_next_flip(const Facts& facts, const Limits& limits);

/// Whether the folder is what the database was made after: the condition of both flips to v2. Pure.
Condition judge_folder(const std::vector<std::string>& files);

/// What of a checklist is not met; empty: nothing stands in the way.
std::vector<Blocker> blockers_of(const std::vector<Condition>& checklist);

/// What the process tells the shell: a fault that does not pass by itself goes before what does.
ExitCode exit_of(const std::vector<Blocker>& blockers);

/// What stands in the database; an unknown migration has no facts, not even a phase. The lag is left open.
boost::asio::awaitable<Facts> read_facts(pg::Connection& connection, std::string migration);

/// Reads the facts from the database; an unknown migration has none, not even a phase. The lag is measured: how long it
/// takes until v2 has all that is committed now; given up, and said so by a lag beyond the limit, once that has passed.
boost::asio::awaitable<Facts> gather_facts(pg::Connection& connection, std::string migration, Limits limits);

}  // namespace crossfade::cutover
