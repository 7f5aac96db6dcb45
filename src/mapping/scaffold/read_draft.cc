#include "mapping/scaffold/read_draft.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "base/failure.h"
#include "base/nearest_word.h"
#include "base/sql_text.h"
#include "embedded_sql.h"

namespace crossfade::mapping {
namespace {

namespace asio = boost::asio;
namespace queries = sql::queries;

std::vector<std::string> names(std::string_view array) {
  std::vector<std::string> read;
  for (auto& name : parse_array(array)) read.push_back(std::move(name).value_or(""));
  return read;
}

/// The first column of every row.
asio::awaitable<std::vector<std::string>> texts(pg::Connection& connection, std::string_view sql, pg::Parameters parameters) {
  const auto rows = co_await connection.query(std::string(sql), std::move(parameters));
  std::vector<std::string> read;
  for (std::size_t row = 0; row < rows.size(); ++row) read.emplace_back(rows.text(row, 0));
  co_return read;
}

asio::awaitable<DraftName> find_schema(pg::Connection& connection, const Draft& draft, std::string wanted) {
  const auto rows = co_await connection.query(std::string(queries::draft_schemas));
  DraftName found;
  std::vector<std::string> there;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    there.emplace_back(rows.text(row, 0));
    if (there.back() == wanted) found = {wanted, std::string(rows.text(row, 1))};
  }
  if (found.plain.empty()) {
    const auto near = nearest_word(wanted, there);
    throw usage_failure(fmt::format("there is no schema {} to move", wanted),
                        near ? fmt::format("did you mean {}?", *near) : fmt::format("name one of {} with --from-schema", fmt::join(there, ", ")));
  }
  for (const auto& made : {draft.shadow(), draft.mapping(), draft.reverse()}) {
    if (std::find(there.begin(), there.end(), made) == there.end()) continue;
    throw usage_failure(fmt::format("there is a schema {} already, which migration {} would make", made, draft.migration), "give the migration another name");
  }
  co_return found;
}

/// A partitioned table tells what the least of its partitions tells.
asio::awaitable<bool> tells(pg::Connection& connection, std::string oid, const std::vector<std::string>& key) {
  pg::Parameters by_oid = {std::move(oid)};
  const auto leaves = co_await connection.query(std::string(queries::catalog_identity), std::move(by_oid));
  for (std::size_t row = 0; row < leaves.size(); ++row) {
    if (leaves.text(row, 1) == "f") continue;
    const auto told = leaves.is_null(row, 2) ? std::vector<std::string>() : names(leaves.text(row, 2));
    const bool all = std::all_of(key.begin(), key.end(), [&](const auto& name) { return std::find(told.begin(), told.end(), name) != told.end(); });
    if (!all) co_return false;
  }
  co_return true;
}

/// Chooses the table's key, and returns the index that has it; "" where there is none, which is the table's problem. The
/// primary key, else the first unique index whose values the WAL tells, else the first.
asio::awaitable<std::string> choose_key(pg::Connection& connection, const std::string& oid, DraftTable& table) {
  pg::Parameters by_oid = {oid};
  const auto keys = co_await connection.query(std::string(queries::draft_keys), std::move(by_oid));
  if (keys.empty()) table.problem = "it has no primary key, and no unique index over columns that are never null";
  std::string index;
  for (std::size_t row = 0; row < keys.size(); ++row) {
    auto columns = names(keys.text(row, 2));
    const bool told = co_await tells(connection, oid, columns);
    if (row > 0 && !told) continue;
    index = keys.text(row, 0);
    table.key_is_primary = keys.truth(row, 1);
    table.key = std::move(columns);
    table.tell_key = told ? "" : std::string(keys.text(row, 3));
    if (told || table.key_is_primary) break;
  }
  co_return index;
}

asio::awaitable<void> read_columns(pg::Connection& connection, const std::string& oid, DraftTable& table) {
  pg::Parameters by_oid = {oid};
  const auto rows = co_await connection.query(std::string(queries::draft_columns), std::move(by_oid));
  for (std::size_t row = 0; row < rows.size(); ++row) {
    DraftColumn column;
    column.name = {std::string(rows.text(row, 0)), std::string(rows.text(row, 1))};
    column.definition = rows.text(row, 2);
    column.generated = rows.truth(row, 3);
    column.remark = rows.text(row, 4);
    column.always_identity = rows.truth(row, 5);
    table.columns.push_back(std::move(column));
  }
}

asio::awaitable<void> read_references(pg::Connection& connection, const Draft& draft, const std::string& oid, DraftTable& table) {
  pg::Parameters parameters = {oid, draft.shadow()};
  const auto rows = co_await connection.query(std::string(queries::draft_references), std::move(parameters));
  for (std::size_t row = 0; row < rows.size(); ++row) {
    DraftReference reference;
    reference.constraint = rows.text(row, 0);
    reference.parent = rows.text(row, 1);
    reference.columns = names(rows.text(row, 2));
    reference.parent_columns = names(rows.text(row, 3));
    reference.definition = rows.text(row, 4);
    table.references.push_back(std::move(reference));
  }
}

}  // namespace

asio::awaitable<Draft> read_draft(pg::Connection& connection, std::string migration, std::string schema) {
  Draft draft;
  draft.migration = std::move(migration);
  draft.schema = co_await find_schema(connection, draft, std::move(schema));
  pg::Parameters of_schema = {draft.schema.plain};
  const auto rows = co_await connection.query(std::string(queries::draft_tables), std::move(of_schema));
  for (std::size_t row = 0; row < rows.size(); ++row) {
    const std::string oid(rows.text(row, 0));
    DraftTable table;
    table.name = {std::string(rows.text(row, 1)), std::string(rows.text(row, 2))};
    table.partitioned = rows.truth(row, 3);
    table.problem = rows.text(row, 4);
    table.options = rows.text(row, 5);
    table.row_security = rows.truth(row, 6);
    std::string key;
    if (table.taken()) key = co_await choose_key(connection, oid, table);
    if (table.taken()) {
      co_await read_columns(connection, oid, table);
      co_await read_references(connection, draft, oid, table);
      const pg::Parameters by_oid_and_key = {oid, key};
      const pg::Parameters by_oid_and_schema = {oid, draft.shadow()};
      const pg::Parameters by_all = {oid, key, draft.shadow()};
      table.constraints = co_await texts(connection, queries::draft_constraints, by_oid_and_key);
      table.indexes = co_await texts(connection, queries::draft_indexes, by_all);
      table.left_out = co_await texts(connection, queries::draft_left_out, by_oid_and_schema);
    }
    draft.tables.push_back(std::move(table));
  }
  const bool any = std::any_of(draft.tables.begin(), draft.tables.end(), [](const DraftTable& table) { return table.taken(); });
  if (!any) {
    throw usage_failure(fmt::format("schema {} has no table that can be moved", draft.schema.plain),
                        draft.tables.empty() ? "name the schema with the old tables" : fmt::format("{}: {}", draft.tables.front().name.plain, draft.tables.front().problem));
  }
  co_return draft;
}

}  // namespace crossfade::mapping
