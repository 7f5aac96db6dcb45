#include "mapping/amend/labels_change.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

#include "base/text/sql_text.h"

namespace crossfade::mapping {
namespace {

using Labels = std::vector<std::string>;

bool has(const Labels& labels, const std::string& label) { return std::find(labels.begin(), labels.end(), label) != labels.end(); }

std::string literals(const Labels& labels) {
  Labels quoted;
  for (const auto& label : labels) quoted.push_back(quote_literal(label));
  return fmt::format("{}", fmt::join(quoted, ", "));
}

/// All of `few` in the order that `many` has them in.
bool is_in(const Labels& few, const Labels& many) {
  auto next = few.begin();
  for (const auto& label : many) {
    if (next != few.end() && *next == label) ++next;
  }
  return next == few.end();
}

/// Each that goes has one that comes in its place.
bool called_otherwise(const Labels& had, const Labels& labels) {
  if (had.size() != labels.size()) return false;
  for (std::size_t n = 0; n < had.size(); ++n) {
    if (had[n] != labels[n] && (has(labels, had[n]) || has(had, labels[n]))) return false;
  }
  return true;
}

bool is_of(const ColumnSide& column, const std::string& type) { return column.type == type || column.type == type + "[]"; }

void say(V2Change& change, std::string what, std::string statement) {
  change.says.push_back(std::move(what));
  change.statements.push_back(std::move(statement));
}

void come(const std::string& type, const Labels& had, const Labels& labels, V2Change& change) {
  auto behind = had.size();
  for (std::size_t n = 0; n < labels.size(); ++n) {
    if (has(had, labels[n])) {
      --behind;
      continue;
    }
    const auto place = behind == 0 ? "" : n == 0 ? " before " + quote_literal(had.front())
                                                 : " after " + quote_literal(labels[n - 1]);
    say(change, fmt::format("type {} has label {}", type, labels[n]), fmt::format("alter type {} add value {}{}", type, quote_literal(labels[n]), place));
    change.labels.push_back(change.statements.back());
  }
}

/// Whatever was meant by it, the view says what its rows have.
void rename(const std::string& type, const Labels& had, const Labels& labels, const Side& wanted, V2Change& change) {
  for (std::size_t n = 0; n < had.size(); ++n) {
    if (had[n] == labels[n]) continue;
    say(change, fmt::format("type {} has label {} instead of {}", type, labels[n], had[n]),
        fmt::format("alter type {} rename value {} to {}", type, quote_literal(had[n]), quote_literal(labels[n])));
  }
  for (const auto& [table, columns] : wanted.tables) {
    if (std::any_of(columns.begin(), columns.end(), [&](const ColumnSide& column) { return is_of(column, type); })) change.touched.insert(table);
  }
}

/// Another type of the name, and the columns of it.
std::string made_anew(const std::string& schema, const std::string& type, const Labels& labels, const Side& there) {
  auto ddl = fmt::format("alter type {0} rename to crossfade_old; create type {0} as enum ({1}); ", type, literals(labels));
  for (const auto& [table, columns] : there.tables) {
    for (const auto& column : columns) {
      if (!is_of(column, type)) continue;
      const auto name = quote_identifier(column.name);
      const bool given = !column.given.empty() && column.generated == 0;
      const auto no_default = given ? fmt::format("alter column {} drop default, ", name) : "";
      const auto its_default = given ? fmt::format(", alter column {} set default {}", name, column.given) : "";
      ddl += fmt::format("alter table {0} {1}alter column {2} type {3} using {2}::text{4}::{3}{5}; ", quote_qualified(schema, table), no_default, name, column.type,
                         column.type == type ? "" : "[]", its_default);
    }
  }
  return ddl + fmt::format("drop type {}.crossfade_old;", quote_identifier(schema));
}

}  // namespace

void change_labels(const std::string& schema, const Side& there, const Side& wanted, const std::optional<Side>& before, V2Change& change) {
  for (const auto& [type, labels] : wanted.labels) {
    const auto old = there.labels.find(type);
    if (old == there.labels.end()) {
      say(change, fmt::format("type {} is added", type), fmt::format("create type {} as enum ({})", type, literals(labels)));
      continue;
    }
    const auto& had = old->second;
    // What somebody has added by hand stays; of what v2.sql said, none can be taken away.
    const auto goes = [&, &type = type, &labels = labels](const std::string& label) {
      return !has(labels, label) && (!before || (before->labels.contains(type) && has(before->labels.at(type), label)));
    };
    if (is_in(had, labels)) {
      come(type, had, labels, change);
    } else if (called_otherwise(had, labels)) {
      rename(type, had, labels, wanted, change);
    } else if (!is_in(labels, had) || std::any_of(had.begin(), had.end(), goes)) {
      change.refused.push_back(fmt::format("type {} has other labels, or has them in another order", type));
      change.mends[change.refused.back()] = made_anew(schema, type, labels, there);
    }
  }
}

void drop_types(const Side& there, const Side& wanted, const std::optional<Side>& before, V2Change& change) {
  for (const auto& [type, labels] : there.labels) {
    if (!wanted.labels.contains(type) && before && before->labels.contains(type)) say(change, fmt::format("type {} is dropped", type), "drop type " + type);
  }
}

Side keeping_labels(Side wanted, const Side& there) {
  for (auto& [type, labels] : wanted.labels) {
    const auto had = there.labels.find(type);
    if (had != there.labels.end() && is_in(labels, had->second)) labels = had->second;
  }
  return wanted;
}

}  // namespace crossfade::mapping
