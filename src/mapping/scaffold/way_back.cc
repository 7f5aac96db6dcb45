#include "mapping/scaffold/way_back.h"

#include <fmt/format.h>

#include <optional>

#include "base/error/failure.h"
#include "mapping/file/migration_file.h"
#include "mapping/scaffold/draft.h"

namespace crossfade::mapping {
namespace {

/// Where the line that begins with `key` begins, at the outermost level.
std::optional<std::size_t> line_of(const std::string& text, const std::string& key) {
  if (text.starts_with(key)) return 0;
  const auto found = text.find("\n" + key);
  return found == std::string::npos ? std::nullopt : std::optional<std::size_t>(found + 1);
}

std::string rest_of_line(const std::string& text, std::size_t at) { return text.substr(at, text.find('\n', at) - at); }

/// schemas: {shadow: …} on one line, or one schema a line below it.
void name_schema(std::string& text, const std::string& schema) {
  const auto line = line_of(text, "schemas:");
  if (!line) return;
  const auto written = rest_of_line(text, *line);
  const auto brace = written.rfind('}');
  if (brace != std::string::npos) {
    text.insert(*line + brace, ", reverse: " + in_yaml(schema));
  } else if (written == "schemas:") {
    const auto next = *line + written.size() + 1;
    const auto indent = text.find_first_not_of(' ', next) - next;
    text.insert(next, std::string(indent, ' ') + "reverse: " + in_yaml(schema) + "\n");
  }
}

void name_tables(std::string& text, const std::string& entries, bool begun) {
  if (!begun) {
    if (!text.ends_with('\n')) text += '\n';
    text += "\n# The way back: the old tables that follow v2 once the writes have moved, by the views of reverse.sql.\nreverse:\n" + entries;
    return;
  }
  const auto line = line_of(text, "reverse:");
  if (line && rest_of_line(text, *line) == "reverse:") text.insert(*line + std::string_view("reverse:\n").size(), entries);
}

}  // namespace

std::string reverse_schema(const v1::Migration& yaml) { return yaml.schemas().reverse().empty() ? yaml.migration() + "_unmap" : yaml.schemas().reverse(); }

std::string with_way_back(const std::string& yaml_text, const std::vector<std::string>& tables) {
  const auto before = read_migration_yaml("migration.yaml", yaml_text);
  const auto schema = reverse_schema(before);
  std::string entries;
  for (const auto& table : tables) {
    if (!before.reverse().contains(table)) entries += fmt::format("  {}: {{}}\n", in_yaml(table));
  }
  auto text = yaml_text;
  if (before.schemas().reverse().empty()) name_schema(text, schema);
  if (!entries.empty()) name_tables(text, entries, !before.reverse().empty());
  const auto refused = usage_failure("migration.yaml is written in a way to which nothing can be added",
                                     fmt::format("Write in it: schemas: {{reverse: {}}} and reverse:\n{}", schema, entries));
  try {
    const auto after = read_migration_yaml("migration.yaml", text);
    bool whole = after.schemas().reverse() == schema;
    for (const auto& table : tables) whole = whole && after.reverse().contains(table);
    if (!whole) throw refused;
  } catch (const Failure&) {
    throw refused;
  }
  return text;
}

}  // namespace crossfade::mapping
