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
  bool varies = false;                ///< values that are equal to it need not be the same
  std::string equal_by = {};          ///< not the very value: a collation, by which alone it is equal; "" of one that is equal by any
  bool may_fail = false;              ///< to compute it of any row whatever may be refused

  bool constant() const { return of.empty() && through.empty(); }
  /// Of rows that share it one is shown, whose own is only equal to the others'; by a collation, or "".
  void become_one_of_equals(const std::string& by);
};

/// What holds of one table's row, wherever it is one of those that a row of the view is made of.
struct Restriction {
  std::string sql;
  std::set<std::string> columns;
  bool cheap = true;                    ///< the server asks it before what it costs more to compute
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
  std::set<std::string> columns = {};   ///< of the item, that are compared
  bool to_one = false;                  ///< a changed row meets one row of it at most
  /// Of its own rows, by which the view takes none that the conditions fail on, and a partial index serves.
  std::vector<std::string> restrictions = {};
  bool may_fail = false;                ///< what it is compared with, on a changed row that the view leaves out
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
  void forget() {
    columns_.clear();
    restrictions_.clear();
  }

  /// By which collations two sides are equal, where it matters: as SQL, or "".
  struct By {
    std::string compared;  ///< the comparison
    std::string own = {};  ///< the column's own
  };
  /// The column equals the value, and neither is null.
  void equate(const Place& place, Value value, const By& by);
  /// The value is one of the array's in the column.
  void among(const Place& array, const Value& value);
  /// An expression over the item's columns equals the value.
  struct Compared {
    const Item& item;
    std::string expression;
    bool may_fail = false;
    std::string by = {};  ///< a collation
    std::set<std::string> columns = {};
  };
  void compare(const Compared& compared, const Value& value);
  /// A condition over the item's columns alone holds.
  void restrict(const Item& item, Restriction restriction);
  /// Of the changed row.
  const std::vector<Restriction>& restrictions() const;

  /// How rows of the item are found by what is known; nothing where nothing compares with it.
  std::optional<Bridge> bridge_to(const Item& item) const;

  /// Whether an expression is made of values that vary, beside those expressions that all its rows share.
  bool varies(const Level& level, const Node& expression, const std::set<std::string>& shared) const;

  /// Items of the level of which something is known: they are there.
  void add_known_items(const Level& level, std::set<const Item*>& there) const;
  std::size_t size() const { return columns_.size() + links_.size(); }
  const std::set<std::string>& joined_by() const { return joined_by_; }
  const std::map<Column, std::string>& equal() const { return equal_; }

 private:
  bool same_elements(const Place& array, const std::string& column) const;
  struct Link {
    Bridge bridge;
    std::string expression = {};  ///< of the item's columns, where to compute it may fail
    std::string value = {};
  };
  void add_link(Link link, const Value& value);

  const Item& table_;
  std::map<Column, Value> columns_;
  std::map<Column, Link> links_;         ///< what else compares with an item, by its condition
  std::map<const Item*, std::vector<Restriction>> restrictions_;
  std::set<std::string> joined_by_;      ///< the changed row's columns that lead to others
  std::map<Column, std::string> equal_;  ///< columns of others that equal a column of the changed row
};

}  // namespace crossfade::mapping::derive
