#include "sync/refresh/refresh.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <unordered_set>
#include <utility>

#include "base/text/sql_text.h"
#include "pg/row.h"
#include "pg/savepoint.h"
#include "sync/refresh/bring.h"

namespace crossfade::sync {
namespace {

/// Of the view, as the server would say it of an upsert that comes by one row twice.
Failure doubled(const mapping::Target& target) {
  Failure::Facts facts;
  facts.sqlstate = "21000";
  facts.message = fmt::format("the view gives two rows that have one primary key in {}", target.table.quoted());
  return Failure(std::move(facts));
}

void drop_repeated(std::vector<Key>& keys) {
  std::unordered_set<Key> seen;
  std::erase_if(keys, [&](const Key& key) { return !seen.insert(key).second; });
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

Key named_key(TargetId target, std::string_view name) {
  auto values = parse_array(name);
  const auto locator = LocatorId(std::stoul(values.front().value()));
  values.erase(values.begin());
  return Key(target, locator, std::move(values));
}

std::map<TargetId, Selection> select_keys(const mapping::Model& model, const std::vector<Key>& keys) {
  using mapping::KeyFilter;
  // One array a column, for each target and form of key.
  std::map<TargetId, std::map<KeyFilter, std::vector<std::vector<std::optional<std::string>>>>> grouped;
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
  std::map<TargetId, Selection> selections;
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
  for (const auto target : model.targets.ids()) statements_.emplace_back(model, target);
}

/// Before the view is evaluated, in the same transaction and at the same snapshot: so whatever the view sees in the sources
/// has its ids, and none is given to what it does not see. Where another session has given an id after the snapshot was
/// taken, the server refuses (40001), and the next snapshot sees that id.
asio::awaitable<void> Refresh::allocate(pg::Connection& connection, TargetId target, const std::vector<mapping::KeyFilter>& filters,
                                        const pg::Parameters& parameters) const {
  for (const auto surrogate : model_.targets[target].surrogates) {
    auto sql = statements_[target].allocate(surrogate, filters);
    if (!connection.apart()) {
      co_await ask(connection, std::move(sql), parameters);
      continue;
    }
    pg::Statement statement{std::move(sql), parameters};
    co_await ask_source(connection, std::move(statement));
  }
}

asio::awaitable<Refresh::Merged> Refresh::merge(pg::Connection& connection, TargetId target, std::string sql,
                                                pg::Parameters parameters, Written& written) const {
  const auto rows = co_await ask(connection, std::move(sql), std::move(parameters));
  co_return read_merged(target, rows, written);
}

Refresh::Merged Refresh::read_merged(TargetId target, const pg::Result& rows, Written& written) const {
  const auto counts = pg::first(rows);
  if (counts.truth("doubled")) throw doubled(model_.targets[target]);
  written.in_view += static_cast<std::uint64_t>(counts.number("in_view"));
  written.inserted += static_cast<std::uint64_t>(counts.number("inserted"));
  written.updated += static_cast<std::uint64_t>(counts.number("updated"));
  constexpr std::size_t kCounts = 5;
  Merged merged{Stale(model_.targets[target].key.size()), {}};
  if (!counts.is_null("met")) {
    for (const auto& name : parse_array(counts.text("met"))) merged.met.push_back(named_key(target, name.value()));
  }
  if (rows.is_null(0, kCounts)) return merged;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    for (std::size_t n = 0; n < merged.stale.size(); ++n) merged.stale[n].push_back(rows.optional_text(row, kCounts + n));
  }
  return merged;
}

/// Who was written over and who wrote over them are asked for at once: where the view has a row for each, one of the two would be lost
/// without a word.
asio::awaitable<Refresh::Merged> Refresh::merge_with(pg::Connection& connection, TargetId target, std::vector<Key> met, const std::vector<Key>& keys,
                                                     Written& written) const {
  std::copy_if(keys.begin(), keys.end(), std::back_inserter(met), [&](const Key& key) { return key.target() == target; });
  drop_repeated(met);
  auto selections = select_keys(model_, met);
  auto& selection = selections.at(target);
  co_await allocate(connection, target, selection.filters, selection.parameters);
  co_await look_up(connection, selections);
  co_await bring_all(connection, selections);
  auto sql = merge_text(target, selection.filters);
  // Counted already.
  const auto in_view = written.in_view;
  auto merged = co_await merge(connection, target, std::move(sql), std::move(selection.parameters), written);
  written.in_view = in_view;
  // A chain of them: who is further away has its turn in the next round.
  written.cascaded.insert(written.cascaded.end(), merged.met.begin(), merged.met.end());
  co_return merged;
}

std::vector<std::optional<std::string>> Refresh::tables() const {
  std::vector<std::optional<std::string>> names;
  for (const auto& target : model_.targets) names.emplace_back(target.table.quoted());
  return names;
}

asio::awaitable<void> Refresh::remove(pg::Connection& connection, TargetId target, Stale stale,
                                      Written& written) const {
  if (stale.empty() || stale[0].empty()) co_return;
  // A parent may be refreshed in a transaction in which its children are not: they are in a later batch, or nobody offered
  // them because they have moved on to another parent. Without this the database would delete them behind our back.
  Rows going{target, stale};
  co_await dependents(connection, std::move(going), Dependents::kTakenAlong, written.cascaded);
  pg::Parameters parameters;
  for (const auto& column : stale) parameters.emplace_back(array_text(column));
  auto sql = statements_[target].remove();
  const auto result = co_await connection.query(std::move(sql), std::move(parameters));
  written.deleted += result.affected();
}

asio::awaitable<ByTarget<Written>> Refresh::keys(pg::Connection& connection, std::vector<Key> keys, Room room) const {
  ByTarget<Written> written(model_.targets.size());
  auto selections = select_keys(model_, keys);
  // Targets are numbered parents before children.
  for (const auto& [target, selection] : selections) co_await allocate(connection, target, selection.filters, selection.parameters);
  co_await look_up(connection, selections);
  co_await bring_all(connection, selections);
  std::map<TargetId, Stale> going;
  std::map<TargetId, Saved> saved;
  if (room == Room::kTakenOut) {
    const auto referred = co_await take_out(connection, selections, written, saved);
    for (const auto& key : referred) {
      if (key.names_every_row()) written[key.target()].cascaded.push_back(key);
      if (!key.names_every_row()) keys.push_back(key);
    }
    // Keys of several columns are gone through one by one: one that is there twice would have its rows twice.
    drop_repeated(keys);
    selections = select_keys(model_, keys);
    co_await look_up(connection, selections);
    co_await bring_all(connection, selections);
    const bool plain = std::all_of(saved.begin(), saved.end(), [](const auto& each) { return each.second.rows.empty(); });
    const bool rings = plain && co_await in_rings(connection, selections);
    if (rings) {
      for (const auto& [target, selection] : selections) co_await place(connection, target, selection);
    }
  } else if (room == Room::kPlaced) {
    for (const auto& [target, selection] : selections) co_await place(connection, target, selection);
  } else if (room != Room::kNone) {
    going = co_await make_room(connection, selections, room, written);
  }
  std::map<TargetId, Stale> stale;
  if (saved.empty()) {
    stale = co_await merge_all(connection, std::move(selections), room, keys, written);
  } else {
    // What comes back may refer to what is new.
    for (auto& [target, selection] : selections) {
      const auto kept = saved.find(target);
      if (kept != saved.end() && !kept->second.rows.empty()) co_await come_back(connection, target, selection, kept->second, written[target]);
      std::map<TargetId, Selection> alone;
      alone.emplace(target, std::move(selection));
      auto of_target = co_await merge_all(connection, std::move(alone), room, keys, written);
      stale.merge(of_target);
    }
  }
  for (auto& [target, of_target] : going) {
    auto& gone = stale[target];
    for (std::size_t n = 0; n < gone.size(); ++n) gone[n].insert(gone[n].end(), of_target[n].begin(), of_target[n].end());
  }
  for (auto it = stale.rbegin(); it != stale.rend(); ++it) {
    const Stopwatch watch(written[it->first].seconds);
    co_await remove(connection, it->first, std::move(it->second), written[it->first]);
  }
  co_return written;
}

/// Gives what the views no longer have. The targets' statements go together: none needs to know what came of another, but for rows that
/// were written over, and a child of one of their kind that is there too early is refused, and tried again behind it.
asio::awaitable<std::map<TargetId, Refresh::Stale>> Refresh::merge_all(pg::Connection& connection, std::map<TargetId, Selection> selections,
                                                                       Room room, const std::vector<Key>& keys, ByTarget<Written>& written) const {
  std::vector<TargetId> targets;
  std::vector<pg::Statement> statements;
  for (auto& [target, selection] : selections) {
    targets.push_back(target);
    std::string sql;
    if (room == Room::kMade || room == Room::kStandIns) {
      const auto others = co_await others_of(connection, target);
      sql = statements_[target].replace(selection.filters, others);
    } else {
      sql = merge_text(target, selection.filters);
    }
    statements.push_back({std::move(sql), std::move(selection.parameters)});
  }
  const auto answers = co_await ask_together(connection, std::move(statements));
  std::map<TargetId, Stale> stale;
  for (std::size_t n = 0; n < targets.size(); ++n) {
    auto& of_target = written[targets[n]];
    of_target.seconds += std::chrono::duration<double>(answers[n].took).count();
    auto merged = read_merged(targets[n], answers[n].result, of_target);
    const Stopwatch watch(of_target.seconds);
    if (!merged.met.empty()) merged = co_await merge_with(connection, targets[n], std::move(merged.met), keys, of_target);
    stale[targets[n]] = std::move(merged.stale);
  }
  co_return stale;
}

asio::awaitable<void> Refresh::nothing(pg::Connection& connection, TargetId target, bool bulk) const {
  // By what a change of its sources would be: a select that does not run is no row's fault.
  std::vector<mapping::KeyFilter> filters(1);
  const auto of_target = [&](const mapping::FollowRule& rule) { return rule.target == target; };
  const auto rule = std::find_if(model_.rules.begin(), model_.rules.end(), of_target);
  const bool by_chunk_key = std::any_of(model_.rules.begin(), model_.rules.end(), [&](const auto& each) { return of_target(each) && each.locator == mapping::kChunkKey; });
  if (!by_chunk_key && rule != model_.rules.end()) filters.front().locator = rule->locator;
  const auto& locator = model_.targets[target].locators[filters.front().locator];
  pg::Parameters none(locator.types.size(), "{}");
  co_await allocate(connection, target, filters, none);
  if (model_.apart) {
    std::map<TargetId, Selection> selections;
    selections[target].filters = filters;
    selections[target].parameters = none;
    co_await look_up(connection, selections);
    co_await bring_all(connection, selections);
    filters = selections.at(target).filters;
    none = selections.at(target).parameters;
  }
  auto sql = bulk ? statements_[target].bulk(filters) : statements_[target].merge(filters);
  if (bulk && model_.apart) none.clear();
  co_await connection.query(std::move(sql), none);
  if (bulk) co_return;
  const pg::Parameters no_rows(model_.targets[target].key.size(), "{}");
  auto remove_none = statements_[target].remove();
  co_await connection.query(std::move(remove_none), no_rows);
}

asio::awaitable<std::optional<Failure>> Refresh::refused_without_keys(pg::Connection& connection, TargetId target, bool bulk) const {
  const pg::Work refresh_nothing = [&] { return nothing(connection, target, bulk); };
  co_return co_await pg::in_savepoint(connection, refresh_nothing, pg::Leaves::kNothing, async::found_by_trying);
}

/// Keys under which shadow rows stand; nothing where one of them cannot be told.
asio::awaitable<std::optional<std::vector<Key>>> Refresh::names_of(pg::Connection& connection, TargetId target, const Stale& stale) const {
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

asio::awaitable<Written> Refresh::upsert(pg::Connection& connection, TargetId target, std::vector<Key> keys,
                                         std::vector<Key>& left) const {
  Written written;
  const auto began = pg::Clock::now();
  auto selections = select_keys(model_, keys);
  auto& selection = selections.at(target);
  co_await allocate(connection, target, selection.filters, selection.parameters);
  co_await look_up(connection, selections);
  co_await bring_all(connection, selections);
  auto sql = merge_text(target, selection.filters);
  const auto merged = co_await merge(connection, target, std::move(sql), std::move(selection.parameters), written);
  written.seconds = std::chrono::duration<double>(pg::Clock::now() - began).count();
  left.insert(left.end(), merged.met.begin(), merged.met.end());
  if (merged.stale[0].empty()) co_return written;
  auto of_stale = co_await names_of(connection, target, merged.stale);
  if (of_stale) keys = std::move(*of_stale);
  left.insert(left.end(), keys.begin(), keys.end());
  co_return written;
}

asio::awaitable<Written> Refresh::merge_range(pg::Connection& connection, TargetId target, mapping::Range range,
                                              std::vector<Key>& offered) const {
  Written written;
  const auto filters = range_picks(range);
  co_await allocate(connection, target, filters, range_parameters(range));
  co_await bring(connection, statements_[target], filters, range_parameters(range));
  auto sql = statements_[target].merge(filters);
  const auto merged = co_await merge(connection, target, std::move(sql), range_parameters(range), written);
  const auto& stale = merged.stale;
  offered.insert(offered.end(), merged.met.begin(), merged.met.end());
  if (stale[0].empty()) co_return written;
  const pg::Work remove_stale = [&] { return remove(connection, target, stale, written); };
  const auto failure = co_await pg::in_savepoint(connection, remove_stale, pg::Leaves::kWhatWorked, [](const Failure& refused) { return refused.sqlstate() == "23503"; });
  if (!failure) {
    offered.insert(offered.end(), written.cascaded.begin(), written.cascaded.end());
    co_return written;
  }
  // Parents are merged before their children, whose rows are stale too and stand in the way.
  if (!model_.targets[target].locators.front().locate.empty()) throw *failure;
  const auto referred = co_await names_of(connection, target, stale);
  if (!referred) throw *failure;
  offered.insert(offered.end(), referred->begin(), referred->end());
  co_return written;
}

asio::awaitable<Written> Refresh::bulk_range(pg::Connection& connection, TargetId target,
                                             mapping::Range range) const {
  const auto filters = range_picks(range);
  co_await allocate(connection, target, filters, range_parameters(range));
  co_await bring(connection, statements_[target], filters, range_parameters(range));
  auto sql = statements_[target].bulk(filters);
  // What was brought is all of it.
  auto parameters = model_.apart ? pg::Parameters{} : range_parameters(range);
  const auto result = co_await connection.query(std::move(sql), std::move(parameters));
  Written written;
  written.inserted = written.in_view = result.affected();
  co_return written;
}

}  // namespace crossfade::sync
