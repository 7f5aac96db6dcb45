#include "sync/backfill/build.h"

#include <embedded_sql.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <deque>
#include <utility>
#include <vector>

#include "async/failure_of.h"
#include "base/telemetry/log.h"
#include "base/text/sql_text.h"
#include "pg/row.h"
#include "pg/savepoint.h"
#include "sync/refresh/references.h"
#include "sync/state/store.h"
#include "sync/state/workers.h"

namespace crossfade::sync {
namespace {

namespace queries = sql::queries;

/// Of each session that builds or validates: sorts and joins of some million rows stay in memory.
constexpr auto kRoomToSort = "set maintenance_work_mem = '256MB'";

/// So many rows that do not fit are set aside; more are somebody's to look at as they stand.
constexpr std::size_t kMostTakenOut = 100'000;

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
  std::string check;  ///< its expression; "" of a foreign key
};

/// Rows of a target that a constraint does not admit.
struct Broken {
  TargetId target;
  std::string condition;  ///< of a row `s`
};

/// A check wants its table for itself for a moment, and whoever reads v2 by now must not wait long behind us.
constexpr auto kBriefly = "begin; set local lock_timeout = '100ms'";
constexpr int kBriefTries = 50;
constexpr auto kBetweenTries = std::chrono::milliseconds(200);

/// Whether a row of the table may have brought it about.
bool is_of_rows(const Failure& failure) { return failure.found_by_trying() && !failure.names_nothing(); }

/// What takes away the rows that a piece does not admit, the likeliest first.
std::vector<std::string> ways_out(const Runtime& run, const Piece& piece, const Failure& failure) {
  if (piece.indexed_by.empty() || !is_of_rows(failure)) return {};
  const auto& statements = run.refresh.statements(piece.target);
  std::vector<std::string> ways;
  if (failure.sqlstate() == "23505") ways.push_back(statements.remove_duplicates(piece.indexed_by));
  if (failure.sqlstate() == "23P01") ways.push_back(statements.remove_overlapping(piece.indexed_by, piece.excluded_by));
  if (failure.sqlstate() == "54000") ways.push_back(statements.remove_long(piece.indexed_by));
  ways.push_back(statements.remove_raising(piece.indexed_by, kMostTakenOut));
  return ways;
}

asio::awaitable<std::optional<Failure>> create(pg::Connection& connection, const Piece& piece) {
  const pg::Work make = [&]() -> asio::awaitable<void> { co_await connection.script(piece.create); };
  const auto failure = co_await pg::in_savepoint(connection, make, pg::Leaves::kWhatWorked, async::found_by_trying);
  // Somebody made it by hand meanwhile.
  if (failure && (failure->sqlstate() == "42P07" || failure->sqlstate() == "42710")) co_return std::nullopt;
  co_return failure;
}

/// A row that moved between two chunks was read twice, or two rows swapped a value between them. They are dirty by definition, and
/// their keys are offered again in any case. So are those of values that an index may be too small for, or for which its expressions
/// raise. Rows that the piece does not admit in the view either are refused then, one by one. False: there are none, any more.
/// `referred`: others refer to them, so they cannot go.
asio::awaitable<bool> take_out(pg::Connection& connection, Runtime& run, const Piece& piece, Failure failure, bool& referred) {
  for (auto& remove : ways_out(run, piece, failure)) {
    const auto tried = co_await pg::try_in_savepoint(connection, std::move(remove));
    // Beside rows that agree there may be some that raise, and then nobody can tell which agree.
    referred = referred || (tried.refused && tried.refused->sqlstate() == "23503");
    if (tried.refused || tried.result.empty()) continue;
    std::vector<Key> keys;
    for (std::size_t row = 0; row < tried.result.size(); ++row) {
      keys.push_back(tried.result.is_null(row, 0) ? Key::every_row(piece.target) : named_key(piece.target, tried.result.text(row, 0)));
    }
    const auto offered = co_await store::write_dirty(connection, run, std::move(keys));
    run.dirty_keys += offered;
    co_return true;
  }
  co_return false;
}

/// Where no row explains it, or too many do: the rows can be there without an index, or a key, by which no row is found that is written.
bool may_be_left_out(const Piece& piece) { return piece.create.find(" PRIMARY KEY (") == std::string::npos; }

/// It is tried again by itself, and no flip takes place without it.
void tell_left_out(std::string_view target, const Piece& piece, const Failure& failure) {
  log::warn("a key or an index cannot be built, and is left out",
            {{"target", target}, {"name", piece.name}, log::quoting("because", failure.what()), log::quoting("fix", piece.create)});
}

/// In the transaction that built it, so that a restart does not build it again. Who does not lead any more has built what nobody wants.
asio::awaitable<void> note_built(pg::Connection& connection, const Runtime& run, pg::Parameters piece) {
  const std::string note(queries::deferred_built);
  piece.emplace_back(std::to_string(run.epoch));
  const auto noted = co_await connection.query(note, std::move(piece));
  if (noted.affected() == 0) store::not_leader(run);
}

asio::awaitable<void> build_one(pg::Connection& connection, Runtime& run, const Piece& piece) {
  const auto began = Clock::now();
  const auto& target = run.model.targets[piece.target].name;
  bool any_taken_out = false;
  for (Clock::duration pause = kFirstPause;; pause = std::min(pause * 2, kLongestPause)) {
    co_await connection.script("begin");
    const auto failure = co_await create(connection, piece);
    if (!failure) break;
    bool referred = false;
    const bool fewer = co_await take_out(connection, run, piece, *failure, referred);
    co_await connection.script("commit");
    any_taken_out = any_taken_out || fewer;
    if (fewer) continue;
    if (!any_taken_out || failure->is_conflict() || !is_of_rows(*failure)) {
      // A key that an amend has brought, while the others have theirs.
      if (!may_be_left_out(piece) && !referred) throw *failure;
      tell_left_out(target, piece, *failure);
      co_return;
    }
    // What is deleted goes into an index as long as an older transaction may look at it.
    log::info("an index waits until older transactions are at their end", {{"target", target}, {"name", piece.name}});
    co_await run.control_changed.wait(pause);
  }
  pg::Parameters parameters = {run.model.name, target, piece.name};
  co_await note_built(connection, run, std::move(parameters));
  co_await connection.script("commit");
  log::info("built", {{"target", target}, {"name", piece.name}, {"seconds", fmt::format("{:.1f}", std::chrono::duration<double>(Clock::now() - began).count())}});
}

/// One of a partitioned table holds for all rows or is not there; it is tried again by itself, and no flip takes place without it.
void tell_missing(std::string_view target, const Piece& piece, const Failure& failure) {
  log::warn("foreign key does not hold for all rows, and is left out",
            {{"target", target}, {"name", piece.name}, log::quoting("because", failure.facts().detail), log::quoting("fix", piece.create)});
}

/// Tries `sql` until it has its locks, for a while. What it is refused with; one of a lock where none was to be had. `built`: the piece
/// that is noted with it.
asio::awaitable<std::optional<Failure>> briefly(pg::Connection& connection, Runtime& run, std::string sql, pg::Parameters built) {
  for (int attempt = 1;; ++attempt) {
    std::optional<Failure> failure;
    co_await connection.script(kBriefly);
    try {
      co_await connection.script(sql);
      if (!built.empty()) co_await note_built(connection, run, built);
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

/// The keys of rows of which `condition` is true, one array a column; nothing where they are too many.
asio::awaitable<pg::Parameters> keys_of(pg::Connection& connection, const mapping::Target& target, std::string_view condition) {
  std::vector<std::string> columns;
  for (const auto& name : target.key) columns.push_back(fmt::format("s.{}::text", quote_identifier(name)));
  auto sql = fmt::format("select {} from {} s where {} limit {}", fmt::join(columns, ", "), target.table.quoted(), condition, kMostTakenOut + 1);
  const auto rows = co_await connection.query(std::move(sql));
  pg::Parameters keys;
  for (std::size_t column = 0; column < columns.size() && !rows.empty() && rows.size() <= kMostTakenOut; ++column) {
    std::vector<std::optional<std::string>> values;
    for (std::size_t row = 0; row < rows.size(); ++row) values.push_back(rows.optional_text(row, column));
    keys.emplace_back(array_text(values));
  }
  co_return keys;
}

std::vector<std::optional<std::string>> tables_of(const mapping::Model& model) {
  std::vector<std::optional<std::string>> tables;
  for (const auto& target : model.targets) tables.emplace_back(target.table.quoted());
  return tables;
}

asio::awaitable<std::optional<Broken>> rows_that_break(pg::Connection& connection, const Runtime& run, const Constraint& constraint) {
  if (!constraint.check.empty()) {
    const auto target = run.model.find_target(constraint.target);
    if (!target) co_return std::nullopt;
    co_return Broken{*target, "not (" + constraint.check + ")"};
  }
  const std::string find(queries::foreign_keys);
  pg::Parameters of_tables = {array_text(tables_of(run.model))};
  const auto foreign_keys = co_await connection.query(find, of_tables);
  for (const auto row : pg::rows(foreign_keys)) {
    if (row.text("name") == constraint.name) co_return Broken{TargetId(row.number("child")), reference_of(row).missing()};
  }
  co_return std::nullopt;
}

/// A bulk load brings rows in that refer to nobody, and an amend a check that rows break which are there. They are offered again, and refused
/// one by one; those that others refer to stay. False: none was taken out.
asio::awaitable<bool> take_out_broken(pg::Connection& connection, Runtime& run, const Constraint& constraint) {
  const auto broken = co_await rows_that_break(connection, run, constraint);
  if (!broken) co_return false;
  const auto target = broken->target;
  const auto keys = co_await keys_of(connection, run.model.targets[target], broken->condition);
  if (keys.empty()) co_return false;
  co_await connection.script("begin");
  auto ask_names = run.refresh.statements(target).names();
  const auto names = co_await connection.query(std::move(ask_names), keys);
  const std::string references(queries::references);
  pg::Parameters nobodys = {run.model.targets[target].table.quoted(), "{}"};
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
asio::awaitable<std::optional<Failure>> refused(pg::Connection& connection, const std::string& sql) { return async::failure_of(connection.script(sql)); }

/// One is validated at a time of each table, and different tables side by side: so the server's locks have it.
asio::awaitable<void> validate_one(pg::Connection& connection, Runtime& run, const Constraint& constraint) {
  const bool is_check = !constraint.check.empty();
  const auto validate = [&]() -> asio::awaitable<std::optional<Failure>> {
    const pg::Parameters built_before;
    if (is_check) co_return co_await briefly(connection, run, constraint.validate, built_before);
    co_return co_await refused(connection, constraint.validate);
  };
  auto failure = co_await validate();
  const bool rows_break_it = failure && (failure->sqlstate() == "23503" || failure->sqlstate() == "23514");
  const bool fewer = rows_break_it && co_await take_out_broken(connection, run, constraint);
  if (fewer) failure = co_await validate();
  if (!failure) co_return;
  if (failure->sqlstate() == "55P03" && is_check) {
    log::warn("what v2.sql says of a table is not said of it yet: others are at it all the time; it is tried again by itself",
              {{"target", constraint.target}, {"name", constraint.name}, log::quoting("fix", constraint.validate)});
    co_return;
  }
  if (failure->verdict() != Verdict::kQuarantine) throw *failure;
  log::warn(is_check ? "check holds for new rows, but not for all old ones yet" : "foreign key holds for new rows, but not for all old ones yet",
            {{"target", constraint.target}, {"name", constraint.name}, log::quoting("because", failure->facts().detail)});
}

/// Whatever was the matter may be mended by now.
asio::awaitable<void> build_left_out(pg::Connection& connection, Runtime& run) {
  const std::string list(queries::deferred_list);
  pg::Parameters parameters = {run.model.name, "1"};
  const auto rows = co_await connection.query(list, parameters);
  for (const auto row : pg::rows(rows)) {
    Piece piece;
    piece.name = row.text("name");
    piece.create = row.text("create_sql");
    if (!may_be_left_out(piece)) continue;
    pg::Parameters of_index = {run.model.name, row.optional_text("target"), row.optional_text("name")};
    co_await connection.script("begin");
    const auto refused = co_await create(connection, piece);
    if (!refused) co_await note_built(connection, run, of_index);
    co_await connection.script("commit");
    if (refused) tell_left_out(row.text("target"), piece, *refused);
  }
}

}  // namespace

asio::awaitable<void> drop_deferred(pg::Connection& connection, const Runtime& run, TargetId target) {
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
    return std::pair(other, -static_cast<std::int64_t>(run.fill.progress[piece.target].done));
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

asio::awaitable<void> build_foreign_keys(pg::Connection& connection, Runtime& run) {
  co_await build_left_out(connection, run);
  const std::string list(queries::deferred_list);
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
    co_await connection.script("begin");
    const auto refused = co_await create(connection, piece);
    if (!refused) co_await note_built(connection, run, of_key);
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
    keys.push_back({std::string(row.text("target")), std::string(row.text("name")), std::string(row.text("validate_sql")), row.optional_text("expression").value_or("")});
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
