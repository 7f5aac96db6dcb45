#include "mapping/scaffold/read_draft.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "base/error/failure.h"
#include "base/text/nearest_word.h"
#include "base/text/sql_text.h"
#include "embedded_sql.h"
#include "mapping/catalog/server_text.h"
#include "pg/row.h"

namespace crossfade::mapping {
namespace {

namespace asio = boost::asio;
namespace queries = sql::queries;

/// The first column of every row.
asio::awaitable<std::vector<std::string>> texts(pg::Connection& connection, std::string_view sql, pg::Parameters parameters) {
  const auto rows = co_await connection.query(std::string(sql), std::move(parameters));
  std::vector<std::string> read;
  for (std::size_t row = 0; row < rows.size(); ++row) read.emplace_back(rows.text(row, 0));
  co_return read;
}

asio::awaitable<DraftName> find_schema(pg::Connection& connection, const Draft& draft, std::string wanted) {
  const auto rows = co_await connection.query(queries::draft_schemas);
  DraftName found;
  std::vector<std::string> there;
  for (const auto row : pg::rows(rows)) {
    there.emplace_back(row.text("nspname"));
    if (there.back() == wanted) found = {wanted, std::string(row.text("quoted"))};
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
  pg::Parameters itself = {array_text({std::move(oid)})};
  const auto leaves = co_await connection.query(queries::catalog_identity, std::move(itself));
  for (const auto leaf : pg::rows(leaves)) {
    if (leaf.text("mode") == "f") continue;
    const auto told = array_in(leaf, "columns");
    const bool all = std::all_of(key.begin(), key.end(), [&](const auto& name) { return std::find(told.begin(), told.end(), name) != told.end(); });
    if (!all) co_return false;
  }
  co_return true;
}

/// Chooses the table's key, and returns the index that has it; "" where there is none, which is the table's problem. The
/// primary key, else the first unique index whose values the WAL tells, else the first.
asio::awaitable<std::string> choose_key(pg::Connection& connection, const std::string& oid, DraftTable& table) {
  pg::Parameters by_oid = {oid};
  const auto keys = co_await connection.query(queries::draft_keys, std::move(by_oid));
  if (keys.empty()) table.problem = "it has no primary key, and no unique index over columns that are never null";
  std::string index;
  for (const auto key : pg::rows(keys)) {
    auto columns = array_in(key, "columns");
    const bool told = co_await tells(connection, oid, columns);
    if (!index.empty() && !told) continue;
    index = key.text("indexrelid");
    table.key_is_primary = key.truth("indisprimary");
    table.key = std::move(columns);
    table.tell_key = told ? "" : std::string(key.text("tell"));
    if (told || table.key_is_primary) break;
  }
  co_return index;
}

asio::awaitable<void> read_columns(pg::Connection& connection, const std::string& oid, DraftTable& table) {
  pg::Parameters by_oid = {oid};
  const auto rows = co_await connection.query(queries::draft_columns, std::move(by_oid));
  for (const auto row : pg::rows(rows)) {
    DraftColumn column;
    column.name = {std::string(row.text("attname")), std::string(row.text("quoted"))};
    column.definition = row.text("definition");
    column.generated = row.truth("is_generated");
    column.remark = row.text("remark");
    column.always_identity = row.truth("always_identity");
    table.columns.push_back(std::move(column));
  }
}

asio::awaitable<void> read_references(pg::Connection& connection, const Draft& draft, const std::string& oid, DraftTable& table) {
  pg::Parameters parameters = {oid, draft.shadow()};
  const auto rows = co_await connection.query(queries::draft_references, std::move(parameters));
  for (const auto row : pg::rows(rows)) {
    DraftReference reference;
    reference.constraint = row.text("name");
    reference.parent = row.text("parent");
    reference.columns = array_in(row, "columns");
    reference.parent_columns = array_in(row, "parent_columns");
    reference.definition = row.text("definition");
    table.references.push_back(std::move(reference));
  }
}

}  // namespace

asio::awaitable<Draft> read_draft(pg::Connection& connection, std::string migration, std::string schema) {
  Draft draft;
  draft.migration = std::move(migration);
  draft.schema = co_await find_schema(connection, draft, std::move(schema));
  pg::Parameters of_schema = {draft.schema.plain};
  const auto rows = co_await connection.query(queries::draft_tables, std::move(of_schema));
  for (const auto row : pg::rows(rows)) {
    const std::string oid(row.text("oid"));
    DraftTable table;
    table.name = {std::string(row.text("relname")), std::string(row.text("quoted"))};
    table.partitioned = row.truth("partitioned");
    table.problem = row.text("problem");
    table.options = row.text("options");
    table.row_security = row.truth("relrowsecurity");
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
