#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "crossfade/v1/migration.pb.h"

namespace crossfade::mapping {

/// A follow rule as the file or the target's view has it, taken apart; nothing of it has met a catalog.
struct WrittenRule {
  std::string source;                        ///< the source's key in the file
  std::string target;
  std::vector<std::string> locator_columns;  ///< of the view
  std::vector<std::string> source_columns;   ///< direct: one a locator column; indirect: the lookup's parameters
  std::string lookup;                        ///< indirect: the select with $1…$n for arrays of source_columns' values; else ""
  std::string derived = {};                  ///< what in the view says so, where the file does not; else ""
};

/// What follows what, in both directions: the file's rules, and those of the views for what it says nothing about. Sources are called
/// as the file calls them.
struct RulesInForce {
  std::vector<WrittenRule> forward;
  std::vector<WrittenRule> reverse;
};

/// All rules of the file's targets, by target, then by source. Throws a usage Failure for a rule without columns, and for one
/// that mixes columns with a select; `section` is what the file calls the targets.
std::vector<WrittenRule> written_rules(const v1::Migration& file, std::string_view section = "targets");

/// A lookup with its $column replaced by $1…$n, and the columns in that order; each is named once.
struct Lookup {
  std::string sql;
  std::vector<std::string> columns;
};
Lookup read_lookup(std::string_view written);

/// "workout_days ← exercises", how messages call a rule.
std::string describe(const WrittenRule& rule);

}  // namespace crossfade::mapping
