#include "mapping/views/unsaid.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "base/text/fold.h"
#include "mapping/derive/trace.h"
#include "mapping/views/say.h"

namespace crossfade::mapping::views {
namespace {

using namespace derive;

/// The value that the column has in every row; nothing where it may have several.
std::optional<std::string> only_value(const Level& level, std::size_t output) {
  if (level.branches.empty()) {
    if (output >= level.outputs.size() || level.outputs[output].expression == nullptr) return std::nullopt;
    const auto* value = without_casts(level.outputs[output].expression);
    return as(value, "A_Const") == nullptr ? std::nullopt : std::optional<std::string>(say(*value));
  }
  std::optional<std::string> one;
  for (const auto& branch : level.branches) {
    const auto value = only_value(*branch, output);
    if (!value || (one && one != value)) return std::nullopt;
    one = value;
  }
  return one;
}

/// As origin(), through casts.
Place place_of(const Level& level, std::size_t output) {
  if (!level.branches.empty() || output >= level.outputs.size() || level.outputs[output].expression == nullptr) return {};
  const auto* reference = as(without_casts(level.outputs[output].expression), "ColumnRef");
  if (reference == nullptr) return {};
  const auto place = resolve(level, *reference);
  if (place.item == nullptr || place.item->kind != Item::Kind::kQuery) return place;
  const auto& columns = place.item->columns;
  const auto found = std::find(columns.begin(), columns.end(), place.column);
  return found == columns.end() ? Place{} : place_of(*place.item->query, static_cast<std::size_t>(found - columns.begin()));
}

}  // namespace

std::vector<Unsaid> not_in_v2(const Reading& reading) {
  std::vector<Unsaid> unsaid;
  for (const auto& view : reverse_views(reading, "")) {
    if (view.select.empty()) unsaid.push_back({view.table, "", "no view has a row for each of its rows, with its key"});
    for (const auto& lost : view.lost) {
      if (view.select.empty() && lost.said) continue;
      unsaid.push_back({view.table, lost.column, lost.said ? "shown where its row cannot be told" : lost.left.empty() ? "no view shows it" : lost.left});
    }
    for (const auto& remark : view.remarks) unsaid.push_back({view.table, "", remark});
  }
  return unsaid;
}

std::vector<Unsaid> not_in_v1(const Reading& reading) {
  std::vector<Unsaid> unsaid;
  const auto trees = trees_of(reading);
  for (const auto& [target, table] : reading.tables) {
    const auto tree = trees.find(target);
    if (tree == trees.end()) continue;
    const auto& root = tree->second->root();
    for (const auto& column : table.columns) {
      if (column.generated) continue;
      const auto output = std::find_if(root.outputs.begin(), root.outputs.end(), [&](const Output& each) { return each.name == column.name; });
      if (output == root.outputs.end()) {
        unsaid.push_back({table.name, column.name, "its view leaves it out: the column's default"});
      } else if (const auto value = only_value(root, static_cast<std::size_t>(output - root.outputs.begin()))) {
        unsaid.push_back({table.name, column.name, *value + " in every row"});
      }
    }
  }
  return unsaid;
}

std::vector<HandedThrough> handed_through(const Reading& reading) {
  std::vector<HandedThrough> handed;
  const auto trees = trees_of(reading);
  for (const auto& [target, table] : reading.tables) {
    const auto tree = trees.find(target);
    if (tree == trees.end()) continue;
    const auto& root = tree->second->root();
    for (std::size_t output = 0; output < root.outputs.size(); ++output) {
      const auto& name = root.outputs[output].name;
      const auto place = place_of(root, output);
      if (place.item == nullptr || place.item->table == nullptr || table.find(name) == nullptr) continue;
      handed.push_back({table.name, name, place.item->table->name, place.column});
    }
  }
  return handed;
}

std::string unsaid_text(const std::string& title, const std::vector<Unsaid>& all, std::size_t width) {
  if (all.empty()) return "";
  std::vector<std::pair<std::pair<std::string, std::string>, std::vector<std::string>>> lines;
  for (const auto& each : all) {
    const auto of = std::pair(each.table.schema + "." + each.table.name, each.why);
    if (lines.empty() || lines.back().first != of) lines.push_back({of, {}});
    if (!each.column.empty()) lines.back().second.push_back(each.column);
  }
  auto text = "\n" + title + ":\n";
  for (const auto& [of, columns] : lines) {
    const auto line = columns.empty() ? fmt::format("{}: {}", of.first, of.second) : fmt::format("{} ({}): {}", of.first, fmt::join(columns, ", "), of.second);
    text += in_lines("   ", line, width, 5);
  }
  return text;
}

}  // namespace crossfade::mapping::views
