#include "sync/state/shape.h"

#include <embedded_sql.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <set>
#include <utility>

#include "base/error/failure.h"
#include "base/text/sql_text.h"
#include "pg/row.h"
#include "sync/state/run_query.h"

namespace crossfade::sync {

namespace asio = boost::asio;
namespace queries = sql::queries;

namespace {

const char* word(mapping::Direction direction) { return direction == mapping::Direction::kReverse ? "reverse" : "forward"; }

using Names = std::vector<std::optional<std::string>>;

asio::awaitable<void> watch(pg::Connection& connection, const mapping::Model& model, std::string relation, bool view, Names targets, Names columns) {
  pg::Parameters parameters = {model.name, word(model.direction), std::move(relation), view ? "true" : "false", array_text(targets), array_text(columns)};
  co_await run_query(connection, queries::watched_put, std::move(parameters));
}

/// Targets that a source makes rows of.
Names followers(const mapping::Model& model, SourceId source) {
  std::set<std::string> names;
  for (const auto& rule : model.rules) {
    if (rule.source == source) names.insert(model.targets[rule.target].name);
  }
  return {names.begin(), names.end()};
}

/// Columns that an old image of a source's row must have: they say where the row was.
Names followed_columns(const mapping::Model& model, SourceId source) {
  std::set<std::string> names;
  for (const auto& rule : model.rules) {
    if (rule.source == source) names.insert(rule.source_columns.begin(), rule.source_columns.end());
  }
  return {names.begin(), names.end()};
}

asio::awaitable<void> remember(pg::Connection& connection, const mapping::Model& model, bool changed) {
  pg::Parameters parameters = {model.name, word(model.direction), changed ? "true" : "false"};
  co_await run_query(connection, queries::shape_remember, std::move(parameters));
}

asio::awaitable<void> forget_watched(pg::Connection& connection, const mapping::Model& model) {
  pg::Parameters of_course = {model.name, word(model.direction)};
  co_await run_query(connection, queries::watched_forget, of_course);
}

asio::awaitable<std::vector<ShapeChange>> changes_there(pg::Connection& connection, std::string migration) {
  pg::Parameters name = {std::move(migration)};
  const auto rows = co_await run_query(connection, queries::shape_changes, std::move(name));
  std::vector<ShapeChange> changes;
  for (const auto row : pg::rows(rows)) {
    ShapeChange change;
    change.object = row.text("object");
    change.title = row.text("title");
    for (auto& target : parse_array(row.text("targets"))) change.targets.push_back(target.value_or(""));
    change.in_the_way = row.truth("in_the_way");
    change.how = row.text("how");
    change.detail = row.text("detail");
    change.fix = row.text("fix");
    changes.push_back(std::move(change));
  }
  co_return changes;
}

asio::awaitable<std::string> fingerprint_there(pg::Connection& connection, const mapping::Model& model) {
  pg::Parameters parameters = {model.name, word(model.direction)};
  const auto rows = co_await run_query(connection, queries::shape_fingerprint, std::move(parameters));
  co_return std::string(rows.text(0, 0));
}

asio::awaitable<void> remember_where_new(pg::Connection& connection, const mapping::Model& model) {
  pg::Parameters of = {model.name, word(model.direction)};
  const auto known = co_await connection.query(queries::shape_known, of);
  if (!known.truth(0, 0)) co_await remember(connection, model, false);
}

}  // namespace

asio::awaitable<void> write_watched(pg::Connection& connection, const mapping::Model& model) {
  co_await forget_watched(connection, model);
  if (connection.apart()) co_await forget_watched(connection.source(), model);
  for (const auto number : model.sources.ids()) {
    auto targets = followers(model, number);
    auto name = quote_qualified(model.sources[number].schema, model.sources[number].name);
    auto columns = followed_columns(model, number);
    // What no rule follows is not published either.
    if (!targets.empty()) co_await watch(connection.source(), model, std::move(name), false, std::move(targets), std::move(columns));
  }
  for (const auto& target : model.targets) {
    auto view = quote_qualified(model.mapping_schema, target.name);
    Names made = {target.name};
    Names none;
    co_await watch(connection.source(), model, std::move(view), true, std::move(made), std::move(none));
    pg::Parameters table = {model.name, word(model.direction), target.name, target.table.quoted()};
    co_await run_query(connection, queries::written_put, std::move(table));
  }
}

asio::awaitable<std::vector<ShapeChange>> shape_changes(pg::Connection& connection, std::string migration) {
  auto changes = co_await changes_there(connection, migration);
  if (!connection.apart()) co_return changes;
  auto at_source = co_await changes_there(connection.source(), std::move(migration));
  std::move(changes.begin(), changes.end(), std::back_inserter(at_source));
  co_return at_source;
}

asio::awaitable<std::string> shape_fingerprint(pg::Connection& connection, const mapping::Model& model) {
  auto print = co_await fingerprint_there(connection, model);
  if (connection.apart()) print += co_await fingerprint_there(connection.source(), model);
  co_return print;
}

asio::awaitable<std::string> stream_tells(pg::Connection& connection, std::string migration) {
  pg::Parameters name = {std::move(migration)};
  const auto rows = co_await run_query(connection.source(), queries::stream_tells, std::move(name));
  co_return rows.optional_text(0, 0).value_or("");
}

asio::awaitable<void> watch_shape(pg::Connection& connection, const mapping::Model& model) {
  // One snapshot for what is remembered; where it fails nothing is left open.
  std::optional<Failure> failure;
  co_await connection.script("begin isolation level repeatable read");
  if (connection.apart()) co_await connection.source().script("begin isolation level repeatable read");
  try {
    co_await write_watched(connection, model);
    co_await remember_where_new(connection, model);
    if (connection.apart()) co_await remember_where_new(connection.source(), model);
    co_await connection.script("commit");
  } catch (const Failure& caught) {
    failure = caught;
  }
  if (!failure) co_return;
  if (!failure->connection_lost()) co_await connection.script("rollback");
  throw *failure;
}

asio::awaitable<void> accept_shape(pg::Connection& connection, const mapping::Model& model) {
  co_await remember(connection, model, true);
  if (connection.apart()) co_await remember(connection.source(), model, true);
}

asio::awaitable<void> expect_nothing_in_the_way(pg::Connection& connection, std::string migration) {
  const auto changes = co_await shape_changes(connection, std::move(migration));
  const auto fault = std::find_if(changes.begin(), changes.end(), [](const ShapeChange& change) { return change.in_the_way; });
  if (fault != changes.end()) throw precondition_failure(fault->detail, fault->fix);
}

asio::awaitable<void> expect_unchanged(pg::Connection& connection, std::string migration) {
  const auto changes = co_await shape_changes(connection, std::move(migration));
  if (!changes.empty()) throw precondition_failure(changes.front().detail, changes.front().fix);
}

}  // namespace crossfade::sync
