#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "mapping/derive/derive.h"
#include "mapping/derive/query_tree.h"

namespace crossfade::mapping::views {

/// What one column of a view says of a column of a table.
struct Word {
  std::string column;         ///< of the table
  std::string of;             ///< of the view; "" where the view has such rows alone in which the column is `constant`
  std::string constant = {};  ///< SQL
  std::string instead = {};   ///< what the view has in the place of null; ""
};

/// The table's array, one element a row of the view.
struct Elements {
  std::string column;    ///< of the table
  std::string of;        ///< of the view
  std::string order;     ///< of the view: its place in the array; "" where no column says it
};

/// Rows of the table gathered into arrays of one row of the view.
struct Gathered {
  std::string column;    ///< of the table
  std::string of;        ///< of the view
  std::string order;     ///< SQL: by what; arrays of the same order have their elements side by side
};

/// A column of the table that is the key of another one, of which the view has another key: the name of a genre for its id.
struct LookedUp {
  std::string column;    ///< of the table
  TableName in;
  std::string key;       ///< which the column equals
  std::string by;        ///< which the view has …
  std::string of;        ///< … as this
};

/// Where else a column of the table is read.
struct Use {
  std::string of;        ///< of the view
  std::string as;        ///< the expression, for people
};

/// One select of a view, as it looks from one of its tables.
struct Aspect {
  std::string target;
  std::vector<Word> words;
  std::vector<Elements> elements;
  std::vector<Gathered> gathered;
  std::vector<LookedUp> looked_up;
  std::map<std::string, std::string> made = {};       ///< columns of the view, as SQL over the table's columns alone
  std::map<std::string, std::string> constants = {};  ///< columns of the view that this select has one value of, and another select another
  std::multimap<std::string, Use> uses = {};          ///< by the table's column: those that no word comes of
  bool grouped = false;    ///< a row of it stands for several of the table
  bool filtered = false;   ///< rows of the table may be missing
  std::string there_by = {}; ///< a column that is null in just those that are missing; "" where that is not all that decides
  bool apart = true;       ///< rows of this select are told from those of the view's others

  const Word* find(const std::string& column) const;
};

/// Views taken apart, by the target's name; those that can be.
using Trees = std::map<std::string, std::unique_ptr<derive::QueryTree>>;
Trees trees_of(const derive::Reading& reading);

/// All that the views say of a table, one for each place in which they read it. Pure.
std::vector<Aspect> aspects_of(const Trees& trees, const derive::RelationFacts& table);

}  // namespace crossfade::mapping::views
