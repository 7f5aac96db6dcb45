#include "mapping/amend/v2_change.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "base/text/sql_text.h"
#include "mapping/amend/labels_change.h"

namespace crossfade::mapping {
namespace {

using Columns = std::vector<ColumnSide>;

/// What goes with its column or table, or is nobody's to take back.
constexpr const char* kNothing = "select";

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
    change_labels(schema_, there_, wanted_, before_, change_);
    others_go();
    drop_pieces();
    for (const auto& [table, columns] : wanted_.tables) {
      const auto old = there_.tables.find(table);
      if (old == there_.tables.end()) create(table, columns);
      else change(table, old->second, columns);
    }
    add_pieces();
    drop_tables();
    drop_types(there_, wanted_, before_, change_);
    grants();
    others_come();
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

  void grants() {
    for (const auto& [grant, revoke] : wanted_.grants) {
      if (!there_.grants.contains(grant)) say(grant, grant);
    }
    if (!before_) return;
    for (const auto& [grant, revoke] : before_->grants) {
      const bool going = !wanted_.grants.contains(grant) && there_.grants.contains(grant);
      if (going) say(revoke, revoke);
    }
  }

  using Others = std::map<std::string, OtherSide>;
  static const OtherSide* other_of(const Others& others, const std::string& name) {
    const auto found = others.find(name);
    return found == others.end() ? nullptr : &found->second;
  }
  static bool alike(const OtherSide* one, const OtherSide* other) { return one == nullptr || other == nullptr ? one == other : one->text == other->text; }

  /// What is to be made otherwise: by what v2.sql said before, where that is known; of what the database may have otherwise than v2.sql by
  /// that alone.
  bool changes(const std::string& name, const OtherSide* there, const OtherSide* now) const {
    if (alike(there, now)) return false;
    const bool option = (now != nullptr && now->option) || (there != nullptr && there->option);
    if (!before_) return !option && now != nullptr;
    const auto* said = other_of(before_->others, name);
    if (option && alike(said, now)) return false;
    return now != nullptr || said != nullptr;
  }

  /// What leans on columns goes before these do.
  void others_go() {
    for (const auto& [name, there] : there_.others) {
      const auto* now = other_of(wanted_.others, name);
      if (goes_along(there) || !changes(name, &there, now) || (now != nullptr && !there.anew)) continue;
      if (there.unmake.empty() || there.unmake == kNothing) {
        if (now == nullptr && there.unmake.empty()) change_.refused.push_back(name + " is there, and v2.sql says so no longer");
        continue;
      }
      if (now == nullptr) say(name + " goes", there.unmake);
      else change_.statements.push_back(there.unmake);
    }
    if (!before_) return;
    // Of rows the database says nothing.
    for (const auto& [name, said] : before_->others) {
      const bool gone = name.starts_with("rows of ") && !wanted_.others.contains(name) && wanted_.tables.contains(said.table);
      if (gone) change_.refused.push_back(name + " were put there, and v2.sql says so no longer");
    }
  }

  void others_come() {
    // Of what comes as well.
    for (const bool comments : {false, true}) others_come(comments);
  }

  void others_come(bool comments) {
    for (const auto& [name, now] : wanted_.others) {
      const auto* there = other_of(there_.others, name);
      if (name.starts_with("comment on ") != comments || !changes(name, there, &now)) continue;
      // A sequence comes with its column as it is.
      if (!now.make.empty() && now.unmake == kNothing && there == nullptr) change_.statements.push_back(now.make);
      else if (!now.make.empty()) say(there == nullptr ? name + " comes" : name + " is another one", now.make);
      else if (there == nullptr) change_.refused.push_back(name + " is not there");
      else change_.refused.push_back(fmt::format("{} is another one{}", name, short_of(now.text, there->text)));
    }
  }

  /// With its table or column.
  bool goes_along(const OtherSide& other) const {
    const auto table = wanted_.tables.find(other.table);
    if (table == wanted_.tables.end()) return there_.tables.contains(other.table);
    return !other.column.empty() && find(table->second, other.column) == nullptr;
  }

  static std::string short_of(const std::string& now, const std::string& there) {
    constexpr std::size_t kShort = 100;
    const auto is_short = [](const std::string& text) { return !text.empty() && text.size() <= kShort && text.find('\n') == std::string::npos; };
    return is_short(now) && is_short(there) ? fmt::format(": v2.sql says {}, the database {}", now, there) : "";
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
  void require(const std::string& table, const std::string& column) { change_.later.push_back(required_later(table, column)); }

  LaterPiece required_later(const std::string& table, const std::string& column) const {
    const auto name = given(column);
    Piece piece;
    piece.table = table;
    piece.kind = 'c';
    piece.create = fmt::format("alter table {} add constraint {} check ({} is not null) not valid", quoted(table), quote_identifier(name), quote_identifier(column));
    piece.validate = fmt::format("alter table {0} validate constraint {1}; alter table {0} alter column {2} set not null, drop constraint {1}", quoted(table),
                                 quote_identifier(name), quote_identifier(column));
    return {on(name, table), 2, std::move(piece)};
  }

  /// An identity stands on its own, where nothing else is to be another with it.
  static bool is_another_identity(const ColumnSide& old, const ColumnSide& column) {
    if (old.identity == column.identity || old.generated != 0 || column.generated != 0 || old.type != column.type) return false;
    return column.identity == 0 || (old.required && column.required && old.given.empty());
  }
  static const char* always_or_not(const ColumnSide& column) { return column.identity == 'a' ? "always" : "by default"; }

  static std::string as_said(const ColumnSide& column, bool collated) {
    if (!collated) return column.type;
    return column.type + (column.collation.empty() ? " of its own collation" : " collate " + column.collation);
  }

  void alter(const std::string& table, const ColumnSide& old, const ColumnSide& column) {
    const auto name = quote_identifier(column.name);
    const auto put = [&](std::string_view what, const std::string& action) {
      say(fmt::format("column {}.{} {}", table, column.name, what), fmt::format("alter table {} alter column {} {}", quoted(table), name, action));
    };
    if (is_another_identity(old, column)) {
      if (column.identity == 0) put("draws its values by itself no longer", "drop identity");
      else if (old.identity == 0) put("draws its values by itself", fmt::format("add generated {} as identity", always_or_not(column)));
      else put("takes values otherwise", fmt::format("set generated {}", always_or_not(column)));
    } else if (!old.made_alike(column)) {
      change_.refused.push_back(fmt::format("column {}.{} is generated otherwise", table, column.name));
      return;
    }
    if (old.type != column.type || old.collation != column.collation) {
      const auto collate = column.collation.empty() ? "" : " collate " + column.collation;
      if (!old.given.empty() && old.generated == 0) put("loses its default for the moment", "drop default");
      const bool collated = old.type == column.type || old.collation != column.collation;
      put(fmt::format("is {} instead of {}", as_said(column, collated), as_said(old, collated)), fmt::format("type {0}{1} using {2}::{0}", column.type, collate, name));
      auto& otherwise = change_.otherwise[change_.statements.size() - 1];
      otherwise.column = fmt::format("{}.{}", table, column.name);
      otherwise.sql = fmt::format("alter table {0} {1}alter column {2} type {3}{4} using null", quoted(table), old.required ? fmt::format("alter column {} drop not null, ", name) : "", name,
                                  column.type, collate);
      otherwise.by_hand = fmt::format("alter table {} alter column {} type {}{} using …", quoted(table), name, column.type, collate);
      if (old.required && column.required) otherwise.later = required_later(table, column.name);
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
