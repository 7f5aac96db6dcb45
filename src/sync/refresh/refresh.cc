#include "sync/refresh/refresh.h"

#include <embedded_sql.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <set>
#include <utility>

#include "base/sql_text.h"
#include "pg/row.h"

namespace crossfade::sync {
namespace {

namespace queries = sql::queries;

/// Above this many keys a plan for these very keys is worth its planning; below, the prepared plan is.
constexpr std::size_t kPlanAnew = 64;
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

/// Adds the time until its end.
class Stopwatch {
 public:
  explicit Stopwatch(double& seconds) : seconds_(seconds) {}
  ~Stopwatch() { seconds_ += std::chrono::duration<double>(pg::Clock::now() - began_).count(); }
  Stopwatch(const Stopwatch&) = delete;
  Stopwatch& operator=(const Stopwatch&) = delete;

 private:
  double& seconds_;
  const pg::Clock::time_point began_ = pg::Clock::now();
};

}  // namespace

Written& Written::operator+=(const Written& other) {
  in_view += other.in_view;
  inserted += other.inserted;
  updated += other.updated;
  deleted += other.deleted;
  seconds += other.seconds;
  cascaded.insert(cascaded.end(), other.cascaded.begin(), other.cascaded.end());
  return *this;
}

Key named_key(std::uint16_t target, std::string_view name) {
  auto values = parse_array(name);
  const auto locator = static_cast<std::uint16_t>(std::stoul(values.front().value()));
  values.erase(values.begin());
  return Key(target, locator, std::move(values));
}

std::map<std::uint16_t, Selection> select_keys(const mapping::Model& model, const std::vector<Key>& keys) {
  using mapping::KeyFilter;
  // One array a column, for each target and form of key.
  std::map<std::uint16_t, std::map<KeyFilter, std::vector<std::vector<std::optional<std::string>>>>> grouped;
  for (const auto& key : keys) {
    KeyFilter filter;
    filter.locator = key.locator();
    auto values = key.values();
    const bool indirect = model.targets.at(key.target()).locators.at(key.locator()).indirect();
    for (std::size_t n = 0; !indirect && n < values.size(); ++n) {
      if (!values[n]) filter.null_mask |= 1U << n;
    }
    auto& arrays = grouped[key.target()][filter];
    arrays.resize(values.size());
    for (std::size_t n = 0; n < values.size(); ++n) {
      if ((filter.null_mask >> n & 1U) == 0) arrays[n].push_back(std::move(values[n]));
    }
  }
  std::map<std::uint16_t, Selection> selections;
  for (auto& [target, filters] : grouped) {
    auto& selection = selections[target];
    for (auto& [filter, arrays] : filters) {
      selection.filters.push_back(filter);
      for (std::size_t n = 0; n < arrays.size(); ++n) {
        if ((filter.null_mask >> n & 1U) == 0) selection.parameters.emplace_back(array_text(arrays[n]));
      }
    }
  }
  return selections;
}

Refresh::Refresh(const mapping::Model& model) : model_(model) {
  for (std::uint16_t target = 0; target < model.targets.size(); ++target) statements_.emplace_back(model, target);
}

/// A few keys are looked up in the prepared plan.
asio::awaitable<pg::Result> Refresh::ask(pg::Connection& connection, std::string sql, pg::Parameters parameters) {
  std::size_t size = 0;
  for (const auto& parameter : parameters) size += parameter ? parameter->size() : 0;
  constexpr std::size_t kBytesOfAKey = 40;
  pg::Result rows;
  if (size < kPlanAnew * kBytesOfAKey) {
    rows = co_await connection.execute(std::move(sql), std::move(parameters));
  } else {
    rows = co_await connection.query(std::move(sql), std::move(parameters));
  }
  co_return rows;
}

/// Before the view is evaluated, in the same transaction and at the same snapshot: so whatever the view sees in the sources
/// has its ids, and none is given to what it does not see. Where another session has given an id after the snapshot was
/// taken, the server refuses (40001), and the next snapshot sees that id.
asio::awaitable<void> Refresh::allocate(pg::Connection& connection, std::uint16_t target, const std::vector<mapping::KeyFilter>& filters,
                                        const pg::Parameters& parameters) const {
  for (const auto surrogate : model_.targets[target].surrogates) {
    auto sql = statements_[target].allocate(surrogate, filters);
    co_await ask(connection, std::move(sql), parameters);
  }
}

asio::awaitable<Refresh::Stale> Refresh::merge(pg::Connection& connection, std::uint16_t target, std::string sql,
                                               pg::Parameters parameters, Written& written) const {
  const auto rows = co_await ask(connection, std::move(sql), std::move(parameters));
  const auto counts = pg::first(rows);
  written.in_view += static_cast<std::uint64_t>(counts.number("in_view"));
  written.inserted += static_cast<std::uint64_t>(counts.number("inserted"));
  written.updated += static_cast<std::uint64_t>(counts.number("updated"));
  constexpr std::size_t kCounts = 3;
  Stale stale(model_.targets[target].key.size());
  if (rows.is_null(0, kCounts)) co_return stale;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    for (std::size_t n = 0; n < stale.size(); ++n) stale[n].push_back(rows.optional_text(row, kCounts + n));
  }
  co_return stale;
}

std::vector<std::optional<std::string>> Refresh::tables() const {
  std::vector<std::optional<std::string>> names;
  for (const auto& target : model_.targets) names.emplace_back(target.table.quoted());
  return names;
}

/// Rows of targets that refer to `to`, and those that refer to these: in the order in which they were found, `to` first. Of those that the
/// database would take along the names are added to `found`, of all with Referring::kAll. Rows may refer to themselves, or in a ring.
asio::awaitable<std::vector<Refresh::Rows>> Refresh::referring(pg::Connection& connection, Rows to, Referring which, std::vector<Key>& found) const {
  const std::string cascades(queries::cascades);
  std::set<std::pair<std::uint16_t, std::vector<std::optional<std::string>>>> seen;
  for (std::size_t row = 0; row < to.keys.front().size(); ++row) {
    std::vector<std::optional<std::string>> key;
    for (const auto& column : to.keys) key.push_back(column[row]);
    seen.emplace(to.target, std::move(key));
  }
  std::vector<Rows> all = {std::move(to)};
  for (std::size_t level = 0; level < all.size(); ++level) {
    const auto parent = all[level].target;
    if (which == Referring::kAll && level == kLongestChain) throw stays(model_.targets[parent], "rows refer to each other in too long a chain");
    pg::Parameters parameters = {model_.targets[parent].table.quoted(), array_text(tables()), which == Referring::kAll ? "true" : "false"};
    const auto foreign_keys = co_await connection.execute(cascades, parameters);
    pg::Parameters keys;
    for (const auto& column : all[level].keys) keys.emplace_back(array_text(column));
    for (const auto foreign_key : pg::rows(foreign_keys)) {
      const auto child = static_cast<std::uint16_t>(foreign_key.number("child"));
      auto sql = statements_[child].referring(statements_[parent], std::string(foreign_key.text("condition")));
      if (which == Referring::kAll) sql += fmt::format(" limit {}", kMostTakenOut + 1);
      const auto rows = co_await connection.query(std::move(sql), keys);
      Rows next{child, Stale(model_.targets[child].key.size())};
      for (std::size_t row = 0; row < rows.size(); ++row) {
        std::vector<std::optional<std::string>> key;
        for (std::size_t column = 0; column < next.keys.size(); ++column) key.push_back(rows.optional_text(row, column + 1));
        if (!seen.emplace(child, key).second) continue;
        if (which == Referring::kAll && seen.size() > kMostTakenOut) throw stays(model_.targets[child], "too many rows refer to what changes");
        found.push_back(rows.is_null(row, 0) ? Key::every_row(child) : named_key(child, rows.text(row, 0)));
        for (std::size_t column = 0; column < key.size(); ++column) next.keys[column].push_back(std::move(key[column]));
      }
      const bool they_go_too = which == Referring::kAll || foreign_key.truth("cascades");
      if (they_go_too && !next.keys.front().empty()) all.push_back(std::move(next));
    }
  }
  co_return all;
}

asio::awaitable<void> Refresh::remove(pg::Connection& connection, std::uint16_t target, Stale stale,
                                      Written& written) const {
  if (stale.empty() || stale[0].empty()) co_return;
  // A parent may be refreshed in a transaction in which its children are not: they are in a later batch, or nobody offered
  // them because they have moved on to another parent. Without this the database would delete them behind our back.
  Rows going{target, stale};
  co_await referring(connection, std::move(going), Referring::kTakenAlong, written.cascaded);
  pg::Parameters parameters;
  for (const auto& column : stale) parameters.emplace_back(array_text(column));
  auto sql = statements_[target].remove();
  const auto result = co_await connection.query(std::move(sql), std::move(parameters));
  written.deleted += result.affected();
}

/// Where no row may go, each gives up its unique values for the moment.
asio::awaitable<void> Refresh::park(pg::Connection& connection, std::uint16_t target, const Selection& selection, Room room) const {
  const std::string parking(queries::parking);
  pg::Parameters table = {model_.targets[target].table.quoted(), room == Room::kParked ? "true" : "false"};
  const auto found = co_await connection.query(parking, table);
  if (found.empty()) co_return;
  std::vector<mapping::Parked> parked;
  for (const auto row : pg::rows(found)) parked.push_back({std::string(row.text("attname")), std::string(row.text("value"))});
  auto sql = statements_[target].park(selection.filters, parked);
  co_await connection.query(std::move(sql), selection.parameters);
}

/// Rows that go are deleted before rows that come are inserted, children before parents, wherever no reference forbids it. Gives
/// the rows that go: what one of them gives up for the moment may be what it would be found by.
asio::awaitable<std::map<std::uint16_t, Refresh::Stale>> Refresh::make_room(pg::Connection& connection,
                                                                            const std::map<std::uint16_t, Selection>& selections, Room room,
                                                                            std::vector<Written>& written) const {
  const std::string references(queries::references);
  std::map<std::uint16_t, Stale> going;
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
  for (const auto& [target, selection] : selections) co_await park(connection, target, selection, room);
  co_return going;
}

/// Whatever the type of what changes places: rows that change or go are deleted, and those of targets that refer to them before them.
/// Gives the keys of the latter. Rows to which others refer, of tables that are nobody's target, cannot be taken out.
asio::awaitable<std::vector<Key>> Refresh::take_out(pg::Connection& connection, const std::map<std::uint16_t, Selection>& selections,
                                                    std::vector<Written>& written) const {
  const std::string references(queries::references);
  std::vector<Key> come_back;
  for (const auto& [target, selection] : selections) {
    auto find_moving = statements_[target].moving(selection.filters);
    const auto moving = co_await ask(connection, std::move(find_moving), selection.parameters);
    if (moving.is_null(0, 0)) continue;
    Rows rows{target, {}};
    for (std::size_t n = 0; n < model_.targets[target].key.size(); ++n) rows.keys.push_back(parse_array(moving.text(0, n)));
    const auto out = co_await referring(connection, std::move(rows), Referring::kAll, come_back);
    for (auto each = out.rbegin(); each != out.rend(); ++each) {
      pg::Parameters of_others = {model_.targets[each->target].table.quoted(), array_text(tables())};
      const auto outside = co_await connection.execute(references, of_others);
      std::vector<std::string> selects;
      for (std::size_t row = 0; row < outside.size(); ++row) selects.emplace_back(outside.text(row, 0));
      pg::Parameters keys;
      for (const auto& column : each->keys) keys.emplace_back(array_text(column));
      auto sql = statements_[each->target].remove(selects);
      const auto removed = co_await connection.query(std::move(sql), std::move(keys));
      written[each->target].deleted += removed.affected();
      if (removed.affected() == each->keys.front().size()) continue;
      throw stays(model_.targets[each->target], "a table that is no target refers to one of them");
    }
  }
  co_return come_back;
}

asio::awaitable<std::vector<Written>> Refresh::keys(pg::Connection& connection, std::vector<Key> keys, Room room) const {
  std::vector<Written> written(model_.targets.size());
  auto selections = select_keys(model_, keys);
  // Targets are numbered parents before children.
  for (const auto& [target, selection] : selections) co_await allocate(connection, target, selection.filters, selection.parameters);
  std::map<std::uint16_t, Stale> going;
  if (room == Room::kTakenOut) {
    const auto come_back = co_await take_out(connection, selections, written);
    for (const auto& key : come_back) {
      if (key.names_every_row()) written[key.target()].cascaded.push_back(key);
      if (!key.names_every_row()) keys.push_back(key);
    }
    selections = select_keys(model_, keys);
  } else if (room != Room::kNone) {
    going = co_await make_room(connection, selections, room, written);
  }
  std::map<std::uint16_t, Stale> stale;
  for (auto& [target, selection] : selections) {
    const Stopwatch watch(written[target].seconds);
    auto sql = room == Room::kMade || room == Room::kParked ? statements_[target].replace(selection.filters) : statements_[target].merge(selection.filters);
    auto& gone = stale[target];
    gone = co_await merge(connection, target, std::move(sql), std::move(selection.parameters), written[target]);
    const auto known = going.find(target);
    for (std::size_t n = 0; known != going.end() && n < gone.size(); ++n) gone[n].insert(gone[n].end(), known->second[n].begin(), known->second[n].end());
  }
  for (auto it = stale.rbegin(); it != stale.rend(); ++it) {
    const Stopwatch watch(written[it->first].seconds);
    co_await remove(connection, it->first, std::move(it->second), written[it->first]);
  }
  co_return written;
}

asio::awaitable<void> Refresh::nothing(pg::Connection& connection, std::uint16_t target, bool bulk) const {
  const std::vector<mapping::KeyFilter> filters(1);
  const auto& locator = model_.targets[target].locators.front();
  const pg::Parameters none(locator.types.size(), "{}");
  co_await allocate(connection, target, filters, none);
  auto sql = bulk ? statements_[target].bulk(filters) : statements_[target].merge(filters);
  co_await connection.query(std::move(sql), none);
  if (bulk) co_return;
  const pg::Parameters no_rows(model_.targets[target].key.size(), "{}");
  auto remove_none = statements_[target].remove();
  co_await connection.query(std::move(remove_none), no_rows);
}

asio::awaitable<std::optional<Failure>> Refresh::refused_without_keys(pg::Connection& connection, std::uint16_t target, bool bulk) const {
  std::optional<Failure> failure;
  co_await connection.script("savepoint crossfade_nothing");
  try {
    co_await nothing(connection, target, bulk);
  } catch (const Failure& caught) {
    if (!caught.found_by_trying()) throw;
    failure = caught;
  }
  co_await connection.script("rollback to savepoint crossfade_nothing; release savepoint crossfade_nothing");
  co_return failure;
}

/// Keys under which shadow rows stand; nothing where one of them cannot be told.
asio::awaitable<std::optional<std::vector<Key>>> Refresh::names_of(pg::Connection& connection, std::uint16_t target, const Stale& stale) const {
  pg::Parameters parameters;
  for (const auto& column : stale) parameters.emplace_back(array_text(column));
  auto sql = statements_[target].names();
  const auto rows = co_await connection.query(std::move(sql), std::move(parameters));
  std::vector<Key> keys;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    if (rows.is_null(row, 0)) co_return std::nullopt;
    keys.push_back(named_key(target, rows.text(row, 0)));
  }
  co_return keys;
}

asio::awaitable<Written> Refresh::upsert(pg::Connection& connection, std::uint16_t target, std::vector<Key> keys,
                                         std::vector<Key>& left) const {
  Written written;
  const auto began = pg::Clock::now();
  auto selection = std::move(select_keys(model_, keys).at(target));
  co_await allocate(connection, target, selection.filters, selection.parameters);
  auto sql = statements_[target].merge(selection.filters);
  const auto stale = co_await merge(connection, target, std::move(sql), std::move(selection.parameters), written);
  written.seconds = std::chrono::duration<double>(pg::Clock::now() - began).count();
  if (stale[0].empty()) co_return written;
  auto of_stale = co_await names_of(connection, target, stale);
  if (of_stale) keys = std::move(*of_stale);
  left.insert(left.end(), keys.begin(), keys.end());
  co_return written;
}

asio::awaitable<Written> Refresh::merge_range(pg::Connection& connection, std::uint16_t target, mapping::Range range,
                                              std::vector<Key>& still_referred) const {
  Written written;
  const auto filters = range_picks(range);
  co_await allocate(connection, target, filters, range_parameters(range));
  auto sql = statements_[target].merge(filters);
  const auto stale = co_await merge(connection, target, std::move(sql), range_parameters(range), written);
  if (stale[0].empty()) co_return written;
  std::optional<Failure> failure;
  co_await connection.script("savepoint crossfade_stale");
  try {
    co_await remove(connection, target, stale, written);
  } catch (const Failure& caught) {
    if (caught.sqlstate() != "23503" || !model_.targets[target].locators[0].locate.empty()) throw;
    failure = caught;
  }
  if (!failure) {
    co_await connection.script("release savepoint crossfade_stale");
    still_referred.insert(still_referred.end(), written.cascaded.begin(), written.cascaded.end());
    co_return written;
  }
  // Parents are merged before their children, whose rows are stale too and stand in the way.
  co_await connection.script("rollback to savepoint crossfade_stale; release savepoint crossfade_stale");
  const auto referred = co_await names_of(connection, target, stale);
  if (!referred) throw *failure;
  still_referred.insert(still_referred.end(), referred->begin(), referred->end());
  co_return written;
}

asio::awaitable<Written> Refresh::bulk_range(pg::Connection& connection, std::uint16_t target,
                                             mapping::Range range) const {
  const auto filters = range_picks(range);
  co_await allocate(connection, target, filters, range_parameters(range));
  auto sql = statements_[target].bulk(filters);
  const auto result = co_await connection.query(std::move(sql), range_parameters(range));
  Written written;
  written.inserted = written.in_view = result.affected();
  co_return written;
}

}  // namespace crossfade::sync
