#include "sync/state/parking.h"

#include <embedded_sql.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <initializer_list>
#include <string_view>
#include <utility>

#include "base/telemetry/log.h"
#include "base/text/sql_text.h"
#include "pg/row.h"
#include "sync/state/run_query.h"
#include "sync/state/store.h"

namespace crossfade::sync::parking {

namespace queries = sql::queries;

namespace {

/// What we write ourselves, in signs that every database has; names are the database's own.
std::string in_any_encoding(std::string text) {
  for (const auto& [sign, plain] : std::initializer_list<std::pair<std::string_view, std::string_view>>{{"…", "..."}, {"→", "->"}}) {
    for (auto at = text.find(sign); at != std::string::npos; at = text.find(sign, at)) text.replace(at, sign.size(), plain);
  }
  return text;
}

/// Whether a target that refused all, whatever the key, takes no key at all again. For no longer than it takes to see that somebody has it locked.
asio::awaitable<bool> takes_nothing(pg::Connection& connection, const Runtime& run, TargetId target) {
  std::optional<Failure> failure;
  co_await connection.script("begin; set local lock_timeout = '50ms'");
  // All at once: whoever has one of the tables and wants another would be ended for a deadlock with us.
  auto lock = fmt::format("lock table {} in access share mode nowait", fmt::join(run.model.relations_read({target}), ", "));
  try {
    co_await connection.script(std::move(lock));
    failure = co_await run.refresh.refused_without_keys(connection, target);
  } catch (const Failure& caught) {
    if (caught.connection_lost()) throw;
    failure = caught;
  }
  co_await connection.script("rollback");
  co_return !failure;
}

/// The cause is looked for at every look, however long the pause before the next try was to be: no row has to be read for that.
asio::awaitable<void> try_those_of_their_own(pg::Connection& connection, const Runtime& run, std::map<TargetId, Parked>& parked,
                                             std::vector<TargetId> targets) {
  const std::string due(queries::parked_due);
  for (const auto target : targets) {
    const auto known = parked.find(target);
    if (known == parked.end() || !known->second.resting) continue;
    const bool mended = co_await takes_nothing(connection, run, target);
    if (!mended) continue;
    pg::Parameters parameters = {run.model.name, run.model.targets[target].name};
    co_await connection.query(due, parameters);
    known->second.resting = false;
  }
}

}  // namespace

asio::awaitable<void> park(pg::Connection& connection, Runtime& run, Unwritable refused, bool progress) {
  const auto& name = run.model.targets[refused.target].name;
  const auto& facts = refused.failure.facts();
  const auto message = as_text(log::redact(facts.detail.empty() ? facts.message : facts.message + " (" + facts.detail + ")"));
  std::vector<std::optional<std::string>> samples;
  for (const auto& key : refused.samples) samples.emplace_back(store::key_text(key));
  const auto count = refused.keys.size();
  co_await store::write_dirty(connection, run, std::move(refused.keys));
  pg::Parameters parameters = {run.model.name, name, facts.sqlstate, as_text(facts.constraint), message, array_text(samples), progress ? "true" : "false"};
  const auto since = co_await run_query(connection, queries::parked_put, parameters);
  run.applied.parked[refused.target] = {since.real(0, 0), true, facts.sqlstate + ": " + message};
  run.metrics.parked(refused.target, true);
  log::warn("target is parked: the database refuses all of it, or most", {{"target", name}, {"keys", count}, {"sqlstate", facts.sqlstate},
                                                                          log::quoting("because", message)});
}

asio::awaitable<void> leave_out(pg::Connection& connection, const mapping::Model& model) {
  std::vector<std::optional<std::string>> targets, because;
  for (const auto& left_out : model.left_out) {
    targets.emplace_back(left_out.target);
    because.emplace_back(in_any_encoding(left_out.because));
    log::warn("target does not fit the database and is left out; the others go on", {{"target", left_out.target}, log::quoting("because", left_out.because)});
  }
  const std::string put(queries::leave_out);
  pg::Parameters parameters = {model.name, array_text(targets), array_text(because), model.direction == mapping::Direction::kReverse ? "reverse" : "forward"};
  co_await connection.query(put, std::move(parameters));
}

asio::awaitable<void> look(pg::Connection& connection, Runtime& run) {
  pg::Parameters name = {run.model.name};
  const auto rows = co_await run_query(connection, queries::parked_list, name);
  std::map<TargetId, Parked> parked;
  std::vector<TargetId> of_their_own;
  for (const auto row : pg::rows(rows)) {
    const auto target = run.model.find_target(std::string(row.text("target")));
    if (target) parked[*target] = {row.real("since"), row.truth("resting"), std::string(row.text("because"))};
    if (target && row.truth("of_its_own")) of_their_own.push_back(*target);
  }
  if (!parked.empty()) {
    const auto healed = co_await run_query(connection, queries::parked_heal, name);
    for (std::size_t row = 0; row < healed.size(); ++row) {
      const auto target = run.model.find_target(std::string(healed.text(row, 0)));
      if (target) parked.erase(*target);
      log::info("target is written again", {{"target", healed.text(row, 0)}});
    }
  }
  co_await try_those_of_their_own(connection, run, parked, of_their_own);
  run.applied.parked = std::move(parked);
  for (const auto target : run.model.targets.ids()) run.metrics.parked(target, run.applied.parked.contains(target));
}

asio::awaitable<void> add_children(pg::Connection& connection, const mapping::Model& model, std::set<TargetId>& of) {
  std::vector<std::optional<std::string>> tables;
  for (const auto& target : model.targets) tables.emplace_back(target.table.quoted());
  pg::Parameters parameters = {array_text(tables)};
  const auto rows = co_await run_query(connection, queries::children, std::move(parameters));
  for (bool more = true; more;) {
    more = false;
    for (const auto row : pg::rows(rows)) {
      if (!of.contains(TargetId(row.number("parent")))) continue;
      more = of.insert(TargetId(row.number("child"))).second || more;
    }
  }
}

std::vector<Key> take_resting(const Runtime& run, std::vector<Key>& keys) {
  const auto rests = [&](const Key& key) {
    const auto parked = run.applied.parked.find(key.target());
    return run.applied.waiting.contains(key.target()) || (parked != run.applied.parked.end() && parked->second.resting);
  };
  const auto first = std::stable_partition(keys.begin(), keys.end(), [&](const Key& key) { return !rests(key); });
  std::vector<Key> resting(std::make_move_iterator(first), std::make_move_iterator(keys.end()));
  keys.erase(first, keys.end());
  return resting;
}

asio::awaitable<std::vector<TargetId>> writable(pg::Connection& connection, Runtime& run, std::vector<TargetId> targets, bool bulk) {
  std::vector<TargetId> found;
  for (const auto target : targets) {
    const auto failure = co_await run.refresh.refused_without_keys(connection, target, bulk);
    if (!failure) {
      found.push_back(target);
      continue;
    }
    Unwritable refused{target, *failure, {Key::every_row(target)}, {}};
    co_await park(connection, run, std::move(refused), false);
  }
  co_return found;
}

}  // namespace crossfade::sync::parking
