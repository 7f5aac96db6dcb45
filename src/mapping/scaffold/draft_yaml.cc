#include "mapping/scaffold/draft_yaml.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "mapping/file/yaml_tree.h"
#include "mapping/scaffold/draft_sql.h"

/// A draft's migration.yaml.
namespace crossfade::mapping {
namespace {

using fmt::format;

std::string list(const std::vector<std::string>& names) {
  std::vector<std::string> written;
  for (const auto& name : names) written.push_back(in_yaml(name));
  return format("[{}]", fmt::join(written, ", "));
}

std::string left_out(const Draft& draft) {
  std::string text;
  for (const auto& table : draft.tables) {
    if (!table.taken()) text += format("#   {}: {}\n", in_yaml(table.name.plain), table.problem);
  }
  return text.empty() ? text : "\n# Left out:\n" + text;
}

/// Tables that the views read are sources by that. Once one has to be named, all are.
std::string sources(const Draft& draft) {
  const auto to_name = [](const DraftTable& table) { return table.taken() && !(table.key_is_primary && table.tell_key.empty()); };
  if (std::none_of(draft.tables.begin(), draft.tables.end(), to_name)) return "";
  std::string text = "\n# The old tables that the views read, and the columns that tell their rows apart.\nsources:\n";
  for (const auto& table : draft.tables) {
    if (!table.taken()) continue;
    if (!table.tell_key.empty()) text += format("  # The WAL does not tell its old key yet: {}\n", table.tell_key);
    text += format("  {}: {{key: {}}}\n", in_yaml(table.name.plain), list(table.key));
  }
  return text;
}

std::string no_reverse(const Draft& draft) {
  const auto reasons = reasons_without_reverse(draft);
  if (reasons.empty()) return "";
  return format("\n# There is no way back with data yet. Once that is mended, `crossfade init` writes one:\n#   {}\n", fmt::join(reasons, "\n#   "));
}

/// A table of v2 that is more open than v1 holds the cutover up until somebody has decided. Of a table that moves as it is there is
/// nothing to decide; whoever joins more into its view comes by this.
std::string row_security(const Draft& draft) {
  std::string text;
  for (const auto& table : draft.tables) {
    if (!table.taken() || !table.row_security) continue;
    const auto about = in_yaml(format("row security of {}.{}", draft.shadow(), table.name.sql));
    text += format("    {}: carry  # v1's policies, when the writes move\n", about);
  }
  return text.empty() ? text : "\n# Who may see what of v2.\ncutover:\n  inventory:\n" + text;
}

std::string checks(const Draft& draft) {
  std::string text =
      "\n# Your own statements; `crossfade check` runs them, and one that fails blocks the cutover.\n"
      "#   - {name: a stranger sees nothing, when: after, role: app, expect: zero, sql: \"select count(*) from ...\"}\n";
  if (draft_references_sql(draft).empty()) return text;
  return text +
         "checks:\n"
         "  - {name: every reference of v1 leads somewhere, when: before, file: checks/references.sql}\n"
         "  - {name: every reference of v2 leads somewhere, when: after, file: checks/references.sql}\n";
}

}  // namespace

std::string in_yaml(const std::string& name) {
  if (is_plain_yaml(name)) return name;
  std::string quoted = "\"";
  for (const char c : name) {
    if (c == '"' || c == '\\') quoted += '\\';
    if (static_cast<unsigned char>(c) < 0x20) quoted += format("\\x{:02x}", static_cast<unsigned>(c));
    else quoted += c;
  }
  return quoted + '"';
}

std::string draft_migration_yaml(const Draft& draft) {
  const bool back = reasons_without_reverse(draft).empty();
  auto text = format(
      "# Made by `crossfade init` from schema {0}. As it stands, every table moves as it is.\n\n"
      "migration: {1}\n"
      "schemas: {{source: {2}, shadow: {3}, mapping: {4}{5}}}\n",
      draft.schema.plain, draft.migration, in_yaml(draft.schema.plain), draft.shadow(), draft.mapping(), back ? ", reverse: " + draft.reverse() : "");
  text +=
      "\n# The new tables are those of v2.sql that have a view in mapping.sql. Whose change refreshes which of their rows stands in their views,\n"
      "# and `crossfade plan` shows it. A rule that is written counts instead:\n"
      "#   targets: {table: {follow: {source: {column of the view: column of the source}}}}\n";
  return text + left_out(draft) + sources(draft) + no_reverse(draft) + row_security(draft) + checks(draft);
}

}  // namespace crossfade::mapping
