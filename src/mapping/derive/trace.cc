#include "mapping/derive/trace.h"

#include <algorithm>

namespace crossfade::mapping::derive {

Place origin(const Level& level, std::size_t output) {
  if (!level.branches.empty() || output >= level.outputs.size()) return {};
  const auto* reference = as(level.outputs[output].expression, "ColumnRef");
  if (reference == nullptr) return {};
  const auto place = resolve(level, *reference);
  if (place.item == nullptr || place.item->kind == Item::Kind::kTable) return place;
  if (place.item->kind != Item::Kind::kQuery) return {};
  const auto& columns = place.item->columns;
  const auto found = std::find(columns.begin(), columns.end(), place.column);
  return found == columns.end() ? Place{} : origin(*place.item->query, static_cast<std::size_t>(found - columns.begin()));
}

bool traceable(const Level& level, std::size_t output) {
  if (!level.branches.empty()) {
    return std::all_of(level.branches.begin(), level.branches.end(), [&](const auto& each) { return traceable(*each, output); });
  }
  if (output >= level.outputs.size()) return false;
  const auto* reference = as(level.outputs[output].expression, "ColumnRef");
  if (reference == nullptr) return as(level.outputs[output].expression, "A_Const") != nullptr;
  const auto place = resolve(level, *reference);
  if (place.item == nullptr) return false;
  if (place.item->kind == Item::Kind::kTable) return true;
  if (place.item->kind != Item::Kind::kQuery) return false;
  const auto& columns = place.item->columns;
  const auto found = std::find(columns.begin(), columns.end(), place.column);
  return found != columns.end() && traceable(*place.item->query, static_cast<std::size_t>(found - columns.begin()));
}

const Node* uncast(const Level& level, const Node* node) {
  const auto* cast = as(node, "TypeCast");
  if (cast == nullptr) return node;
  const auto* inner = member(*cast, "arg");
  const auto* reference = as(inner, "ColumnRef");
  if (reference == nullptr) return node;
  const auto place = resolve(level, *reference);
  const auto* column = place.item == nullptr || place.item->table == nullptr ? nullptr : place.item->table->find(place.column);
  if (column == nullptr) return node;
  const auto to = last_name(member(*cast, "typeName")->as_object(), "names");
  const auto& from = column->type;
  const bool text = to == "text" && (from == "character varying" || from == "text");
  const bool integer = (to == "int8" || to == "bigint") && (from == "integer" || from == "smallint" || from == "bigint");
  return text || integer ? inner : node;
}

bool plain_calls(const Facts& facts, const Node& expression) {
  bool plain = true;
  visit_nodes(expression, [&](const Node& node) {
    const auto* call = as(&node, "FuncCall");
    if (call != nullptr) {
      const auto name = last_name(*call, "funcname");
      plain = plain && !facts.aggregates.contains(name) && !facts.set_returning.contains(name) && !facts.opaque.contains(function_name(*call));
    }
    plain = plain && as(&node, "SQLValueFunction") == nullptr;
    return plain;
  });
  return plain;
}

}  // namespace crossfade::mapping::derive
