#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/telemetry/progress.h"
#include "crossfade/v1/migration.pb.h"
#include "mapping/file/directed_migration.h"
#include "pg/connection.h"

namespace crossfade::verify {

namespace asio = boost::asio;

/// What one of the migration's own checks said.
struct CheckResult {
  enum class Verdict { kPass, kWarn, kFail };

  std::string name;
  v1::Check::When when = v1::Check::WHEN_BEFORE;
  Verdict verdict = Verdict::kFail;
  std::string expected;  ///< "0", "true"
  std::string found;     ///< the first column of the first row, "no row", or why the statement could not run
  double seconds = 0;
  bool broken_off = false;  ///< nothing is known but that it took longer than it was given
};

/// Runs the checks of `when`, each in a transaction of its own that is rolled back whatever it did, so that a check may
/// try what an application would do. Names without a schema are looked for in the shadow schema and then in the source's
/// (before: in the source's alone). A statement that fails or takes longer than `timeout` is a check that does not pass.
/// Throws where the connection is lost, and where a check ends its own transaction: what it wrote may have stayed.
struct CheckRun {
  v1::Check::When when = v1::Check::WHEN_AFTER;
  std::chrono::milliseconds timeout{60'000};
  std::optional<pg::Clock::time_point> until = {};          ///< all of them together are over by then: one that is not is broken off
  mapping::Naming naming = mapping::Naming::kOriginal;  ///< the statements name the tables as before the cutover of the writes
  Progress* progress = nullptr;                             ///< hears of each check, and of those that do not pass; none: nobody does
};
asio::awaitable<std::vector<CheckResult>> run_checks(pg::Connection& connection, const v1::Migration& migration, CheckRun how);

}  // namespace crossfade::verify
