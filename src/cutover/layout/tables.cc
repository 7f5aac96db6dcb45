#include "cutover/layout/tables.h"

#include <embedded_sql.h>

#include "base/text/sql_text.h"
#include "pg/row.h"

namespace crossfade::cutover {

namespace asio = boost::asio;
namespace queries = sql::queries;

std::string names_text(const std::vector<mapping::TableName>& tables) {
  std::vector<std::optional<std::string>> quoted;
  for (const auto& table : tables) quoted.emplace_back(table.quoted());
  return array_text(quoted);
}

asio::awaitable<std::string> lock_order(pg::Connection& connection, const std::vector<mapping::TableName>& tables,
                                        const std::vector<mapping::TableName>& if_allowed) {
  pg::Parameters parameters = {names_text(tables), names_text(if_allowed)};
  const auto rows = co_await connection.query(queries::lock_order, parameters);
  co_return std::string(rows.text(0, 0));
}

asio::awaitable<mapping::Model> forward_outline(pg::Connection& connection, const v1::Migration& file, mapping::Naming naming) {
  const auto& v2 = naming == mapping::Naming::kSwapped ? file.schemas().source() : file.schemas().shadow();
  auto model = outline(file, mapping::Direction::kForward);
  for (auto& target : model.targets) {
    if (model.stable_schema.empty()) break;
    pg::Parameters views = {quote_qualified(model.stable_schema, target.name), quote_qualified(model.mapping_schema, target.name), quote_qualified(v2, target.name)};
    const auto rows = co_await connection.query(queries::stable_columns, views);
    for (const auto row : pg::rows(rows)) target.columns.push_back({std::string(row.text("name")), std::string(row.text("type"))});
  }
  co_return model;
}

}  // namespace crossfade::cutover
