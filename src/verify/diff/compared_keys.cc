#include "verify/diff/compared_keys.h"

#include <algorithm>
#include <utility>

#include "mapping/sql/statement_text.h"
#include "mapping/sql/statements.h"

namespace crossfade::verify {
namespace {

bool is_known(const KeyValues& values) {
  return std::all_of(values.begin(), values.end(), [](const auto& value) { return value.has_value(); });
}

}  // namespace

ComparedKeys::ComparedKeys(const mapping::Model& model, const std::vector<Key>& keys) : model_(model) {
  for (const auto& key : keys) {
    auto& of_target = of_targets_[key.target()];
    const auto& locators = model.targets.at(key.target()).locators;
    if (!key.names_every_row() && locators.at(key.locator()).indirect()) of_target.asked[key.locator()].push_back(key);
    else of_target.direct.push_back(key);
  }
  for (auto& [target, of_target] : of_targets_) {
    for (const auto& [locator, asked] : of_target.asked) {
      if (const auto twin = direct_twin(target, locator)) of_target.known_by.emplace(locator, *twin);
    }
    // What is known anyway joins what is found over the same columns: one condition less to evaluate the view for.
    std::erase_if(of_target.direct, [&](const Key& key) {
      const auto& own = model_.targets[target].locators.at(key.locator());
      const auto twin = std::find_if(of_target.known_by.begin(), of_target.known_by.end(), [&](const auto& known) {
        const auto& other = model_.targets[target].locators[known.second];
        return other.columns == own.columns && other.types == own.types;
      });
      if (twin == of_target.known_by.end() || !is_known(key.values())) return false;
      of_target.before[twin->second].insert(key.values());
      return true;
    });
  }
}

/// A locator of the same column that takes its values; none where these do not travel as values of its type. Several columns are found by a
/// hash of what the select gives, which is quick anyway.
std::optional<LocatorId> ComparedKeys::direct_twin(TargetId target, LocatorId locator) {
  auto& in = model_.targets[target];
  auto twin = in.locators.at(locator);
  if (twin.columns.size() != 1) return std::nullopt;
  twin.lookup.clear();
  twin.types.clear();
  for (const auto& name : twin.columns) {
    const auto column = std::find_if(in.columns.begin(), in.columns.end(), [&](const mapping::Column& each) { return each.name == name; });
    if (column == in.columns.end() || mapping::travels_as_text(model_, column->type)) return std::nullopt;
    twin.types.push_back(column->type);
  }
  const auto same = std::find_if(in.locators.begin(), in.locators.end(), [&](const mapping::Locator& each) {
    return !each.indirect() && each.columns == twin.columns && each.types == twin.types && each.locate == twin.locate && each.collations == twin.collations;
  });
  if (same != in.locators.end()) return in.locators.id_of(same);
  const auto added = in.locators.next_id();
  in.locators.push_back(std::move(twin));
  return added;
}

asio::awaitable<std::map<LocatorId, std::set<KeyValues>>> ComparedKeys::given(pg::Connection& connection, TargetId target) const {
  const auto& of_target = of_targets_.at(target);
  std::map<LocatorId, std::set<KeyValues>> given;
  const mapping::Statements statements(model_, target);
  for (const auto& [locator, twin] : of_target.known_by) {
    auto selection = std::move(sync::select_keys(model_, of_target.asked.at(locator)).at(target));
    auto sql = statements.given(selection.filters.front());
    const auto rows = co_await connection.execute(std::move(sql), std::move(selection.parameters));
    for (std::size_t row = 0; row < rows.size(); ++row) {
      KeyValues values;
      for (std::size_t column = 0; column < rows.columns(); ++column) values.push_back(rows.optional_text(row, column));
      if (is_known(values)) given[twin].insert(std::move(values));
    }
  }
  co_return given;
}

asio::awaitable<void> ComparedKeys::begin(pg::Connection& connection, TargetId target) {
  auto before = co_await given(connection, target);
  for (auto& [locator, values] : before) of_targets_.at(target).before[locator].merge(values);
}

asio::awaitable<void> ComparedKeys::look_up(pg::Connection& connection, TargetId target) {
  of_targets_.at(target).now = co_await given(connection, target);
}

sync::Selection ComparedKeys::selection(TargetId target) const {
  const auto& of_target = of_targets_.at(target);
  auto keys = of_target.direct;
  for (const auto& [locator, asked] : of_target.asked) {
    if (!of_target.known_by.contains(locator)) keys.insert(keys.end(), asked.begin(), asked.end());
  }
  auto given = of_target.before;
  for (const auto& [locator, values] : of_target.now) given[locator].insert(values.begin(), values.end());
  for (const auto& [locator, values] : given) {
    for (const auto& each : values) keys.emplace_back(target, locator, each);
  }
  // Selects that give nothing lead to no row.
  if (keys.empty()) return {};
  return std::move(sync::select_keys(model_, keys).at(target));
}

}  // namespace crossfade::verify
