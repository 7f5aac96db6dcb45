#include "verify/diff/difference.h"

#include <fmt/format.h>

#include <algorithm>

namespace crossfade::verify {
namespace {

/// Where the string that begins at `at` ends: one past its closing quote.
std::size_t end_of_string(std::string_view text, std::size_t at) {
  for (++at; at < text.size() && text[at] != '"'; ++at) {
    if (text[at] == '\\') ++at;
  }
  return std::min(at + 1, text.size());
}

/// Where the value that begins at `at` ends: at the comma or brace that follows it.
std::size_t end_of_value(std::string_view text, std::size_t at) {
  for (int depth = 0; at < text.size();) {
    const char c = text[at];
    if (c == '"') {
      at = end_of_string(text, at);
      continue;
    }
    if (depth == 0 && (c == ',' || c == '}')) break;
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') --depth;
    ++at;
  }
  return at;
}

/// A string that needed no more than quotes, without them; anything else as it is.
std::string plain(std::string_view json) {
  const bool quoted = json.size() >= 2 && json.front() == '"' && json.find('\\') == std::string_view::npos;
  return std::string(quoted ? json.substr(1, json.size() - 2) : json);
}

const std::string* find(const std::vector<std::pair<std::string, std::string>>& columns, std::string_view name) {
  const auto found = std::find_if(columns.begin(), columns.end(), [&](const auto& column) { return column.first == name; });
  return found == columns.end() ? nullptr : &found->second;
}

}  // namespace

std::vector<std::pair<std::string, std::string>> columns_of(std::string_view object) {
  std::vector<std::pair<std::string, std::string>> columns;
  for (std::size_t at = object.find('"'); at < object.size();) {
    const auto name_end = end_of_string(object, at);
    const auto value = object.find_first_not_of(": ", name_end);
    const auto value_end = end_of_value(object, value);
    columns.emplace_back(plain(object.substr(at, name_end - at)), std::string(object.substr(value, value_end - value)));
    at = object.find('"', value_end);
  }
  return columns;
}

std::string key_name(const std::vector<std::string>& columns, const KeyValues& values) {
  std::string name;
  for (std::size_t n = 0; n < columns.size() && n < values.size(); ++n) {
    name += fmt::format("{}{} {}", n == 0 ? "" : ", ", columns[n], values[n].value_or("null"));
  }
  return name;
}

std::string row_name(const mapping::Target& target, const Difference& difference) {
  if (!difference.refusal.empty() && !difference.chunk_key) return "(a row whose key cannot be computed)";
  if (!difference.refusal.empty()) return key_name(target.locators.front().columns, *difference.chunk_key);
  const auto columns = columns_of(difference.in_view ? *difference.in_view : difference.in_shadow.value_or("{}"));
  std::string name;
  for (const auto& key : target.key) {
    const auto* value = find(columns, key);
    name += fmt::format("{}{} {}", name.empty() ? "" : ", ", key, value == nullptr ? "?" : plain(*value));
  }
  return name;
}

std::vector<DifferingColumn> differing_columns(const Difference& difference) {
  std::vector<DifferingColumn> differing;
  if (!difference.in_view || !difference.in_shadow) return differing;
  const auto shadow = columns_of(*difference.in_shadow);
  for (auto& [name, value] : columns_of(*difference.in_view)) {
    const auto* other = find(shadow, name);
    if (other != nullptr && *other != value) differing.push_back({name, value, *other});
  }
  return differing;
}

}  // namespace crossfade::verify
