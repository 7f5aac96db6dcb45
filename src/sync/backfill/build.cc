#include "sync/backfill/build.h"

#include <embedded_sql.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <deque>
#include <utility>
#include <vector>

#include "base/telemetry/log.h"
#include "base/text/sql_text.h"
#include "pg/row.h"
#include "sync/refresh/references.h"
#include "sync/state/store.h"
#include "sync/state/workers.h"

namespace crossfade::sync {
namespace {

namespace queries = sql::queries;

/// Of each session that builds or validates: sorts and joins of some million rows stay in memory.
constexpr auto kRoomToSort = "set maintenance_work_mem = '256MB'";

/// How long is waited for other transactions.
constexpr Clock::duration kFirstPause = std::chrono::milliseconds(50);
constexpr Clock::duration kLongestPause = std::chrono::seconds(5);

/// A key or an index that was taken off.
struct Piece {
  TargetId target;
  std::string name;
  std::string create;
  std::string indexed_by;                ///< expressions
  std::vector<std::string> excluded_by;  ///< operators of an exclusion constraint
};

/// What holds at a consistent cut only.
struct Constraint {
  std::string target;
  std::string name;
  std::string validate;
  bool check = false;  ///< else a foreign key
};

/// A check wants its table for itself for a moment, and whoever reads v2 by now must not wait long behind us.
constexpr auto kBriefly = "begin; set local lock_timeout = '100ms'";
constexpr int kBriefTries = 50;
constexpr auto kBetweenTries = std::chrono::milliseconds(200);

/// What takes away the rows that a piece does not admit; "" where that is not known.
std::string way_out(const Runtime& run, const Piece& piece, const Failure& failure) {
  const auto& statements = run.refresh.statements(piece.target);
  if (failure.sqlstate() == "23505") return statements.remove_duplicates(piece.indexed_by);
  if (failure.sqlstate() == "23P01") return statements.remove_overlapping(piece.indexed_by, piece.excluded_by);
  if (failure.sqlstate() == "54000") return statements.remove_long(piece.indexed_by);
  return "";
}

asio::awaitable<std::optional<Failure>> create(pg::Connection& connection, const Piece& piece) {
  std::optional<Failure> failure;
  co_await connection.script("savepoint crossfade_build");
  try {
    co_await connection.script(piece.create);
  } catch (const Failure& caught) {
    if (!caught.found_by_trying()) throw;
    failure = caught;
  }
  if (failure) co_await connection.script("rollback to savepoint crossfade_build");
  co_return failure;
}

/// A row that moved between two chunks was read twice, or two rows swapped a value between them. They are dirty by definition, and
/// their keys are offered again in any case. So are those of values that an index may be too small for. Rows that the piece does not
/// admit in the view either are refused then, one by one. False: there are none, any more.
asio::awaitable<bool> take_out(pg::Connection& connection, Runtime& run, const Piece& piece, Failure failure) {
  auto remove = way_out(run, piece, failure);
  if (remove.empty()) throw failure;
  const auto removed = co_await connection.query(std::move(remove));
  std::vector<Key> keys;
  for (std::size_t row = 0; row < removed.size(); ++row) {
    keys.push_back(removed.is_null(row, 0) ? Key::every_row(piece.target) : named_key(piece.target, removed.text(row, 0)));
  }
  const auto offered = co_await store::write_dirty(connection, run, std::move(keys));
  run.dirty_keys += offered;
  co_return !removed.empty();
}

/// The piece and the note of it commit together, so that a restart does not build it again.
asio::awaitable<void> build_one(pg::Connection& connection, Runtime& run, const Piece& piece) {
  const auto began = Clock::now();
  const auto& target = run.model.targets[piece.target].name;
  bool any_taken_out = false;
  for (Clock::duration pause = kFirstPause;; pause = std::min(pause * 2, kLongestPause)) {
    co_await connection.script("begin");
    const auto failure = co_await create(connection, piece);
    if (!failure) break;
    const bool fewer = co_await take_out(connection, run, piece, *failure);
    co_await connection.script("commit");
    any_taken_out = any_taken_out || fewer;
    if (fewer) continue;
    if (!any_taken_out || failure->sqlstate() != "54000") throw *failure;
    // What is deleted goes into an index as long as an older transaction may look at it.
    log::info("an index waits until older transactions are at their end", {{"target", target}, {"name", piece.name}});
    co_await run.control_changed.wait(pause);
  }
  const std::string built(queries::deferred_built);
  pg::Parameters parameters = {run.model.name, target, piece.name};
  co_await connection.query(built, parameters);
  co_await connection.script("commit");
  log::info("built", {{"target", target}, {"name", piece.name}, {"seconds", fmt::format("{:.1f}", std::chrono::duration<double>(Clock::now() - began).count())}});
}

/// One of a partitioned table holds for all rows or is not there; the next start tries again, and no flip takes place without it.
void tell_missing(std::string_view target, const Piece& piece, const Failure& failure) {
  log::warn("foreign key does not hold for all rows, and is left out",
            {{"target", target}, {"name", piece.name}, log::quoting("because", failure.facts().detail), log::quoting("fix", piece.create)});
}

/// Tries `sql` until it has its locks, for a while. What it is refused with; one of a lock where none was to be had. `built`: the piece
/// that is noted with it, so that a restart does not build it again.
asio::awaitable<std::optional<Failure>> briefly(pg::Connection& connection, Runtime& run, std::string sql, pg::Parameters built) {
  const std::string note(queries::deferred_built);
  for (int attempt = 1;; ++attempt) {
    std::optional<Failure> failure;
    co_await connection.script(kBriefly);
    try {
      co_await connection.script(sql);
      if (!built.empty()) co_await connection.query(note, built);
      co_await connection.script("commit");
    } catch (const Failure& caught) {
      if (caught.connection_lost()) throw;
      failure = caught;
    }
    if (!failure) co_return std::nullopt;
    co_await connection.script("rollback");
    if (failure->sqlstate() != "55P03" || attempt == kBriefTries) co_return failure;
    co_await run.control_changed.wait(kBetweenTries);
  }
}

/// So many rows that refer to nobody are set aside; more are somebody's to look at as they stand.
constexpr std::size_t kMostOrphans = 100'000;

/// The keys of rows of which `condition` is true, one array a column; nothing where they are too many.
asio::awaitable<pg::Parameters> keys_of(pg::Connection& connection, const mapping::Target& target, std::string_view condition) {
  std::vector<std::string> columns;
  for (const auto& name : target.key) columns.push_back(fmt::format("s.{}::text", quote_identifier(name)));
  auto sql = fmt::format("select {} from {} s where {} limit {}", fmt::join(columns, ", "), target.table.quoted(), condition, kMostOrphans + 1);
  const auto rows = co_await connection.query(std::move(sql));
  pg::Parameters keys;
  for (std::size_t column = 0; column < columns.size() && !rows.empty() && rows.size() <= kMostOrphans; ++column) {
    std::vector<std::optional<std::string>> values;
    for (std::size_t row = 0; row < rows.size(); ++row) values.push_back(rows.optional_text(row, column));
    keys.emplace_back(array_text(values));
  }
  co_return keys;
}

/// A bulk load brings rows in that refer to nobody. They are offered again, and refused one by one; those that others refer to stay.
/// False: none was taken out.
asio::awaitable<bool> take_out_orphans(pg::Connection& connection, Runtime& run, const Constraint& constraint) {
  ByTarget<std::optional<std::string>> tables;
  for (const auto& target : run.model.targets) tables.emplace_back(target.table.quoted());
  const std::string find(queries::foreign_keys);
  pg::Parameters of_tables = {array_text(tables)};
  const auto foreign_keys = co_await connection.query(find, of_tables);
  TargetId target;
  std::string condition;
  for (const auto row : pg::rows(foreign_keys)) {
    if (row.text("name") != constraint.name) continue;
    target = TargetId(row.number("child"));
    condition = reference_of(row).missing();
  }
  if (condition.empty()) co_return false;
  const auto keys = co_await keys_of(connection, run.model.targets[target], condition);
  if (keys.empty()) co_return false;
  co_await connection.script("begin");
  auto ask_names = run.refresh.statements(target).names();
  const auto names = co_await connection.query(std::move(ask_names), keys);
  const std::string references(queries::references);
  pg::Parameters nobodys = {tables[target], "{}"};
  const auto referred = co_await connection.query(references, nobodys);
  std::vector<std::string> selects;
  for (std::size_t row = 0; row < referred.size(); ++row) selects.emplace_back(referred.text(row, 0));
  auto remove = run.refresh.statements(target).remove(selects);
  const auto removed = co_await connection.query(std::move(remove), keys);
  std::vector<Key> offered;
  for (std::size_t row = 0; row < names.size(); ++row) {
    offered.push_back(names.is_null(row, 0) ? Key::every_row(target) : named_key(target, names.text(row, 0)));
  }
  run.dirty_keys += co_await store::write_dirty(connection, run, std::move(offered));
  co_await connection.script("commit");
  co_return removed.affected() > 0;
}

/// What the server says to it.
asio::awaitable<std::optional<Failure>> refused(pg::Connection& connection, const std::string& sql) {
  std::optional<Failure> failure;
  try {
    co_await connection.script(sql);
  } catch (const Failure& caught) {
    failure = caught;
  }
  co_return failure;
}

/// One is validated at a time of each table, and different tables side by side: so the server's locks have it.
asio::awaitable<void> validate_one(pg::Connection& connection, Runtime& run, const Constraint& constraint) {
  std::optional<Failure> failure;
  pg::Parameters built_before;
  if (constraint.check) {
    failure = co_await briefly(connection, run, constraint.validate, built_before);
  } else {
    failure = co_await refused(connection, constraint.validate);
    const bool orphans = failure && failure->sqlstate() == "23503";
    const bool fewer = orphans && co_await take_out_orphans(connection, run, constraint);
    if (fewer) failure = co_await refused(connection, constraint.validate);
  }
  if (!failure) co_return;
  if (failure->sqlstate() == "55P03" && constraint.check) {
    log::warn("what v2.sql says of a table is not said of it yet: others are at it all the time, and the next start tries again",
              {{"target", constraint.target}, {"name", constraint.name}, log::quoting("fix", constraint.validate)});
    co_return;
  }
  if (failure->verdict() != Verdict::kQuarantine) throw *failure;
  log::warn(constraint.check ? "check holds for new rows, but not for all old ones yet" : "foreign key holds for new rows, but not for all old ones yet",
            {{"target", constraint.target}, {"name", constraint.name}, log::quoting("because", failure->facts().detail)});
}

}  // namespace

asio::awaitable<void> take_off(pg::Connection& connection, const Runtime& run, TargetId target) {
  const auto name = run.model.targets[target].table.quoted();
  const std::string find(queries::deferred_find);
  const std::string put(queries::deferred_put);
  co_await connection.script("begin");
  pg::Parameters table = {name};
  const auto found = co_await connection.query(find, table);
  for (const auto row : pg::rows(found)) {
    pg::Parameters parameters = {run.model.name, run.model.targets[target].name, row.optional_text("name"), row.optional_text("stage"),
                                 row.optional_text("create_sql"), row.optional_text("validate_sql"), row.optional_text("indexed_by"),
                                 row.optional_text("excluded_by")};
    co_await connection.query(put, parameters);
    std::string drop(row.text("drop_sql"));
    co_await connection.script(std::move(drop));
  }
  co_await connection.script("commit");
}

/// Keys and indexes that were taken off, several at a time: the longest first, and constraints before the others, because
/// adding one locks its table, where any number of indexes of one table can be built side by side.
asio::awaitable<void> build_keys(Runtime& run) {
  std::deque<Piece> pieces;
  {
    pg::Connection connection = co_await open_engine_session(run.settings, run.model.name, "build");
    const std::string list(queries::deferred_list);
    pg::Parameters parameters = {run.model.name, "1"};
    const auto rows = co_await connection.query(list, parameters);
    for (const auto row : pg::rows(rows)) {
      const auto target = run.model.find_target(std::string(row.text("target")));
      if (!target) continue;
      Piece piece{*target, std::string(row.text("name")), std::string(row.text("create_sql")), std::string(row.text("indexed_by")), {}};
      for (auto& each : parse_array(row.optional_text("excluded_by").value_or("{}"))) piece.excluded_by.push_back(each.value());
      pieces.push_back(std::move(piece));
    }
  }
  const auto place = [&](const Piece& piece) {
    const bool other = !piece.create.starts_with("alter table");
    return std::pair(other, -static_cast<std::int64_t>(run.progress[piece.target].done));
  };
  std::stable_sort(pieces.begin(), pieces.end(), [&](const Piece& a, const Piece& b) { return place(a) < place(b); });
  const Work build = [&](pg::Connection& connection) -> asio::awaitable<void> {
    co_await connection.script(kRoomToSort);
    while (!pieces.empty()) {
      const auto piece = std::move(pieces.front());
      pieces.pop_front();
      co_await build_one(connection, run, piece);
    }
  };
  co_await on_workers(run, "build", build);
}

asio::awaitable<void> remove_orphans(pg::Connection& connection, const Runtime& run) {
  const std::string list(queries::deferred_list);
  pg::Parameters parameters = {run.model.name, "2"};
  const auto off = co_await connection.query(list, parameters);
  if (off.empty()) co_return;
  // Parents come before children, which may be orphaned in their turn.
  for (const auto target : run.model.targets.ids()) {
    auto sql = run.refresh.statements(target).remove_orphans();
    if (sql.empty()) continue;
    const auto removed = co_await connection.query(std::move(sql));
    run.metrics.rows_written(target, 0, 0, removed.affected());
  }
}

asio::awaitable<void> build_foreign_keys(pg::Connection& connection, Runtime& run) {
  const std::string list(queries::deferred_list);
  const std::string built(queries::deferred_built);
  pg::Parameters parameters = {run.model.name, "2"};
  const auto rows = co_await connection.query(list, parameters);
  for (const auto row : pg::rows(rows)) {
    Piece piece;
    piece.name = row.text("name");
    piece.create = row.text("create_sql");
    pg::Parameters of_key = {run.model.name, row.optional_text("target"), row.optional_text("name")};
    if (piece.create.find("FOREIGN KEY") == std::string::npos) {
      const auto held_up = co_await briefly(connection, run, piece.create, of_key);
      if (held_up && held_up->sqlstate() != "55P03") throw *held_up;
      continue;
    }
    // Together, so that a restart does not build it again.
    co_await connection.script("begin");
    const auto refused = co_await create(connection, piece);
    if (!refused) co_await connection.query(built, of_key);
    co_await connection.script("commit");
    if (refused && refused->verdict() != Verdict::kQuarantine) throw *refused;
    if (refused) tell_missing(row.text("target"), piece, *refused);
  }
  // Those of an earlier life, which may have ended before they were validated, too.
  const std::string open(queries::deferred_unvalidated);
  pg::Parameters name = {run.model.name};
  const auto unvalidated = co_await connection.query(open, name);
  std::deque<Constraint> keys;
  for (const auto row : pg::rows(unvalidated)) {
    keys.push_back({std::string(row.text("target")), std::string(row.text("name")), std::string(row.text("validate_sql")), row.truth("is_check")});
  }
  if (keys.empty()) co_return;
  const Work validate = [&](pg::Connection& session) -> asio::awaitable<void> {
    co_await session.script(kRoomToSort);
    while (!keys.empty()) {
      const auto key = std::move(keys.front());
      keys.pop_front();
      co_await validate_one(session, run, key);
    }
  };
  co_await on_workers(run, "validate", validate);
}

}  // namespace crossfade::sync
