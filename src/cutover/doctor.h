#pragma once

#include <optional>
#include <string>

#include "cutover/across/turns.h"
#include "mapping/file/migration_file.h"
#include "pg/connection.h"

namespace crossfade::cutover {

/// What the state of a flip of the writes is told from.
struct DoctorFacts {
  std::string migration;
  bool prepared = false;
  bool completed = false;
  bool on_v2 = false;          ///< v2 owns the data
  std::string leader;          ///< the daemon; "" none
  std::string trying;          ///< a daemon that is there and cannot follow; "" none
  std::string met;             ///< what keeps it from that, or would keep any …
  std::string mend;            ///< … and what mends that
  std::string flip_session;    ///< a flip that goes on now; "" none
  std::string slot;            ///< of the direction that goes on …
  bool slot_there = false;
  std::string other_slot;      ///< … and of the other one
  bool other_slot_there = false;
  std::string missing;         ///< tables that are not where the direction wants them
  std::string unfenced;        ///< tables of the following side that anybody can write
  std::string shut;            ///< tables of the owner that nobody can write
  std::string unvalidated;     ///< foreign keys of others that a flip has re-pointed and that are not validated
  std::string parked;          ///< targets that the database refuses as a whole
  std::string held;            ///< targets whose tables others have locked, and who
  bool hooked = true;          ///< migration.yaml has a hook
  bool paused = false;         ///< a flip's hook kept applications waiting, and nobody was seen to let them go
  std::optional<Turns> turns;  ///< of two servers
  bool drained = true;         ///< … v2's has all that v1 had when it was closed
  std::string last_flip;       ///< what, when, by whom, at which position
};

struct Diagnosis {
  std::string state;
  std::string next;            ///< the one safe step; "" none is needed
};

/// Pure. Says the truth after a crash at any step: the flip's commit is the only thing that changes who owns the data.
Diagnosis diagnose(const DoctorFacts& facts);

boost::asio::awaitable<DoctorFacts> examine(pg::Connection& connection, const mapping::MigrationFile& file);

}  // namespace crossfade::cutover
