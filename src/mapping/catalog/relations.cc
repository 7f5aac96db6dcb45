#include "mapping/catalog/relations.h"

#include <cstdint>
#include <optional>

#include "base/text/sql_text.h"
#include "embedded_sql.h"
#include "mapping/catalog/server_text.h"
#include "mapping/file/migration_file.h"
#include "pg/row.h"

namespace crossfade::mapping {
namespace {

namespace asio = boost::asio;
namespace queries = sql::queries;

RelationCatalog relation_in(const pg::Row& row) {
  RelationCatalog relation;
  relation.schema = row.text("nspname");
  relation.name = row.text("relname");
  relation.oid = oid_in(row, "oid");
  relation.kind = row.text("relkind")[0];
  relation.persistence = row.text("relpersistence")[0];
  relation.owned = row.truth("owned");
  relation.readable = row.truth("readable");
  relation.rows_hidden = row.truth("rows_hidden");
  relation.has_children = row.truth("has_children");
  relation.primary_key = array_in(row, "primary_key");
  relation.owner = row.text("owner");
  relation.deferrable_key = row.truth("deferrable_key");
  relation.deferrable_twin = row.optional_text("deferrable_twin").value_or("");
  relation.overlapping_key = row.truth("overlapping_key");
  relation.foreign_partitions = array_in(row, "foreign_partitions");
  relation.unlogged_partitions = array_in(row, "unlogged_partitions");
  return relation;
}

ColumnCatalog column_in(const pg::Row& row) {
  ColumnCatalog column;
  column.name = row.text("attname");
  column.type = row.text("type");
  column.full_type = row.text("full_type");
  column.type_oid = oid_in(row, "atttypid");
  column.modifier = row.number("atttypmod");
  column.required = row.truth("required");
  column.has_default = row.truth("has_default");
  column.generated = row.truth("is_generated");
  column.always_identity = row.truth("always_identity");
  column.expression = row.text("expression");
  column.made_of = array_in(row, "made_of");
  column.collation = row.text("collation");
  column.deterministic = row.truth("deterministic");
  column.operators.schema = row.text("operator_schema");
  if (!row.is_null("above")) column.operators.above = row.text("above");
  if (!row.is_null("up_to")) column.operators.up_to = row.text("up_to");
  column.image_varies = row.truth("image_varies");
  column.is_virtual = row.truth("is_virtual");
  column.is_row = row.truth("is_row");
  column.enum_under = row.text("enum_under");
  column.leads_index = row.truth("leads_index");
  return column;
}

}  // namespace

RelationCatalog Relations::named(const TableName& name) const {
  const auto found = by_name_.find({name.schema, name.name});
  if (found != by_name_.end()) return found->second;
  RelationCatalog none;
  none.schema = name.schema;
  none.name = name.name;
  return none;
}

void Relations::add(RelationCatalog relation) {
  const std::pair name(relation.schema, relation.name);
  by_name_[name] = std::move(relation);
}

asio::awaitable<Relations> find_relations(pg::Connection& connection, std::vector<TableName> names) {
  std::vector<std::optional<std::string>> schemas;
  std::vector<std::optional<std::string>> tables;
  for (auto& name : names) {
    schemas.emplace_back(std::move(name.schema));
    tables.emplace_back(std::move(name.name));
  }
  pg::Parameters by_name = {array_text(schemas), array_text(tables)};
  const auto found = co_await connection.execute(queries::catalog_relations, std::move(by_name));
  std::map<std::uint32_t, RelationCatalog> by_oid;
  for (const auto row : pg::rows(found)) by_oid.emplace(oid_in(row, "oid"), relation_in(row));
  std::vector<std::uint32_t> oids;
  for (const auto& [oid, relation] : by_oid) oids.push_back(oid);
  pg::Parameters of_these = {oids_text(oids)};
  const auto columns = co_await connection.execute(queries::catalog_columns, std::move(of_these));
  for (const auto row : pg::rows(columns)) by_oid.at(oid_in(row, "attrelid")).columns.push_back(column_in(row));
  Relations relations;
  for (auto& [oid, relation] : by_oid) relations.add(std::move(relation));
  co_return relations;
}

asio::awaitable<std::vector<std::string>> tables_there(pg::Connection& connection, const v1::Migration& yaml) {
  std::vector<std::optional<std::string>> named;
  for (const auto& [written, source] : yaml.sources()) named.emplace_back(source_table(yaml, written).quoted());
  for (const auto& [name, target] : yaml.targets()) named.emplace_back(quote_qualified(yaml.schemas().shadow(), name));
  pg::Parameters parameters = {array_text(named)};
  const auto rows = co_await connection.query(queries::relations_there, std::move(parameters));
  std::vector<std::string> there;
  for (std::size_t row = 0; row < rows.size(); ++row) there.emplace_back(rows.text(row, 0));
  co_return there;
}

}  // namespace crossfade::mapping
