#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "mapping/derive/trace.h"

namespace crossfade::mapping::derive {

/// What a column is in every row that depends on a changed row: an expression over columns of the changed row and of tables that
/// are joined to it.
struct Value {
  std::string sql;                    ///< the changed row is called `changed`, a joined table by its item's name
  std::string plain = {};             ///< the changed row's column where it is that and nothing more
  std::set<std::string> of = {};      ///< the changed row's columns in it
  std::set<const Item*> through = {}; ///< the joined tables in it, and those by which these are found
  bool same = true;                   ///< the very value, not only an equal one
  bool required = false;              ///< never null

  bool constant() const { return of.empty() && through.empty(); }
};

/// A table that is joined to the changed rows, and by what.
struct Bridge {
  const Item* item = nullptr;
  std::vector<std::string> conditions;  ///< over `changed` and tables joined before it
  /// Where one condition compares with a column of the changed row alone: the condition with $1 in its array's place, and the column.
  std::string by_array = {};
  std::string array_of = {};
  std::set<std::string> of = {};
  std::set<const Item*> through = {};
  bool to_one = false;                  ///< a changed row meets one row of it at most
};

/// A column of an item in SQL.
std::string sql_column(const std::string& alias, const std::string& column);

/// What is known of the rows that depend on a changed row of one table.
class Known {
 public:
  using Column = std::pair<const Item*, std::string>;

  explicit Known(const Item& table);

  const Value* find(const Column& column) const;
  void know(const Column& column, Value value) { columns_.emplace(column, std::move(value)); }
  void know_all_of(const Bridge& joined);
  void forget() { columns_.clear(); }

  /// The column equals the value, and neither is null.
  void equate(const Place& place, Value value);
  /// The value is one of the array's in the column.
  void among(const Place& array, const Value& value);
  /// An expression over the item's columns equals the value.
  void compare(const Item& item, const std::string& expression, const Value& value);

  /// How rows of the item are found by what is known; nothing where nothing compares with it.
  std::optional<Bridge> bridge_to(const Item& item) const;

  /// Items of the level of which something is known: they are there.
  void add_known_items(const Level& level, std::set<const Item*>& there) const;
  std::size_t size() const { return columns_.size() + links_.size(); }
  const std::set<std::string>& joined_by() const { return joined_by_; }
  const std::map<Column, std::string>& equal() const { return equal_; }

 private:
  bool same_elements(const Place& array, const std::string& column) const;
  void add_link(Bridge link, const Value& value);

  const Item& table_;
  std::map<Column, Value> columns_;
  std::map<Column, Bridge> links_;       ///< what else compares with an item, by its condition
  std::set<std::string> joined_by_;      ///< the changed row's columns that lead to others
  std::map<Column, std::string> equal_;  ///< columns of others that equal a column of the changed row
};

}  // namespace crossfade::mapping::derive
