#include "mapping/derive/known.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/text/sql_text.h"
#include "mapping/derive/doubt.h"

namespace crossfade::mapping::derive {
namespace {

void add_condition(Bridge& bridge, std::string condition, const std::set<std::string>& of, const std::set<const Item*>& through) {
  bridge.conditions.push_back(std::move(condition));
  bridge.of.insert(of.begin(), of.end());
  bridge.through.insert(through.begin(), through.end());
}

/// Whether values of the two, printed, are read as each other and compare alike. Of others it is known that they are equal, and no more.
bool alike(const std::string& left, const std::string& right) {
  const auto text = [](const std::string& type) { return type == "text" || type == "character varying"; };
  return left == right || (is_integer(left) && is_integer(right)) || (text(left) && text(right));
}

}  // namespace

std::string sql_column(const std::string& alias, const std::string& column) { return quote_identifier(alias) + "." + quote_identifier(column); }

void Value::become_one_of_equals(const std::string& by) {
  if (!varies) return;
  same = false;
  equal_by = by;
}

Known::Known(const Item& table) : table_(table) {
  for (const auto& column : table.table->columns) {
    if (column.generated) continue;
    columns_[{&table, column.name}] = {sql_column("changed", column.name), column.name, {column.name}, {}, true, column.required, column.image_varies};
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
    const Value own{sql_column(joined.item->name, column.name), "", {}, through, true, column.required, column.image_varies};
    const auto [there, fresh] = columns_.emplace(Column{joined.item, column.name}, own);
    // Of a value that was only equal to another the very one is known now.
    if (!fresh && !there->second.same) there->second = own;
  }
}

void Known::equate(const Place& place, Value value, const By& by) {
  if (place.item == &table_) {
    if (value.plain.empty() && !value.constant()) joined_by_.insert(place.column);
    return;
  }
  const auto column = sql_column(place.item->name, place.column);
  const auto together = by.compared.empty() ? value.equal_by : by.compared;
  if (!together.empty()) {
    // What is equal to something that is equal by another collation is not equal to it by either.
    if (!value.equal_by.empty() && value.equal_by != together) return;
    // Rows are found by a column's own collation, which is another: it can be compared with, and is not known by that.
    if (by.own != together) {
      if (value.equal_by.empty() && place.item->is_table()) compare({*place.item, column, false, together, {place.column}}, value);
      return;
    }
    value.equal_by = together;
    value.same = false;
  }
  const auto* mine = place.item->table == nullptr ? nullptr : place.item->table->find(place.column);
  const auto* changed = value.plain.empty() ? nullptr : table_.table->find(value.plain);
  if (mine != nullptr && changed != nullptr && !alike(mine->type, changed->type)) {
    compare({*place.item, column, false, "", {place.column}}, value);
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
  if (array.item == nullptr || array.item == &table_ || value.constant() || !value.equal_by.empty()) return;
  const auto column = sql_column(array.item->name, array.column);
  Link link;
  link.bridge.item = array.item;
  link.bridge.conditions = {fmt::format("{} = any({})", value.sql, column)};
  link.bridge.columns = {array.column};
  if (!value.plain.empty() && same_elements(array, value.plain)) {
    // An index over arrays knows what overlaps, and not what is in one of them.
    link.bridge.by_array = fmt::format("{} && $1", column);
    link.bridge.array_of = value.plain;
  }
  add_link(std::move(link), value);
}

void Known::compare(const Compared& compared, const Value& value) {
  Link link;
  link.bridge.item = &compared.item;
  link.bridge.columns = compared.columns;
  // A value that comes as a parameter has lost the collation that its column had.
  link.value = compared.by.empty() || value.sql.ends_with(" collate " + compared.by + ")") ? value.sql : fmt::format("{} collate {}", value.sql, compared.by);
  link.bridge.conditions = {fmt::format("{} = {}", compared.expression, link.value)};
  if (compared.may_fail) link.expression = compared.expression;
  add_link(std::move(link), value);
}

void Known::restrict(const Item& item, Restriction restriction) {
  auto& all = restrictions_[&item];
  if (std::none_of(all.begin(), all.end(), [&](const Restriction& each) { return each.sql == restriction.sql; })) all.push_back(std::move(restriction));
}

const std::vector<Restriction>& Known::restrictions() const {
  static const std::vector<Restriction> kNone;
  const auto found = restrictions_.find(&table_);
  return found == restrictions_.end() ? kNone : found->second;
}

std::optional<Bridge> Known::bridge_to(const Item& item) const {
  Bridge made;
  made.item = &item;
  bool dear = false;
  if (const auto found = restrictions_.find(&item); found != restrictions_.end()) {
    for (const auto& each : found->second) {
      made.restrictions.push_back(each.sql);
      dear = dear || !each.cheap;
    }
  }
  int comparisons = 0;
  for (const auto& column : item.table->columns) {
    const auto* value = find({&item, column.name});
    if (value == nullptr || value->through.contains(&item) || value->constant()) continue;
    add_condition(made, fmt::format("{} = {}", sql_column(item.name, column.name), value->sql), value->of, value->through);
    made.by_array = fmt::format("{} = any($1)", sql_column(item.name, column.name));
    made.array_of = value->plain;
    made.may_fail = made.may_fail || value->may_fail;
    made.columns.insert(column.name);
    ++comparisons;
  }
  for (const auto& [of, link] : links_) {
    const auto& known = link.bridge;
    if (known.item != &item || known.through.contains(&item)) continue;
    // Conditions are asked in the order of what they cost: what must not be computed for a row that the view leaves out says so itself.
    const bool guarded = dear && !link.expression.empty();
    auto condition = guarded ? fmt::format("case when {} then {} end = {}", fmt::join(made.restrictions, " and "), link.expression, link.value) : known.conditions.front();
    add_condition(made, std::move(condition), known.of, known.through);
    made.by_array = known.by_array;
    made.array_of = known.array_of;
    made.may_fail = made.may_fail || known.may_fail;
    made.columns.insert(known.columns.begin(), known.columns.end());
    ++comparisons;
  }
  if (comparisons == 0) return std::nullopt;
  if (comparisons > 1) made.by_array.clear();
  made.to_one = std::any_of(item.table->keys.begin(), item.table->keys.end(), [&](const std::vector<std::string>& key) {
    return !key.empty() && std::all_of(key.begin(), key.end(), [&](const std::string& column) { return find({&item, column}) != nullptr; });
  });
  return made;
}

bool Known::varies(const Level& level, const Node& expression, const std::set<std::string>& shared) const {
  bool found = false;
  visit_nodes(expression, [&](const Node& node) {
    if (const auto* reference = as(&node, "ColumnRef")) {
      const auto place = resolve(level, *reference);
      const auto* value = place.item == nullptr ? nullptr : find({place.item, place.column});
      found = found || (value != nullptr && value->varies);
      return false;
    }
    return !gives_the_same(node) || !shared.contains(print(node).value_or("?"));
  });
  return found;
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

void Known::add_link(Link link, const Value& value) {
  link.bridge.of = value.of;
  link.bridge.through = value.through;
  link.bridge.may_fail = value.may_fail;
  if (!value.plain.empty()) joined_by_.insert(value.plain);
  Column by{link.bridge.item, link.bridge.conditions.front()};
  links_.emplace(std::move(by), std::move(link));
}

}  // namespace crossfade::mapping::derive
