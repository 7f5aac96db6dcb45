#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

#include "base/error/exit_code.h"

namespace crossfade {

/// What is done about a failure while the migration runs.
enum class Verdict {
  kRetry,       ///< the same again: another transaction was in the way
  kReconnect,   ///< the same again on a new connection
  kQuarantine,  ///< the row's own fault: set the key aside, go on with the rest
  kStop,        ///< a person is needed
};

/// The one error type. It answers questions instead of being a tree of classes: what happened (message), what to do
/// (advice), what the server said (sqlstate and its details), what we were doing.
class Failure : public std::runtime_error {
 public:
  struct Facts {
    ExitCode exit = ExitCode::kInternal;
    std::string message;    ///< what is wrong, a sentence without a full stop
    std::string advice;     ///< what the reader does about it; empty where the table of SQLSTATEs knows better
    std::string doing;      ///< what we were doing, e.g. "backfill of workout_days"
    std::string sqlstate;   ///< five characters, empty where no server spoke
    std::string detail;     ///< the server's DETAIL
    std::string hint;       ///< the server's HINT
    std::string constraint; ///< the constraint, column or table the server named, if any
    std::string statement;  ///< the statement sent; never with its parameters
    bool connection_lost = false;
  };

  explicit Failure(Facts facts);

  const Facts& facts() const { return facts_; }
  ExitCode exit() const { return facts_.exit; }
  std::string_view sqlstate() const { return facts_.sqlstate; }
  bool connection_lost() const { return facts_.connection_lost; }
  /// What to do, from the failure itself or else from the table of SQLSTATEs.
  std::string advice() const;
  Verdict verdict() const;
  /// Of a statement that reads and writes rows: trying it with fewer of them tells whose fault it is, a row's or the table's. Not
  /// so where it is the connection's, the moment's, the lease's or the server's.
  bool found_by_trying() const;
  /// The statement names what is not there, or not ours: it fails for every row alike.
  bool names_nothing() const;
  /// Rows of a table want the same place: a unique index, an exclusion constraint.
  bool is_conflict() const { return facts_.sqlstate == "23505" || facts_.sqlstate == "23P01"; }

 private:
  Facts facts_;
};

/// The line for SQLSTATE `sqlstate` in the one table that decides; its class' line where the state has none of its own.
struct SqlstateRule {
  std::string_view prefix;  ///< a whole SQLSTATE or its class
  Verdict verdict;
  ExitCode exit;
  std::string_view advice;
};
const SqlstateRule& rule_for(std::string_view sqlstate);

/// Shorthands for the two failures most code raises itself.
Failure usage_failure(std::string message, std::string advice);
Failure precondition_failure(std::string message, std::string advice);

}  // namespace crossfade
