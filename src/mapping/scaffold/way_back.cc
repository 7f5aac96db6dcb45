#include "mapping/scaffold/way_back.h"

#include <fmt/format.h>

#include <optional>

#include "base/error/failure.h"
#include "crossfade/v1/migration.pb.h"
#include "mapping/file/strict_yaml.h"
#include "mapping/scaffold/draft.h"
#include "mapping/scaffold/draft_yaml.h"

namespace crossfade::mapping {
namespace {

/// Where the line that begins with `key` begins, at the outermost level.
std::optional<std::size_t> line_of(const std::string& text, const std::string& key) {
  if (text.starts_with(key)) return 0;
  const auto found = text.find("\n" + key);
  return found == std::string::npos ? std::nullopt : std::optional<std::size_t>(found + 1);
}

std::string rest_of_line(const std::string& text, std::size_t at) { return text.substr(at, text.find('\n', at) - at); }

v1::Migration as_written(const std::string& yaml_text) {
  v1::Migration yaml;
  read_yaml("migration.yaml", yaml_text, yaml);
  return yaml;
}

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

}  // namespace

std::string reverse_schema(const std::string& yaml_text) {
  const auto yaml = as_written(yaml_text);
  return yaml.schemas().reverse().empty() ? yaml.migration() + "_unmap" : yaml.schemas().reverse();
}

std::string with_way_back(const std::string& yaml_text) {
  const auto schema = reverse_schema(yaml_text);
  auto text = yaml_text;
  if (as_written(text).schemas().reverse().empty()) name_schema(text, schema);
  const auto refused = usage_failure("migration.yaml is written in a way to which nothing can be added", fmt::format("Write in it: schemas: {{reverse: {}}}", schema));
  try {
    if (as_written(text).schemas().reverse() != schema) throw refused;
  } catch (const Failure&) {
    throw refused;
  }
  return text;
}

}  // namespace crossfade::mapping
