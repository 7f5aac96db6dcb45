#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/error/exit_code.h"
#include "mapping/derive/derive.h"
#include "mapping/file/written_rule.h"
#include "mapping/model/model.h"

namespace crossfade::mapping {

/// What the check of one thing found.
struct Finding {
  enum class Level { kOk, kWarn, kFail };

  Level level = Level::kOk;
  std::string subject;                          ///< "server", "source public.exercises", "target workout_days", "rule days ← plans"
  std::string message;
  std::string fix;                              ///< the SQL, or what to write where; "" with kOk
  ExitCode exit = ExitCode::kPrecondition;      ///< what the process ends with if this is the worst
};

/// A migration held against a database.
struct Preflight {
  Model model;                                  ///< whole only if ok()
  std::optional<Model> reverse;                 ///< of the way back, where the file has one
  RulesInForce rules;                           ///< in the file's words
  std::vector<std::string> derived = {};          ///< of each of the model's rules what in the view says so; "" of one that is written
  std::vector<std::string> reverse_derived = {};  ///< the same of the way back's
  derive::Reading reading = {};                   ///< of mapping.sql
  derive::Reading reverse_reading = {};           ///< of reverse.sql
  std::vector<Finding> findings;

  bool ok() const {
    return std::none_of(findings.begin(), findings.end(), [](const Finding& f) { return f.level == Finding::Level::kFail; });
  }
};

/// Collects what is found about one subject.
class Findings {
 public:
  Findings(std::vector<Finding>& all, std::string subject) : all_(all), subject_(std::move(subject)) {}

  void fail(std::string message, std::string fix, ExitCode exit = ExitCode::kPrecondition) {
    add(Finding::Level::kFail, std::move(message), std::move(fix), exit);
  }
  void warn(std::string message, std::string fix) {
    add(Finding::Level::kWarn, std::move(message), std::move(fix), ExitCode::kPrecondition);
  }
  /// Something to know that is no fault.
  void note(std::string message) { all_.push_back({Finding::Level::kOk, subject_, std::move(message), "", ExitCode::kOk}); }
  /// Says that all is well, where nothing else was said.
  void conclude(std::string message) {
    if (!said_) add(Finding::Level::kOk, std::move(message), "", ExitCode::kOk);
  }

 private:
  void add(Finding::Level level, std::string message, std::string fix, ExitCode exit) {
    said_ = true;
    all_.push_back({level, subject_, std::move(message), std::move(fix), exit});
  }

  std::vector<Finding>& all_;
  std::string subject_;
  bool said_ = false;
};

}  // namespace crossfade::mapping
