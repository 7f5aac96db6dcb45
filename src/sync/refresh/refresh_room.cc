// Rows that take over each other's places: who goes first, and who goes along.

#include <embedded_sql.h>
#include <fmt/format.h>

#include <set>
#include <utility>

#include "base/text/sql_text.h"
#include "pg/row.h"
#include "pg/savepoint.h"
#include "sync/refresh/refresh.h"

namespace crossfade::sync {
namespace {

namespace queries = sql::queries;

/// So many rows are taken out and written again at most: a few seconds' work, for rows that may have to wait in the end.
constexpr std::size_t kMostTakenOut = 20'000;
/// So often at most is it asked who refers to what was found: each link of a chain is a statement.
constexpr std::size_t kLongestChain = 100;

/// Why rows are not taken out, as the server would say it.
Failure stays(const mapping::Target& target, std::string_view why) {
  Failure::Facts facts;
  facts.sqlstate = "23503";
  facts.message = fmt::format("rows of {} stay where they are: {}", target.table.quoted(), why);
  return Failure(std::move(facts));
}

}  // namespace

/// Rows of targets that refer to `to`, and those that refer to these: in the order in which they were found, `to` first. Of those that the
/// database would take along the names are added to `found`, of all with Dependents::kAll. Rows may refer to themselves, or in a ring.
asio::awaitable<std::vector<Refresh::Rows>> Refresh::dependents(pg::Connection& connection, Rows to, Dependents which, std::vector<Key>& found) const {
  const std::string cascades(queries::cascades);
  std::set<std::pair<TargetId, std::vector<std::optional<std::string>>>> seen;
  for (std::size_t row = 0; row < to.keys.front().size(); ++row) {
    std::vector<std::optional<std::string>> key;
    for (const auto& column : to.keys) key.push_back(column[row]);
    seen.emplace(to.target, std::move(key));
  }
  std::vector<Rows> all = {std::move(to)};
  for (std::size_t level = 0; level < all.size(); ++level) {
    const auto parent = all[level].target;
    if (which == Dependents::kAll && level == kLongestChain) throw stays(model_.targets[parent], "rows refer to each other in too long a chain");
    pg::Parameters parameters = {model_.targets[parent].table.quoted(), array_text(tables()), which == Dependents::kAll ? "true" : "false"};
    const auto foreign_keys = co_await connection.execute(cascades, parameters);
    pg::Parameters keys;
    for (const auto& column : all[level].keys) keys.emplace_back(array_text(column));
    for (const auto foreign_key : pg::rows(foreign_keys)) {
      const auto child = TargetId(foreign_key.number("child"));
      auto sql = statements_[child].dependents(statements_[parent], std::string(foreign_key.text("condition")));
      if (which == Dependents::kAll) sql += fmt::format(" limit {}", kMostTakenOut + 1);
      const auto rows = co_await connection.query(std::move(sql), keys);
      Rows next{child, Stale(model_.targets[child].key.size())};
      for (std::size_t row = 0; row < rows.size(); ++row) {
        std::vector<std::optional<std::string>> key;
        for (std::size_t column = 0; column < next.keys.size(); ++column) key.push_back(rows.optional_text(row, column + 1));
        if (!seen.emplace(child, key).second) continue;
        if (which == Dependents::kAll && seen.size() > kMostTakenOut) throw stays(model_.targets[child], "too many rows refer to what changes");
        found.push_back(rows.is_null(row, 0) ? Key::every_row(child) : named_key(child, rows.text(row, 0)));
        for (std::size_t column = 0; column < key.size(); ++column) next.keys[column].push_back(std::move(key[column]));
      }
      const bool they_go_too = which == Dependents::kAll || foreign_key.truth("cascades");
      if (they_go_too && !next.keys.front().empty()) all.push_back(std::move(next));
    }
  }
  co_return all;
}

/// Where no row may go, others stand in for its unique values for the moment.
asio::awaitable<void> Refresh::stand_in(pg::Connection& connection, TargetId target, const Selection& selection, Room room) const {
  const std::string find(queries::stand_ins);
  pg::Parameters table = {model_.targets[target].table.quoted(), room == Room::kStandIns ? "true" : "false"};
  const auto found = co_await connection.query(find, table);
  if (found.empty()) co_return;
  std::vector<mapping::StandIn> values;
  for (const auto row : pg::rows(found)) values.push_back({std::string(row.text("attname")), std::string(row.text("value"))});
  auto sql = statements_[target].stand_in(selection.filters, values);
  co_await connection.query(std::move(sql), selection.parameters);
}

/// Rows that go are deleted before rows that come are inserted, children before parents, wherever no reference forbids it. Gives
/// the rows that go: what one of them gives up for the moment may be what it would be found by.
asio::awaitable<std::map<TargetId, Refresh::Stale>> Refresh::make_room(pg::Connection& connection,
                                                                       const std::map<TargetId, Selection>& selections, Room room,
                                                                       ByTarget<Written>& written) const {
  const std::string references(queries::references);
  std::map<TargetId, Stale> going;
  for (auto it = selections.rbegin(); it != selections.rend(); ++it) {
    const auto& [target, selection] = *it;
    auto find_stale = statements_[target].stale(selection.filters);
    const auto stale = co_await ask(connection, std::move(find_stale), selection.parameters);
    if (stale.is_null(0, 0)) continue;
    pg::Parameters table = {model_.targets[target].table.quoted(), "{}"};
    const auto referred = co_await connection.execute(references, table);
    std::vector<std::string> selects;
    for (std::size_t row = 0; row < referred.size(); ++row) selects.emplace_back(referred.text(row, 0));
    pg::Parameters keys;
    for (std::size_t n = 0; n < model_.targets[target].key.size(); ++n) {
      keys.emplace_back(stale.optional_text(0, n));
      going[target].push_back(parse_array(stale.text(0, n)));
    }
    auto remove_first = statements_[target].remove(selects);
    const auto removed = co_await connection.query(std::move(remove_first), std::move(keys));
    written[target].deleted += removed.affected();
  }
  for (const auto& [target, selection] : selections) co_await stand_in(connection, target, selection, room);
  co_return going;
}

/// Whatever the type of what changes places: rows that change or go are deleted, and those of targets that refer to them before them.
/// Gives the keys of the latter. Rows to which others refer, of tables that are nobody's target, cannot be taken out.
asio::awaitable<std::vector<Key>> Refresh::take_out(pg::Connection& connection, const std::map<TargetId, Selection>& selections, ByTarget<Written>& written,
                                                    std::map<TargetId, Saved>& saved) const {
  const std::string references(queries::references);
  std::vector<Key> come_back;
  for (const auto& [target, selection] : selections) {
    auto find_moving = statements_[target].moving(selection.filters);
    const auto moving = co_await ask(connection, std::move(find_moving), selection.parameters);
    if (moving.is_null(0, 0)) continue;
    Rows rows{target, {}};
    for (std::size_t n = 0; n < model_.targets[target].key.size(); ++n) rows.keys.push_back(parse_array(moving.text(0, n)));
    const auto out = co_await dependents(connection, std::move(rows), Dependents::kAll, come_back);
    for (const auto& each : out) {
      const auto later = co_await later_columns(connection, each.target);
      if (later.empty()) continue;
      pg::Parameters keys;
      for (const auto& column : each.keys) keys.emplace_back(array_text(column));
      auto let_go = statements_[each.target].let_go(later);
      co_await connection.query(std::move(let_go), std::move(keys));
    }
    for (auto each = out.rbegin(); each != out.rend(); ++each) {
      pg::Parameters of_others = {model_.targets[each->target].table.quoted(), array_text(tables())};
      const auto outside = co_await connection.execute(references, of_others);
      std::vector<std::string> selects;
      for (std::size_t row = 0; row < outside.size(); ++row) selects.emplace_back(outside.text(row, 0));
      pg::Parameters keys;
      for (const auto& column : each->keys) keys.emplace_back(array_text(column));
      auto& kept = saved[each->target];
      if (kept.others.empty()) kept.others = co_await others_of(connection, each->target);
      if (!kept.others.empty()) {
        auto save = statements_[each->target].saved();
        const auto rows_now = co_await connection.query(std::move(save), keys);
        for (auto& row : parse_array(rows_now.optional_text(0, 0).value_or("{}"))) kept.rows.push_back(std::move(row));
      }
      auto sql = statements_[each->target].remove(selects);
      const auto removed = co_await connection.query(std::move(sql), std::move(keys));
      written[each->target].deleted += removed.affected();
      if (removed.affected() == each->keys.front().size()) continue;
      throw stays(model_.targets[each->target], "a table that is no target refers to one of them");
    }
  }
  co_return come_back;
}

/// Those of the table that are not the view's: nobody else knows what they have.
asio::awaitable<std::vector<std::string>> Refresh::others_of(pg::Connection& connection, TargetId target) const {
  auto sql = statements_[target].others();
  pg::Parameters none;
  const auto rows = co_await connection.execute(std::move(sql), std::move(none));
  std::vector<std::string> names;
  for (std::size_t row = 0; row < rows.size(); ++row) names.emplace_back(rows.text(row, 0));
  co_return names;
}

asio::awaitable<void> Refresh::come_back(pg::Connection& connection, TargetId target, const Selection& selection, const Saved& saved, Written& written) const {
  auto parameters = selection.parameters;
  parameters.emplace_back(array_text(saved.rows));
  auto sql = statements_[target].come_back(selection.filters, saved.others, parameters.size());
  const auto back = co_await connection.query(std::move(sql), std::move(parameters));
  written.inserted += back.affected();
}

asio::awaitable<std::vector<mapping::Exclusive>> Refresh::exclusives(pg::Connection& connection, TargetId target) const {
  const std::string unique_keys(queries::unique_keys);
  pg::Parameters table = {model_.targets[target].table.quoted()};
  const auto tried = co_await pg::try_in_savepoint(connection, unique_keys, table);
  std::vector<mapping::Exclusive> found;
  for (const auto row : pg::rows(tried.result)) {
    mapping::Exclusive exclusive;
    for (auto& expression : parse_array(row.text("expressions"))) exclusive.expressions.push_back(expression.value());
    for (auto& name : parse_array(row.text("operators"))) exclusive.operators.push_back(name.value());
    exclusive.predicate = row.text("predicate");
    exclusive.nulls_agree = row.truth("nulls_agree");
    exclusive.later = row.truth("later");
    found.push_back(std::move(exclusive));
  }
  co_return found;
}

/// By which rows of the target refer to those of one that comes after it, as in a ring.
asio::awaitable<std::vector<std::string>> Refresh::later_columns(pg::Connection& connection, TargetId target) const {
  const std::string find(queries::later_columns);
  pg::Parameters parameters = {model_.targets[target].table.quoted(), array_text(tables())};
  const auto found = co_await connection.query(find, parameters);
  std::vector<std::string> later;
  for (const auto row : pg::rows(found)) later.emplace_back(row.text("later"));
  co_return later;
}

asio::awaitable<bool> Refresh::in_rings(pg::Connection& connection, const std::map<TargetId, Selection>& selections) const {
  for (const auto& [target, selection] : selections) {
    const auto later = co_await later_columns(connection, target);
    if (!later.empty()) co_return true;
  }
  co_return false;
}

/// Rows of the target are there before those that they refer to, and rows that go let go of each other first.
asio::awaitable<void> Refresh::place(pg::Connection& connection, TargetId target, const Selection& selection) const {
  const auto later = co_await later_columns(connection, target);
  std::vector<mapping::StandIn> cleared;
  cleared.reserve(later.size());
  for (const auto& each : later) cleared.push_back({each, "null"});
  if (!cleared.empty()) {
    auto clear = statements_[target].stand_in(selection.filters, cleared);
    co_await connection.query(std::move(clear), selection.parameters);
  }
  auto at_once = co_await exclusives(connection, target);
  std::erase_if(at_once, [](const mapping::Exclusive& each) { return each.later; });
  auto insert = statements_[target].place(selection.filters, later, at_once);
  co_await connection.query(std::move(insert), selection.parameters);
}

}  // namespace crossfade::sync
