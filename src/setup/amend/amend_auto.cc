#include "setup/amend/amend_auto.h"

#include <embedded_sql.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/error/failure.h"
#include "base/text/sql_text.h"
#include "mapping/amend/renamed.h"
#include "mapping/plan/plan_text.h"
#include "pg/row.h"
#include "setup/amend/amend.h"
#include "setup/prepare/prepare_steps.h"
#include "setup/state/editions.h"
#include "sync/state/store.h"

namespace crossfade::setup {
namespace {

namespace asio = boost::asio;
namespace queries = sql::queries;
using mapping::MigrationFile;
using mapping::PrintedView;
using mapping::Renamed;

/// v1 as it is, beside what is known of it.
struct Differences {
  std::vector<Renamed> renamed;
  std::vector<std::string> says;
  bool widened = false;
  bool come = false;  ///< columns that the texts in force take over
  std::string waits;

  std::vector<std::string> old_names() const {
    std::vector<std::string> names;
    for (const auto& one : renamed) {
      if (one.moved()) names.push_back(one.was.name);
      for (const auto& [was, is] : one.columns) names.push_back(was);
    }
    return names;
  }
};

Renamed& of_table(std::vector<Renamed>& all, const mapping::TableName& was, const mapping::TableName& is) {
  const auto found = std::find_if(all.begin(), all.end(), [&](const Renamed& one) { return one.was == was; });
  if (found != all.end()) return *found;
  all.push_back({was, is, {}});
  return all.back();
}

asio::awaitable<Differences> look_at_v1(pg::Connection& connection, std::string migration) {
  Differences found;
  pg::Parameters name = {std::move(migration)};
  const auto rows = co_await connection.query(queries::source_changes, name);
  const auto waits = [&](std::string why) {
    if (found.waits.empty()) found.waits = std::move(why);
  };
  for (const auto row : pg::rows(rows)) {
    const mapping::TableName was{std::string(row.text("schema_name")), std::string(row.text("table_name"))};
    const auto table = was.schema + "." + was.name;
    if (row.is_null("table_now")) {
      waits(fmt::format("table {} is gone", table));
      continue;
    }
    const mapping::TableName is{std::string(row.text("schema_now")), std::string(row.text("table_now"))};
    const bool known = std::any_of(found.renamed.begin(), found.renamed.end(), [&](const Renamed& one) { return one.was == was; });
    auto& renamed = of_table(found.renamed, was, is);
    if (!known && renamed.moved()) found.says.push_back(fmt::format("table {} is called {}.{} now", table, is.schema, is.name));
    const std::string column(row.text("name"));
    const auto column_now = row.optional_text("name_now");
    if (row.truth("name_taken")) waits(fmt::format("something else has the name {} by now", column_now == column ? table : table + "." + column));
    // A column that a view reads cannot go without it; one that none reads is nobody's business.
    if (!column_now) continue;
    if (*column_now != column) {
      renamed.columns[column] = *column_now;
      found.says.push_back(fmt::format("column {}.{} is called {} now", table, column, *column_now));
    }
    const std::string type(row.text("type"));
    const std::string type_now(row.text("type_now"));
    if (type == type_now) continue;
    const auto retyped = fmt::format("column {}.{} is {} instead of {}", table, column, type_now, type);
    found.widened = true;
    found.says.push_back(retyped);
    if (!mapping::widens(type, type_now)) waits(retyped + ", which is no wider type");
  }
  co_return found;
}

/// Of what reads them all.
asio::awaitable<void> look_at_new_columns(pg::Connection& connection, std::string migration, Differences& found) {
  pg::Parameters name = {std::move(migration)};
  const auto rows = co_await connection.query(queries::source_columns_come, name);
  found.come = !rows.empty();
  for (const auto row : pg::rows(rows)) {
    found.says.push_back(fmt::format("column {}.{}.{} has come", row.text("schema_name"), row.text("table_name"), row.text("attname")));
  }
}

asio::awaitable<std::vector<std::string>> missing_views(pg::Connection& connection, const v1::Migration& yaml) {
  std::vector<std::optional<std::string>> targets;
  for (const auto& [name, target] : yaml.targets()) targets.emplace_back(name);
  pg::Parameters parameters = {yaml.schemas().mapping(), array_text(targets)};
  const auto rows = co_await connection.query(queries::views_missing, parameters);
  std::vector<std::string> missing;
  for (std::size_t row = 0; row < rows.size(); ++row) missing.emplace_back(rows.text(row, 0));
  co_return missing;
}

/// The views of the mapping that read what is called otherwise, by the script that makes each: the server has rewritten them.
asio::awaitable<bool> take_views(pg::Connection& connection, MigrationFile& file, const Differences& differences) {
  pg::Parameters parameters = {file.yaml.schemas().mapping(), file.yaml.migration()};
  const auto rows = co_await connection.query(queries::source_views, parameters);
  const auto names = differences.old_names();
  std::size_t taken = 0;
  for (auto* script : {&file.surrogates_sql, &file.mapping_sql, &file.rejects_sql}) {
    std::vector<PrintedView> views;
    for (const auto row : pg::rows(rows)) {
      std::vector<PrintedView> alone = {{std::string(row.text("relname")), std::string(row.text("create_sql"))}};
      if (mapping::with_views(*script, alone, {})) views.push_back(std::move(alone.front()));
    }
    taken += views.size();
    auto text = mapping::with_views(*script, views, names);
    if (!text) co_return false;
    *script = std::move(*text);
  }
  co_return taken == rows.size();
}

/// A view of the way back has the name and the columns of v1's table. To be rolled back.
asio::awaitable<bool> take_way_back(pg::Connection& connection, MigrationFile& file, const Renamed& renamed) {
  const auto& schema = file.yaml.schemas().reverse();
  pg::Parameters view = {schema, renamed.was.name};
  const auto there = co_await connection.query(queries::view_printed, view);
  if (there.empty()) co_return true;
  std::vector<std::string> statements;
  const auto place = quote_qualified(schema, renamed.was.name);
  for (const auto& column : parse_array(pg::first(there).text("columns"))) {
    const auto is = renamed.columns.find(column.value_or(""));
    if (is == renamed.columns.end()) continue;
    statements.push_back(fmt::format("alter view {} rename column {} to {}", place, quote_identifier(is->first), quote_identifier(is->second)));
  }
  if (renamed.was.name != renamed.is.name) statements.push_back(fmt::format("alter view {} rename to {}", place, quote_identifier(renamed.is.name)));
  if (statements.empty()) co_return true;
  for (auto& statement : statements) co_await connection.script(std::move(statement));
  pg::Parameters now = {schema, renamed.is.name};
  const auto printed = co_await connection.query(queries::view_printed, now);
  const std::vector<PrintedView> views = {{renamed.was.name, std::string(pg::first(printed).text("create_sql"))}};
  auto text = mapping::with_views(file.reverse_sql, views, {});
  if (!text) co_return false;
  file.reverse_sql = std::move(*text);
  co_return true;
}

/// What the migration would have to say by now; nothing where that is not plain.
asio::awaitable<std::optional<MigrationFile>> as_renamed(pg::Connection& connection, MigrationFile installed, const Differences& differences) {
  auto yaml = mapping::with_names(installed.yaml_text, installed.yaml, differences.renamed);
  if (!yaml) co_return std::nullopt;
  co_await connection.script("begin; set local search_path to ''; set local lock_timeout = '100ms'; set local statement_timeout = '2s'");
  std::optional<Failure> failure;
  bool plain = true;
  try {
    plain = co_await take_views(connection, installed, differences);
    for (const auto& renamed : differences.renamed) {
      if (plain && !installed.reverse_sql.empty()) plain = co_await take_way_back(connection, installed, renamed);
    }
  } catch (const Failure& caught) {
    failure = caught;
  }
  if (connection.usable()) co_await connection.script("rollback");
  if (failure) throw *failure;
  if (!plain) co_return std::nullopt;
  auto texts = mapping::texts_of(installed);
  texts["migration.yaml"] = std::move(*yaml);
  co_return mapping::with_texts(std::move(installed), texts);
}

asio::awaitable<void> amend_by_itself(pg::Connection& connection, MigrationFile file, FollowedV1& followed, bool anew) {
  Amend amend{std::move(file)};
  amend.limits = limits_of(amend.file);
  amend.anew = anew;
  amend.who = kByItself;
  amend.because = followed.differences;
  const auto done = co_await perform_amend(connection, std::move(amend));
  if (done.preflight.ok()) followed.edition = done.edition;
  else followed.waits = mapping::faults_text(done.preflight);
}

}  // namespace

asio::awaitable<FollowedV1> follow_v1(pg::Connection& connection, pg::Endpoint endpoint, mapping::MigrationFile folder, FollowedV1 last) {
  const auto migration = folder.yaml.migration();
  if (folder.yaml.amend() != v1::Migration::AMEND_AUTO) co_return FollowedV1{};
  const auto direction = co_await sync::store::read_direction(connection, migration);
  if (direction != mapping::Direction::kForward) co_return FollowedV1{};
  auto differences = co_await look_at_v1(connection, migration);
  const bool all = mapping::takes_all(folder.mapping_sql, folder.v2_sql);
  if (all) co_await look_at_new_columns(connection, migration, differences);
  if (!last.waits.empty() && last.differences == differences.says) co_return last;
  FollowedV1 followed;
  followed.differences = differences.says;
  if (differences.says.empty()) co_return followed;
  // Locks by which one amend keeps others away are its session's, and go with it.
  pg::Connection own = co_await pg::Connection::open(std::move(endpoint));
  auto installed = co_await as_installed(own, folder);
  // A word about checks that somebody has added meanwhile is not to be lost where the file is written anew.
  if (mapping::differs_in_checks_alone(folder, mapping::texts_of(installed))) installed.yaml_text = folder.yaml_text;
  const bool anew = differences.come && mapping::takes_all(installed.mapping_sql, installed.v2_sql);
  const auto missing = co_await missing_views(own, installed.yaml);
  auto now = co_await as_renamed(own, installed, differences);
  const bool same = now && mapping::texts_of(*now) == mapping::texts_of(installed);
  if (same && missing.empty() && !anew) {
    // Nobody reads it.
    std::vector<mapping::TableName> tables;
    for (const auto& [written, source] : installed.yaml.sources()) tables.push_back(mapping::source_table(installed.yaml, written));
    auto known = know_sources(migration, tables);
    co_await own.script(std::move(known));
    followed.differences.clear();
    co_return followed;
  }
  followed.waits = differences.waits;
  if (followed.waits.empty() && !now) followed.waits = "other text has the old name too, and has to be looked at";
  // A view that somebody has dropped, and not for a wider type.
  if (followed.waits.empty() && !missing.empty() && !differences.widened) followed.waits = fmt::format("view {} is gone", fmt::join(missing, ", "));
  if (followed.waits.empty()) co_await amend_by_itself(own, std::move(*now), followed, anew);
  co_return followed;
}

}  // namespace crossfade::setup
