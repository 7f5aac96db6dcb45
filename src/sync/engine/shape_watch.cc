#include "sync/engine/shape_watch.h"

#include <embedded_sql.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <sstream>
#include <utility>

#include "base/telemetry/log.h"
#include "base/text/sql_text.h"
#include "pg/reading.h"
#include "pg/savepoint.h"
#include "sync/state/store.h"
#include "wal/slot.h"

namespace crossfade::sync {
namespace {

namespace queries = sql::queries;

/// Whoever takes longer is named.
constexpr std::size_t kLooksInSilence = 3;

bool is_publication(const ShapeChange& change) {
  // One that was only altered has not lost what the slot stands on.
  return change.kind() == "publication" && (change.object == "publication" || change.how == "come" || change.how == "gone");
}

/// As the engine has it now, the model does not say what the catalog does.
bool remodels(const ShapeChange& change) {
  const auto kind = change.kind();
  return kind == "view" || kind == "columns" || kind == "row" || kind == "target";
}

bool any(const std::vector<ShapeChange>& changes, auto what) { return std::any_of(changes.begin(), changes.end(), what); }

/// A partition, of a source or of a target.
bool comes_with_rows(const ShapeChange& change) { return (change.kind() == "leaf" || change.kind() == "part") && change.how == "come"; }

/// "16412" of "leaf 16412 16400".
std::string oid_of(const ShapeChange& change) {
  std::istringstream words(change.object);
  std::string kind, oid;
  words >> kind >> oid;
  return oid;
}

/// Rows may have changed that were not offered. Where a partition does not tell old keys, all are (Follow::offer_all_if_untold).
bool leaves_out(const ShapeChange& change) { return change.kind() != "identity"; }

}  // namespace

void begin_anew(const char* sqlstate, std::string because) {
  Failure::Facts facts;
  facts.exit = ExitCode::kPrecondition;
  facts.sqlstate = sqlstate;
  facts.message = std::move(because);
  facts.advice = "nothing: the daemon begins anew by itself";
  throw Failure(std::move(facts));
}

bool misnamed(const std::vector<ShapeChange>& changes) {
  return any(changes, [](const ShapeChange& change) { return change.kind() == "name"; });
}

bool republished(const std::vector<ShapeChange>& changes) { return any(changes, is_publication); }

asio::awaitable<void> ShapeWatch::look(pg::Connection& connection) {
  run_.shape.due = false;
  // Before: what changes in between is among the changes.
  auto tells = co_await stream_tells(connection, run_.model.name);
  auto changes = co_await shape_changes(connection, run_.model.name);
  run_.shape.stream_tells = std::move(tells);
  add_passing(changes);
  for (const auto& change : changes) seen_.insert_or_assign(change.object, change);
  tell(changes);
  // What the stream described meanwhile is looked at next.
  run_.shape.missed = run_.shape.due || any(changes, leaves_out);
  run_.shape.missed_of_all = run_.shape.due || any(changes, [](const ShapeChange& change) { return leaves_out(change) && change.kind() != "amended"; });
  if (republished(changes)) begin_anew(kRepublished, std::find_if(changes.begin(), changes.end(), is_publication)->detail);
  const bool waits = misnamed(changes);
  if (std::exchange(run_.shape.misnamed, waits) != waits) run_.control_changed.notify_all();
  if (run_.shape.model_due) begin_anew(kReshaped, "what the migration is made of fits otherwise now");
  // A table that is gone has no change of which it would matter who wrote it.
  const auto gone = std::find_if(changes.begin(), changes.end(), [](const ShapeChange& change) { return change.kind() == "gone"; });
  if (gone != changes.end()) begin_anew(kReshaped, gone->detail);
  if (!any(changes, [](const ShapeChange& change) { return !change.in_the_way; })) {
    began_.reset();
    co_return;
  }
  const bool over = co_await writers_of_before_are_gone(connection);
  if (!over) {
    if (++looks_ == kLooksInSilence) {
      const auto who = co_await wal::oldest_writer(connection);
      log::warn("what has changed is compared once those who were at work then are through", {log::quoting("oldest", who)});
    }
    co_return;
  }
  looks_ = 0;
  began_.reset();
  const bool accepted = co_await compare_anew(connection, changes);
  if (!accepted) co_return;
  run_.shape.amended.clear();
  run_.control_changed.notify_all();
  const auto other = std::find_if(changes.begin(), changes.end(), remodels);
  if (other != changes.end()) begin_anew(kReshaped, other->detail);
}

/// Once, and again where it was mended in between.
void ShapeWatch::tell(const std::vector<ShapeChange>& changes) {
  std::set<std::string> now;
  for (const auto& change : changes) {
    now.insert(change.detail);
    if (told_.contains(change.detail)) continue;
    if (change.in_the_way) {
      log::error("what is followed is not what the views read", {log::quoting("because", change.detail), log::quoting("fix", change.fix)});
    } else {
      log::warn("targets are compared anew", {log::quoting("because", change.detail)});
    }
  }
  told_ = std::move(now);
}

/// What a transaction wrote before the change is not in the stream even if it commits after it, and no snapshot has it until then:
/// so whoever was at work when the change was seen has to be through; of the last change, where one more came meanwhile.
asio::awaitable<bool> ShapeWatch::writers_of_before_are_gone(pg::Connection& connection) {
  const auto now = co_await shape_fingerprint(connection, run_.model);
  if (now != awaited_) began_.reset();
  awaited_ = now;
  if (!began_) {
    const std::string xmax(queries::snapshot_xmax);
    const auto rows = co_await connection.source().execute(xmax);
    began_ = rows.text(0, 0);
  }
  const std::string sees(queries::snapshot_sees_below);
  pg::Parameters parameters = {began_};
  const auto rows = co_await connection.source().execute(sees, std::move(parameters));
  co_return rows.truth(0, 0);
}

/// Invariant 7, for what is not the slot's: keys are offered again where a change may have gone by unseen. What is offered, and the
/// shape by which it is going to be computed, are written together. False: that shape is not the one whose writers were waited for.
asio::awaitable<bool> ShapeWatch::compare_anew(pg::Connection& connection, const std::vector<ShapeChange>& seen) {
  std::uint64_t offered = 0;
  bool awaited = false;
  bool still_missed = false;
  std::optional<Failure> failure;
  const bool has_rows = co_await begin_comparing(connection, seen);
  try {
    co_await store::hold_lease(connection, run_);
    const auto now = co_await shape_fingerprint(connection, run_.model);
    awaited = now == awaited_;
    if (awaited) {
      auto changes = co_await shape_changes(connection, run_.model.name);
      add_passing(changes);
      offered = co_await offer(connection, changes, has_rows);
      still_missed = any(changes, [](const ShapeChange& change) { return change.in_the_way && leaves_out(change); });
      co_await accept_shape(connection, run_.model);
    }
    // What is offered is there before the shape counts as compared: killed in between, it is offered again.
    co_await connection.commit_before_source();
  } catch (const Failure& caught) {
    failure = caught;
  }
  if (failure) {
    if (!failure->connection_lost()) co_await connection.script("rollback");
    throw *failure;
  }
  if (!awaited) co_return false;
  seen_.clear();
  ++run_.shape.compared_anew;
  run_.metrics.retried("reshaped");
  run_.dirty_keys += offered;
  run_.applied.catching_up = true;
  run_.shape.missed = run_.shape.missed_of_all = run_.shape.due || still_missed;
  run_.queue_changed.notify_all();
  co_return true;
}

/// True: the partitions that came can be read. Invariant 8: they are locked before there is a snapshot, which a rewrite would else have
/// emptied for it.
asio::awaitable<bool> ShapeWatch::begin_comparing(pg::Connection& connection, const std::vector<ShapeChange>& seen) {
  // The lease is renewed on this session: a partition whose rows are not to be had at once is left to the whole target.
  constexpr const char* kBegin = "begin isolation level repeatable read; set local lock_timeout = '200ms'; set local statement_timeout = '3s'";
  if (connection.apart()) {
    co_await connection.script(kBegin);
    co_await connection.source().script(kBegin);
    co_return false;
  }
  pg::TablesLock locked;
  locked.begin = kBegin;
  for (const auto& change : seen) {
    if (!comes_with_rows(change)) continue;
    auto name = co_await name_of_table(connection, oid_of(change));
    if (name) locked.relations.push_back(std::move(*name));
  }
  std::optional<Failure> held;
  try {
    co_await pg::begin_locked(connection, std::move(locked));
  } catch (const Failure& failure) {
    if (!failure.found_by_trying() && failure.verdict() != Verdict::kRetry) throw;
    held = failure;
  }
  if (!held) co_return true;
  co_await connection.script("rollback");
  co_await connection.script(kBegin);
  co_return false;
}

/// What was there at a look and is not any more did what it did: a trigger of v2, say.
void ShapeWatch::add_passing(std::vector<ShapeChange>& changes) const {
  const auto told = changes.size();
  for (const auto& [object, seen] : seen_) {
    const bool still = std::any_of(changes.begin(), changes.begin() + static_cast<std::ptrdiff_t>(told), [&](const ShapeChange& change) { return change.object == object; });
    if (still || seen.in_the_way) continue;
    changes.push_back(seen);
    changes.back().how = "gone";
  }
}

asio::awaitable<std::uint64_t> ShapeWatch::offer(pg::Connection& connection, const std::vector<ShapeChange>& changes, bool has_rows) {
  std::uint64_t offered = 0;
  std::set<TargetId> whole;
  for (const auto& change : changes) {
    if (change.in_the_way) continue;
    std::optional<std::uint64_t> rows;
    // Of a partition that came, its own rows are all that did. One that went may have other rows by now than it went with.
    if (has_rows && comes_with_rows(change)) rows = change.kind() == "leaf" ? co_await offer_rows_of(connection, change) : co_await offer_rows_in(connection, change);
    offered += rows.value_or(0);
    for (const auto& name : change.targets) {
      const auto target = run_.model.find_target(name);
      // What was amended is to be filled anyhow, and waited for this moment; a lazy one is not filled.
      const bool waits = change.kind() == "amended" && target && !run_.model.targets[*target].lazy;
      if (target && !rows && !waits) whole.insert(*target);
    }
  }
  std::vector<Key> keys;
  for (const auto target : whole) keys.push_back(Key::every_row(target));
  for (const auto target : whole) run_.metrics.keys_offered(target, OfferedBy::kReconcile, 1);
  const auto written = co_await store::write_dirty(connection, run_, std::move(keys));
  co_return offered + written;
}

/// Rows that a partition of a target came with: its view has them, or they go. Nothing where they cannot be read, or not soon.
asio::awaitable<std::optional<std::uint64_t>> ShapeWatch::offer_rows_in(pg::Connection& connection, const ShapeChange& part) {
  const auto number = run_.model.find_target(part.targets.front());
  const auto named = co_await name_of_table(connection, oid_of(part));
  if (!number || !named) co_return std::nullopt;
  const auto& target = run_.model.targets[*number];
  const auto& columns = target.locators[mapping::kChunkKey].columns;
  co_return co_await offer_rows(connection, *number, mapping::kChunkKey, columns, *named);
}

/// Keys of `locator` from `columns` of a table.
asio::awaitable<std::optional<std::uint64_t>> ShapeWatch::offer_rows(pg::Connection& connection, TargetId number, LocatorId locator, std::vector<std::string> columns,
                                                                     std::string table) {
  const auto& target = run_.model.targets[number];
  for (auto& column : columns) column = quote_identifier(column) + "::text";
  auto sql = fmt::format("insert into crossfade.dirty (migration, target, locator, key) select distinct $1, $2, $3, array[{}] from {}", fmt::join(columns, ", "), table);
  pg::Parameters parameters = {run_.model.name, target.name, target.locators[locator].name()};
  const auto tried = co_await pg::try_in_savepoint(connection, std::move(sql), std::move(parameters));
  if (tried.refused) co_return std::nullopt;
  run_.metrics.keys_offered(number, OfferedBy::kReconcile, tried.result.affected());
  co_return tried.result.affected();
}

asio::awaitable<std::optional<std::string>> ShapeWatch::name_of_table(pg::Connection& connection, std::string oid) {
  pg::Parameters of = {std::move(oid)};
  const auto named = co_await connection.query(queries::relation_name, std::move(of));
  if (named.empty()) co_return std::nullopt;
  co_return std::string(named.text(0, 0));
}

/// Nothing where they cannot be read, or not soon.
asio::awaitable<std::optional<std::uint64_t>> ShapeWatch::offer_rows_of(pg::Connection& connection, const ShapeChange& leaf) {
  std::istringstream words(leaf.object);
  std::string kind, oid;
  std::uint32_t root = 0;
  words >> kind >> oid >> root;
  const auto named = co_await name_of_table(connection, oid);
  if (!named) co_return std::nullopt;
  std::optional<std::uint64_t> offered;
  for (const auto& rule : run_.model.rules) {
    if (run_.model.sources[rule.source].oid != root) continue;
    const auto rows = co_await offer_rows(connection, rule.target, rule.locator, rule.source_columns, *named);
    if (!rows) co_return std::nullopt;
    offered = offered.value_or(0) + *rows;
  }
  co_return offered;
}

}  // namespace crossfade::sync
