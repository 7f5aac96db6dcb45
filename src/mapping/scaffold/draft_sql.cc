#include "mapping/scaffold/draft_sql.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cctype>
#include <sstream>

/// A draft's scripts.
namespace crossfade::mapping {
namespace {

using fmt::format;

/// The first letter of the table's name, which no keyword is.
std::string alias_of(const DraftTable& table) {
  const auto letter = static_cast<unsigned char>(table.name.plain.front());
  return std::string(1, letter < 0x80 && std::isalpha(letter) != 0 ? static_cast<char>(std::tolower(letter)) : 't');
}

std::string comment(const std::string& text) {
  std::istringstream lines(text);
  std::string commented;
  for (std::string line; std::getline(lines, line);) commented += "-- " + line + "\n";
  return commented;
}

/// Tables that are not taken, each a line of comment with the reason.
std::string left_out(const Draft& draft) {
  std::string text;
  for (const auto& table : draft.tables) {
    if (!table.taken()) text += format("-- Left out: {}.{}: {}.\n", draft.schema.sql, table.name.sql, table.problem);
  }
  return text.empty() ? "" : "\n" + text;
}

/// One view a table that is taken, one column a line.
std::string views(const Draft& draft, const std::string& of_schema, const std::string& over_schema) {
  std::string text;
  for (const auto& table : draft.tables) {
    if (!table.taken()) continue;
    const auto alias = alias_of(table);
    std::vector<std::string> columns;
    std::vector<std::string> generated;
    for (const auto& column : table.columns) {
      if (column.generated) generated.push_back(column.name.sql);
      else columns.push_back(format("  {}.{}", alias, column.name.sql));
    }
    text += "\n";
    if (!generated.empty()) text += format("-- Without {}, which the table computes itself.\n", fmt::join(generated, ", "));
    text += format("create view {}.{} as\nselect\n{}\nfrom {}.{} {};\n", of_schema, table.name.sql, fmt::join(columns, ",\n"), over_schema, table.name.sql, alias);
  }
  return text;
}

/// "  id bigint not null,  -- a serial in v1", lined up.
std::string create_table(const Draft& draft, const DraftTable& table) {
  std::vector<std::pair<std::string, std::string>> lines;
  for (const auto& column : table.columns) lines.emplace_back(column.name.sql + " " + column.definition, column.remark);
  for (const auto& constraint : table.constraints) lines.emplace_back(constraint, "");
  if (!table.key_is_primary) lines[table.columns.size()].second = "a unique index in v1";
  std::string text = "\n";
  if (table.partitioned) text += "-- Partitioned in v1, an ordinary table here.\n";
  text += format("create table {}.{} (\n", draft.shadow(), table.name.sql);
  for (std::size_t n = 0; n < lines.size(); ++n) {
    const auto& [line, remark] = lines[n];
    text += format("  {}{}{}\n", line, n + 1 < lines.size() ? "," : "", remark.empty() ? "" : "  -- " + remark);
  }
  text += table.options.empty() ? ");\n" : format(") with ({});\n", table.options);
  for (const auto& index : table.indexes) text += index + "\n";
  return text;
}

/// References last: a table may refer to one that comes after it, or two to each other.
std::string references(const Draft& draft) {
  std::string text;
  for (const auto& table : draft.tables) {
    if (!table.taken()) continue;
    for (const auto& reference : table.references) {
      const bool leads_nowhere = !reference.parent.empty() && !draft.find(reference.parent);
      if (leads_nowhere) text += format("-- {} is left out:\n-- ", reference.parent);
      text += format("alter table {}.{} add constraint {} {};\n", draft.shadow(), table.name.sql, reference.constraint, reference.definition);
    }
  }
  return text.empty() ? "" : "\n-- What refers to what.\n" + text;
}

std::string not_taken_over(const Draft& draft) {
  std::string text;
  for (const auto& table : draft.tables) {
    if (!table.taken()) continue;
    for (const auto& statement : table.left_out) text += comment(statement);
  }
  if (text.empty()) return "";
  return "\n-- What v1 has besides, and nobody has in v2 until you decide it: who may do what, and what is done at each write. A policy\n"
         "-- and a trigger that name a table of v1 have to name the new one; triggers rest until the writes have moved.\n" +
         text;
}

}  // namespace

std::string draft_v2_sql(const Draft& draft) {
  std::string text = format(
      "-- The tables of {}, as they are: edit them until they are what v2 should be. Types, functions and sequences of {} that are\n"
      "-- named here are used by both sides.\n",
      draft.schema.sql, draft.schema.sql);
  for (const auto& table : draft.tables) {
    if (table.taken()) text += create_table(draft, table);
  }
  return text + references(draft) + not_taken_over(draft) + left_out(draft);
}

std::string draft_mapping_sql(const Draft& draft) {
  return "-- One view for each table of v2, with its name and its columns. A row of the view is a row of the table. Join what you like, and\n"
         "-- tell migration.yaml which table you have joined.\n" +
         views(draft, draft.mapping(), draft.schema.sql) + left_out(draft);
}

std::string draft_reverse_sql(const Draft& draft) {
  return "-- One view for each table of v1, over v2: they keep v1 true once the writes have moved, so that these can move back. Who wants\n"
         "-- no way back removes this file, and reverse and schemas.reverse from migration.yaml.\n" +
         views(draft, draft.reverse(), draft.shadow());
}

std::string draft_references_sql(const Draft& draft) {
  std::vector<std::string> counts;
  for (const auto& table : draft.tables) {
    if (!table.taken()) continue;
    for (const auto* reference : inner_references(draft, table)) {
      const auto& parent = *draft.find(reference->parent);
      std::vector<std::string> given;
      std::vector<std::string> same;
      for (std::size_t n = 0; n < reference->columns.size(); ++n) {
        const auto& own = table.column(reference->columns[n]).name.sql;
        given.push_back(format("c.{} is not null", own));
        same.push_back(format("p.{} = c.{}", parent.column(reference->parent_columns[n]).name.sql, own));
      }
      counts.push_back(format("  (select count(*) from {} c where {} and not exists (select from {} p where {}))", table.name.sql,
                              fmt::join(given, " and "), parent.name.sql, fmt::join(same, " and ")));
    }
  }
  if (counts.empty()) return "";
  return format("-- Rows that refer to a row which is not there. The names are those of v1 before the move and of v2 after it.\nselect\n{}\n",
                fmt::join(counts, " +\n"));
}

}  // namespace crossfade::mapping
