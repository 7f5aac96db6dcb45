#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "pg/connection.h"

namespace crossfade::cutover {

/// What a flip of reads is judged by.
struct Facts {
  std::string phase;
  bool leader = false;                         ///< a daemon works
  double behind_seconds = 0;                   ///< since the engine last wrote its checkpoint
  std::int64_t quarantined = 0;                ///< keys not accepted by name
  std::optional<std::int64_t> drifted;         ///< rows of the last whole verification; none: never verified
  double verified_seconds_ago = 0;
  std::optional<std::int64_t> unaccounted;     ///< source rows; none: never counted
  std::int64_t unvalidated_constraints = 0;    ///< of shadow tables
};

/// The bounds a flip keeps.
struct Limits {
  double behind_seconds = 10;                  ///< a reader that moves over must not see last minute's data
  double verification_seconds = 24 * 3600;     ///< a day: what was proved before says little about now
};

/// Why not now, and the command that mends it.
struct Blocker {
  std::string reason;
  std::string detail;
  std::string fix;
};

/// Pure; empty: nothing stands in the way.
std::vector<Blocker> blockers_of_reads(const Facts& facts, const Limits& limits);

boost::asio::awaitable<Facts> read_facts(pg::Connection& connection, std::string migration);

}  // namespace crossfade::cutover
