#pragma once

#include <boost/json/value.hpp>
#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "mapping/derive/expression.h"
#include "mapping/derive/facts.h"

namespace crossfade::mapping::derive {

struct Level;

/// What stands in a from clause.
struct Item {
  enum class Kind { kTable, kQuery, kFunction, kValues, kRecursion };

  Kind kind = Kind::kTable;
  std::string alias;                       ///< as the view has it
  std::string name;                        ///< the same, no other item of the tree has it
  std::vector<std::string> columns;        ///< as they are seen from outside; a function's as far as they are named
  const RelationFacts* table = nullptr;    ///< kTable; a table that nothing is known of has none
  std::string written;                     ///< kTable: what the view calls it
  std::unique_ptr<Level> query;            ///< kQuery, kRecursion; a view too
  const Node* node = nullptr;              ///< kFunction, kValues
  Level* level = nullptr;

  bool is_table() const { return kind == Kind::kTable && table != nullptr; }
};

struct Join {
  std::vector<const Item*> items;          ///< of both sides
  std::set<const Item*> nullable;          ///< those whose columns it makes null where nothing matches; none of an inner join
  bool full = false;
  std::vector<const Node*> conditions;
  std::vector<std::pair<std::pair<const Item*, std::string>, std::pair<const Item*, std::string>>> same;  ///< using (…)
  std::vector<std::string> merged;         ///< columns of `using`
};

/// A select within an expression.
struct Link {
  std::unique_ptr<Level> query;
  const boost::json::object* node = nullptr;
  bool in_where = false;                   ///< as a conjunct of its own: rows for which it is not true are not there
};

struct Output {
  std::string name;
  const Node* expression = nullptr;
};

/// One select, or several that are put together by union, intersect or except.
struct Level {
  Level* outer = nullptr;                  ///< whose columns it may name
  Item* as_item = nullptr;                 ///< what it is there …
  Link* as_link = nullptr;
  Level* whole = nullptr;                  ///< … or what it is a branch of
  std::vector<std::unique_ptr<Level>> branches;
  bool union_all = true;                   ///< of branches
  std::string put_together;                ///< of branches: "union all", "except"

  std::vector<std::unique_ptr<Item>> items;
  std::vector<Join> joins;
  std::vector<const Node*> where;
  std::vector<Output> outputs;
  std::vector<std::unique_ptr<Link>> links;

  bool grouped = false;
  bool grouping_sets = false;
  bool having = false;                     ///< groups are left out
  std::vector<const Node*> groups;
  bool distinct = false;
  std::vector<const Node*> distinct_on;
  std::vector<std::vector<const Node*>> partitions;  ///< one a window
  bool limited = false;
  bool recursive = false;

  /// It has a row whatever its conditions leave out.
  bool sums_up() const { return grouping_sets || (grouped && groups.empty()); }
};

/// A view with all views in it taken apart.
class QueryTree {
 public:
  /// Throws std::runtime_error that says what the parser does not understand.
  QueryTree(const Facts& facts, const RelationFacts& view);

  const Level& root() const { return *root_; }
  /// Tables in the order in which they stand, each as often as it does.
  const std::vector<const Item*>& tables() const { return tables_; }

 private:
  friend class TreeBuilder;
  std::deque<boost::json::value> texts_;
  std::unique_ptr<Level> root_;
  std::vector<const Item*> tables_;
};

}  // namespace crossfade::mapping::derive
