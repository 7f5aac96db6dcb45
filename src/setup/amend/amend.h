#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "mapping/file/migration_file.h"
#include "mapping/preflight/preflight.h"
#include "pg/connection.h"

/// A migration that is under way is changed: its views, its rules, v2's tables, and with them v1's, in one transaction.
namespace crossfade::setup {

/// How long an amend may make others wait, and how often it tries.
struct AmendLimits {
  std::chrono::milliseconds lock_timeout{100};  ///< for one table's lock; whoever queues behind us waits as long
  std::chrono::milliseconds hold{100};          ///< from the first table's lock to the commit, and for a view's
  std::optional<std::chrono::milliseconds> at_last = {};  ///< where some tries have shown that it takes longer; nothing: then it is given up
  int attempts = 20;
  std::chrono::milliseconds pause{200};         ///< between two attempts
};

/// As the file has them for a move of the writes; where it says nothing of that, those above.
AmendLimits limits_of(const mapping::MigrationFile& file);

struct Amend {
  mapping::MigrationFile file;                  ///< as it is to be
  std::string ddl_name = {};                    ///< the file of …
  std::string ddl = {};                         ///< … what is run with it, for v1 or v2; "" nothing
  std::string how = "amended";                  ///< or undone
  std::string who = {};                         ///< for the audit; "" the session's role
  std::vector<std::string> because = {};        ///< what it follows, for people
  bool anew = false;                            ///< the same texts say something else by now: v2 and the views are made after them again
  AmendLimits limits = {};
};

/// What an amend does, or did.
struct Amended {
  /// A target whose rows are made again, or for the first time.
  struct Again {
    std::string target;
    double rows = 0;                            ///< by the planner
    std::optional<double> seconds = {};         ///< at the speed of its last filling
    bool is_new = false;
  };

  mapping::Preflight preflight;                 ///< not ok(): nothing has changed
  std::vector<std::string> changes;             ///< one a line, for people; empty: there is nothing to do
  std::vector<Again> again;
  std::vector<std::string> untouched;           ///< targets
  int edition = 0;                              ///< that is in force now
  int attempts = 1;
  std::chrono::milliseconds held{0};
};

/// What it would do; nothing is left behind. With DDL it is done and rolled back, under the same limits.
boost::asio::awaitable<Amended> plan_amend(pg::Connection& connection, Amend amend);

/// Does it, whole or not at all: what does not fit is refused by the checks of `plan`. A daemon that works goes on by what it says.
/// Throws kTimeout where the locks could not be had, or not held for so short a time.
boost::asio::awaitable<Amended> perform_amend(pg::Connection& connection, Amend amend);

/// Returns once the daemon that leads goes by what is said now: soon, or there is none, or it has had time enough.
boost::asio::awaitable<void> until_taken_on(pg::Connection& connection, std::string migration);

/// The amend that goes back to the edition before; throws a precondition Failure where that is not known.
boost::asio::awaitable<Amend> undo_of_last(pg::Connection& connection, const mapping::MigrationFile& folder);

}  // namespace crossfade::setup
