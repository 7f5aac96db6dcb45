#include "mapping/amend/compare.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "base/text/sql_text.h"

namespace crossfade::mapping {
namespace {

using Columns = std::vector<ColumnSide>;

const ColumnSide* find(const Columns& columns, const std::string& name) {
  const auto found = std::find_if(columns.begin(), columns.end(), [&](const ColumnSide& column) { return column.name == name; });
  return found == columns.end() ? nullptr : &*found;
}

/// As `create table` and `add column` have it. `required`: whether it says so itself.
std::string definition(const ColumnSide& column, bool required) {
  auto sql = quote_identifier(column.name) + " " + column.type;
  if (!column.collation.empty()) sql += " collate " + column.collation;
  if (column.generated != 0) sql += fmt::format(" generated always as ({}){}", column.given, column.generated == 's' ? " stored" : " virtual");
  else if (column.identity != 0) sql += fmt::format(" generated {} as identity", column.identity == 'a' ? "always" : "by default");
  else if (!column.given.empty()) sql += " default " + column.given;
  return required && column.required ? sql + " not null" : sql;
}

class Comparison {
 public:
  Comparison(const std::string& schema, const Side& there, const Side& wanted, const std::optional<Side>& before)
      : schema_(schema), there_(there), wanted_(wanted), before_(before) {}

  V2Change made() {
    types();
    drop_pieces();
    for (const auto& [table, columns] : wanted_.tables) {
      const auto old = there_.tables.find(table);
      if (old == there_.tables.end()) create(table, columns);
      else change(table, old->second, columns);
    }
    add_pieces();
    drop_tables();
    for (const auto& grant : wanted_.grants) {
      if (!there_.grants.contains(grant)) say(grant, grant);
    }
    for (const auto& [name, text] : wanted_.others) {
      const auto old = there_.others.find(name);
      if (old == there_.others.end()) change_.refused.push_back(name + " is not there");
      else if (old->second != text) change_.refused.push_back(name + " is another one");
    }
    return std::move(change_);
  }

 private:
  std::string quoted(const std::string& table) const { return quote_qualified(schema_, table); }
  /// The constraint by which a column comes to be required.
  static std::string given(const std::string& column) { return column + "_given"; }
  /// How it is known among the pieces.
  std::string on(const std::string& constraint, const std::string& table) const {
    const auto printed = there_.printed.find(table);
    return fmt::format("{} on {}", constraint, printed == there_.printed.end() ? quoted(table) : printed->second);
  }
  void say(std::string what, std::string statement) {
    change_.says.push_back(std::move(what));
    change_.statements.push_back(std::move(statement));
  }

  /// A label can be added and nothing else: rows have the others.
  void types() {
    for (const auto& [type, labels] : wanted_.labels) {
      std::vector<std::string> literals;
      for (const auto& label : labels) literals.push_back(quote_literal(label));
      const auto old = there_.labels.find(type);
      if (old == there_.labels.end()) {
        say(fmt::format("type {} is added", type), fmt::format("create type {} as enum ({})", type, fmt::join(literals, ", ")));
        continue;
      }
      const auto& had = old->second;
      if (had.size() > labels.size() || !std::equal(had.begin(), had.end(), labels.begin())) {
        change_.refused.push_back(fmt::format("type {} has other labels", type));
        continue;
      }
      for (auto n = had.size(); n < labels.size(); ++n) {
        say(fmt::format("type {} has label {}", type, labels[n]), fmt::format("alter type {} add value {}", type, literals[n]));
      }
    }
  }

  void create(const std::string& table, const Columns& columns) {
    std::vector<std::string> parts;
    std::string owned;
    for (const auto& column : columns) {
      parts.push_back(definition(column, true));
      if (column.sequence.empty()) continue;
      change_.statements.push_back("create sequence " + column.sequence);
      owned += fmt::format("; alter sequence {} owned by {}.{}", column.sequence, quoted(table), quote_identifier(column.name));
    }
    say(fmt::format("table {} is added", table), fmt::format("create table {} ({}){}", quoted(table), fmt::join(parts, ", "), owned));
    change_.added.insert(table);
  }

  void change(const std::string& table, const Columns& there, const Columns& wanted) {
    const auto* said = before_ && before_->tables.contains(table) ? &before_->tables.at(table) : nullptr;
    for (const auto& column : there) {
      if (find(wanted, column.name) != nullptr || (said != nullptr && find(*said, column.name) == nullptr)) continue;
      say(fmt::format("column {}.{} is dropped", table, column.name), fmt::format("alter table {} drop column {}", quoted(table), quote_identifier(column.name)));
    }
    for (const auto& column : wanted) {
      const auto* old = find(there, column.name);
      if (old == nullptr) add(table, column);
      else alter(table, *old, column);
    }
  }

  void add(const std::string& table, const ColumnSide& column) {
    if (!column.sequence.empty()) {
      change_.refused.push_back(fmt::format("column {}.{} draws from a sequence of its own", table, column.name));
      return;
    }
    // Rows that are there have no value yet; a default is one, and is given without touching them.
    const bool at_once = column.generated != 0 || column.identity != 0 || !column.given.empty();
    say(fmt::format("column {}.{} {} is added", table, column.name, column.type),
        fmt::format("alter table {} add column {}", quoted(table), definition(column, at_once)));
    if (column.required && !at_once) require(table, column.name);
    change_.touched.insert(table);
  }

  /// Once every row has a value. The constraint proves it without a lock that anybody waits for, and goes.
  void require(const std::string& table, const std::string& column) {
    const auto name = given(column);
    Piece piece;
    piece.table = table;
    piece.kind = 'c';
    piece.create = fmt::format("alter table {} add constraint {} check ({} is not null) not valid", quoted(table), quote_identifier(name), quote_identifier(column));
    piece.validate = fmt::format("alter table {0} validate constraint {1}; alter table {0} alter column {2} set not null, drop constraint {1}", quoted(table),
                                 quote_identifier(name), quote_identifier(column));
    change_.later.push_back({on(name, table), 2, std::move(piece)});
  }

  void alter(const std::string& table, const ColumnSide& old, const ColumnSide& column) {
    const auto name = quote_identifier(column.name);
    const auto put = [&](std::string_view what, const std::string& action) {
      say(fmt::format("column {}.{} {}", table, column.name, what), fmt::format("alter table {} alter column {} {}", quoted(table), name, action));
    };
    if (!old.made_alike(column)) {
      change_.refused.push_back(fmt::format("column {}.{} is generated otherwise", table, column.name));
      return;
    }
    if (old.type != column.type || old.collation != column.collation) {
      const auto collate = column.collation.empty() ? "" : " collate " + column.collation;
      if (!old.given.empty() && old.generated == 0) put("loses its default for the moment", "drop default");
      put(fmt::format("is {} instead of {}", column.type, old.type), fmt::format("type {0}{1} using {2}::{0}", column.type, collate, name));
      if (!column.given.empty() && column.generated == 0) put("has its default", "set default " + column.given);
      change_.touched.insert(table);
    } else if (old.given != column.given && column.generated == 0) {
      if (column.given.empty()) put("has no default", "drop default");
      else put("has another default", "set default " + column.given);
    }
    const bool waits = there_.pieces.contains(on(given(column.name), table));
    if (old.required && !column.required) put("may be null", "drop not null");
    if (!old.required && column.required && !waits) {
      change_.says.push_back(fmt::format("column {}.{} is not null, once every row has a value", table, column.name));
      require(table, column.name);
      change_.touched.insert(table);
    }
  }

  /// Foreign keys first: they lean on the keys of other tables.
  void drop_pieces() {
    for (const bool foreign : {true, false}) drop_pieces(foreign);
  }

  void drop_pieces(bool foreign) {
    for (const auto& [name, piece] : there_.pieces) {
      if ((piece.kind == 'f') != foreign) continue;
      const auto now = wanted_.pieces.find(name);
      if (now != wanted_.pieces.end() && now->second.create == piece.create) continue;
      const bool known = before_ && before_->pieces.contains(name);
      if (now == wanted_.pieces.end() && !known) continue;
      if (piece.kind == 'p' && wanted_.tables.contains(piece.table)) {
        change_.refused.push_back(fmt::format("the key of {} is another one", piece.table));
        continue;
      }
      if (wanted_.tables.contains(piece.table)) say(fmt::format("{} is dropped", name), piece.drop);
      else change_.statements.push_back(piece.drop);
    }
  }

  /// On an empty table at once; else when the rows are there, and in a way that nobody waits for.
  void add_pieces() {
    for (const bool foreign : {false, true}) {
      for (const auto& [name, piece] : wanted_.pieces) {
        const auto old = there_.pieces.find(name);
        if ((piece.kind == 'f') != foreign || (old != there_.pieces.end() && old->second.create == piece.create)) continue;
        if (change_.added.contains(piece.table)) {
          change_.statements.push_back(piece.create);
          if (!piece.validate.empty()) change_.statements.push_back(piece.validate);
          continue;
        }
        if (piece.kind == 'p') {
          if (old == there_.pieces.end()) change_.refused.push_back(fmt::format("the key of {} is another one", piece.table));
          continue;
        }
        change_.says.push_back(fmt::format("{} is added, once the rows are there", name));
        change_.later.push_back({name, piece.kind == 'c' || piece.kind == 'f' ? 2 : 1, piece});
        change_.touched.insert(piece.table);
      }
    }
  }

  void drop_tables() {
    for (const auto& [table, columns] : there_.tables) {
      const bool known = before_ && before_->tables.contains(table);
      if (wanted_.tables.contains(table) || !known) continue;
      say(fmt::format("table {} is dropped, with its rows", table), "drop table " + quoted(table));
      change_.dropped.insert(table);
    }
  }

  const std::string& schema_;
  const Side& there_;
  const Side& wanted_;
  const std::optional<Side>& before_;
  V2Change change_;
};

}  // namespace

V2Change compare(const std::string& schema, const Side& there, const Side& wanted, const std::optional<Side>& before) {
  return Comparison(schema, there, wanted, before).made();
}

}  // namespace crossfade::mapping
