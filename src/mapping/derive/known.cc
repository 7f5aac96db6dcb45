#include "mapping/derive/known.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text/sql_text.h"

namespace crossfade::mapping::derive {
namespace {

void add_condition(Bridge& bridge, std::string condition, const std::set<std::string>& of, const std::set<const Item*>& through) {
  bridge.conditions.push_back(std::move(condition));
  bridge.of.insert(of.begin(), of.end());
  bridge.through.insert(through.begin(), through.end());
}

/// Whether values of the two, printed, are read as each other and compare alike. Of others it is known that they are equal, and no more.
bool alike(const std::string& left, const std::string& right) {
  const auto integer = [](const std::string& type) { return type == "smallint" || type == "integer" || type == "bigint"; };
  const auto text = [](const std::string& type) { return type == "text" || type == "character varying"; };
  return left == right || (integer(left) && integer(right)) || (text(left) && text(right));
}

}  // namespace

std::string sql_column(const std::string& alias, const std::string& column) { return quote_identifier(alias) + "." + quote_identifier(column); }

Known::Known(const Item& table) : table_(table) {
  for (const auto& column : table.table->columns) {
    if (column.generated) continue;
    columns_[{&table, column.name}] = {sql_column("changed", column.name), column.name, {column.name}, {}, true, column.required};
  }
}

const Value* Known::find(const Column& column) const {
  const auto found = columns_.find(column);
  return found == columns_.end() ? nullptr : &found->second;
}

void Known::know_all_of(const Bridge& joined) {
  auto through = joined.through;
  through.insert(joined.item);
  for (const auto& column : joined.item->table->columns) {
    const Value own{sql_column(joined.item->name, column.name), "", {}, through, true, column.required};
    const auto [there, fresh] = columns_.emplace(Column{joined.item, column.name}, own);
    // Of a value that was only equal to another the very one is known now.
    if (!fresh && !there->second.same) there->second = own;
  }
}

void Known::equate(const Place& place, Value value) {
  if (place.item == &table_) {
    if (value.plain.empty() && !value.constant()) joined_by_.insert(place.column);
    return;
  }
  const auto* mine = place.item->table == nullptr ? nullptr : place.item->table->find(place.column);
  const auto* changed = value.plain.empty() ? nullptr : table_.table->find(value.plain);
  if (mine != nullptr && changed != nullptr && !alike(mine->type, changed->type)) {
    compare(*place.item, sql_column(place.item->name, place.column), value);
    return;
  }
  if (!value.plain.empty()) {
    joined_by_.insert(value.plain);
    equal_.emplace(Column{place.item, place.column}, value.plain);
  }
  if ((mine != nullptr && mine->image_varies) || (changed != nullptr && changed->image_varies)) value.same = false;
  value.required = true;
  const auto [there, fresh] = columns_.emplace(Column{place.item, place.column}, value);
  const bool better = there->second.plain.empty() && !value.plain.empty() && (value.same || !there->second.same);
  if (!fresh && better) there->second = value;
}

void Known::among(const Place& array, const Value& value) {
  if (array.item == nullptr || array.item == &table_ || value.constant()) return;
  const auto column = sql_column(array.item->name, array.column);
  Bridge link;
  link.item = array.item;
  link.conditions = {fmt::format("{} = any({})", value.sql, column)};
  if (!value.plain.empty() && same_elements(array, value.plain)) {
    // An index over arrays knows what overlaps, and not what is in one of them.
    link.by_array = fmt::format("{} && $1", column);
    link.array_of = value.plain;
  }
  add_link(std::move(link), value);
}

void Known::compare(const Item& item, const std::string& expression, const Value& value) {
  Bridge link;
  link.item = &item;
  link.conditions = {fmt::format("{} = {}", expression, value.sql)};
  add_link(std::move(link), value);
}

std::optional<Bridge> Known::bridge_to(const Item& item) const {
  Bridge made;
  made.item = &item;
  int comparisons = 0;
  for (const auto& column : item.table->columns) {
    const auto* value = find({&item, column.name});
    if (value == nullptr || value->through.contains(&item) || value->constant()) continue;
    add_condition(made, fmt::format("{} = {}", sql_column(item.name, column.name), value->sql), value->of, value->through);
    made.by_array = fmt::format("{} = any($1)", sql_column(item.name, column.name));
    made.array_of = value->plain;
    ++comparisons;
  }
  for (const auto& [of, link] : links_) {
    if (link.item != &item || link.through.contains(&item)) continue;
    add_condition(made, link.conditions.front(), link.of, link.through);
    made.by_array = link.by_array;
    made.array_of = link.array_of;
    ++comparisons;
  }
  if (comparisons == 0) return std::nullopt;
  if (comparisons > 1) made.by_array.clear();
  made.to_one = std::any_of(item.table->keys.begin(), item.table->keys.end(), [&](const std::vector<std::string>& key) {
    return !key.empty() && std::all_of(key.begin(), key.end(), [&](const std::string& column) { return find({&item, column}) != nullptr; });
  });
  return made;
}

void Known::add_known_items(const Level& level, std::set<const Item*>& there) const {
  for (const auto& [column, value] : columns_) {
    if (column.first->level == &level) there.insert(column.first);
  }
}

bool Known::same_elements(const Place& array, const std::string& column) const {
  const auto* of = array.item->table == nullptr ? nullptr : array.item->table->find(array.column);
  const auto* mine = table_.table->find(column);
  return of != nullptr && mine != nullptr && of->type == mine->type + "[]";
}

void Known::add_link(Bridge link, const Value& value) {
  link.of = value.of;
  link.through = value.through;
  if (!value.plain.empty()) joined_by_.insert(value.plain);
  links_.emplace(Column{link.item, link.conditions.front()}, std::move(link));
}

}  // namespace crossfade::mapping::derive
