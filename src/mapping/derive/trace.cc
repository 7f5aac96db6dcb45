#include "mapping/derive/trace.h"

#include <algorithm>

namespace crossfade::mapping::derive {

namespace json = boost::json;

Place resolve(const Level& level, const boost::json::object& reference) {
  const auto path = column_path(reference);
  for (const auto* at = &level; at != nullptr; at = at->outer) {
    for (const auto& item : at->items) {
      const bool named = path.size() == 1 ? std::find(item->columns.begin(), item->columns.end(), path[0]) != item->columns.end()
                                          : item->alias == path[path.size() - 2];
      if (!named) continue;
      // A column that a full join has merged is of neither side.
      const auto merged = [&](const Join& join) {
        return path.size() == 1 && join.full && std::find(join.merged.begin(), join.merged.end(), path[0]) != join.merged.end();
      };
      if (std::any_of(at->joins.begin(), at->joins.end(), merged)) return {};
      if (path.back() == "*") return {};
      return {item.get(), path.back()};
    }
  }
  return {};
}

const json::object* first_call(const Node& from) {
  const auto* range = as(&from, "RangeFunction");
  if (range == nullptr) return nullptr;
  const auto functions = list(*range, "functions");
  const auto* first = functions.empty() ? nullptr : as(functions.front(), "List");
  if (first == nullptr) return nullptr;
  const auto parts = list(*first, "items");
  return parts.empty() ? nullptr : as(parts.front(), "FuncCall");
}

const Item* only_item(const Level& level, const Node& expression) {
  const auto references = column_references(expression);
  if (references.empty()) return nullptr;
  const auto* item = resolve(level, *references.front()).item;
  return std::all_of(references.begin(), references.end(), [&](const auto* each) { return resolve(level, *each).item == item; }) ? item : nullptr;
}

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

namespace {

/// A text, a number or a truth value, whatever it is cast to.
bool is_constant(const Node* expression) {
  const auto* constant = as(without_casts(expression), "A_Const");
  return constant != nullptr && !constant->contains("isnull");
}

void add_shown(const Level& level, const std::vector<Output>& names, std::vector<Shown>& all) {
  for (std::size_t n = 0; n < level.branches.size(); ++n) {
    // What is taken away makes no row.
    if (n == 0 || level.put_together.starts_with("union")) add_shown(*level.branches[n], names, all);
  }
  std::map<const Item*, Shown> of_items;
  std::map<std::string, std::string> constants;
  for (std::size_t n = 0; n < level.outputs.size() && n < names.size(); ++n) {
    const auto place = origin(level, n);
    if (place.item != nullptr && place.item->is_table()) {
      auto& shown = of_items.try_emplace(place.item, Shown{place.item->table->name}).first->second;
      shown.columns.emplace(names[n].name, place.column);
    } else if (is_constant(level.outputs[n].expression)) {
      if (auto text = print(*level.outputs[n].expression)) constants.emplace(names[n].name, std::move(*text));
    }
  }
  for (auto& [item, shown] : of_items) {
    shown.constants = constants;
    all.push_back(std::move(shown));
  }
}

}  // namespace

std::vector<Shown> shown(const Level& root) {
  std::vector<Shown> all;
  add_shown(root, root.outputs, all);
  return all;
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
