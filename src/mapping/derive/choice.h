#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "mapping/derive/derive.h"
#include "mapping/derive/reach.h"

namespace crossfade::mapping::derive {

/// Columns of the view to find rows by, with what they are in terms of a changed row.
struct Choice {
  enum class Worth {
    kNarrow,  ///< the very rows that a change concerns, by columns through which a condition reaches tables
    kWide,    ///< others too
    kDear,    ///< the very rows, by columns that have to be computed for every row there is
    kLast,    ///< others too, by columns that happen to be the same
  };

  std::vector<std::string> columns;
  Reach reached;
  Worth worth = Worth::kLast;
  bool filtered = false;  ///< by all tables that were joined, whether or not a column is of them

  /// Tables that are joined for it, and no others.
  std::vector<Bridge> bridges() const;
  bool direct() const;
};

/// What is asked of one view, and what its tables have got so far.
struct Asked {
  const Facts& facts;
  const Question& question;
  const QueryTree& tree;
  std::set<std::vector<std::string>> taken = {};  ///< locators that tables of the view have chosen
  bool thorough = true;                           ///< tables are joined as well that only leave rows out
};

/// One choice, or one for each of the conditions by one of which the view takes a row, as of a = b or a = c: all of them lead to all rows.
using Choices = std::vector<Choice>;
Choice::Worth worth(const Choices& choices);

/// The best there is for one table of the view; empty where there is nothing.
Choices choose(const Asked& asked, const Item& table);
/// The best there is without a row of another table.
std::optional<Choice> choose_alone(const Asked& asked, const Item& table);

}  // namespace crossfade::mapping::derive
