#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "mapping/derive/facts.h"
#include "mapping/derive/trace.h"

namespace crossfade::mapping::derive {

/// What is asked: by which keys of one target the changes of its view's tables are to be followed.
struct Question {
  std::string view;                    ///< TableName::quoted()
  std::vector<std::string> key;        ///< of the target
  /// Whether rows of the target can be found by these columns of the view.
  std::function<bool(const std::vector<std::string>&)> locatable;
  std::set<std::string> never_null = {};  ///< columns of the target that are never null
};

/// A follow rule and where it comes from.
struct Rule {
  TableName source;
  std::vector<std::string> locator_columns;
  std::vector<std::string> source_columns;  ///< direct: one a locator column; else the lookup's parameters
  std::string lookup;                       ///< with $1…$n for arrays of source_columns' values; "" of a direct rule
  std::string reason;                       ///< "exercises.plan_id is plan_id"
};

/// A table whose changes the view does not tell the rows of.
struct Untold {
  TableName source;
  std::string place;                        ///< where in the view it stands
  std::string why;
  std::string proposal;
};

/// A table where it stands in the view, and what a rule that somebody wrote can rest on there.
struct Seen {
  TableName source;
  std::string place;
  std::map<std::string, std::string> known;  ///< columns of the view that are, in each row concerned, a column of the changed row
  std::string rule;                          ///< what was derived for it, in words; "" where nothing was
  std::string why = {};                      ///< why nothing was
  std::set<std::string> leads = {};          ///< columns of other tables by which the changed row leads to the rows, where it does so through others
};

struct Answer {
  std::vector<Rule> rules;                  ///< each once, the widest of those that say the same
  std::vector<Untold> untold;
  std::vector<Seen> seen = {};
  std::string refusal;                      ///< why the view could not be read at all; "" where it was
  std::vector<Shown> shown = {};            ///< of each branch and table
};

/// All views of a migration in one direction, as they were read.
struct Reading {
  Facts facts;                                    ///< the tables that are followed among them, whether or not a view reads them
  std::map<std::string, RelationFacts> tables = {}; ///< that the views fill, by the target's name; the primary key first of their keys
  std::vector<TableName> sources = {};            ///< that move; none that both sides use
  std::map<std::string, std::string> views = {};  ///< TableName::quoted() of each target's view, by the target's name
  std::map<std::string, Answer> answers = {};     ///< by the target's name
};

/// Pure. What it offers is never less than what changes; where the view leaves a doubt it is more.
Answer derive(const Facts& facts, const Question& question);

}  // namespace crossfade::mapping::derive
