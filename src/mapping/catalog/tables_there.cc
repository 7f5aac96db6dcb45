#include "mapping/catalog/tables_there.h"

#include "base/sql_text.h"
#include "embedded_sql.h"
#include "mapping/file/migration_file.h"

namespace crossfade::mapping {

boost::asio::awaitable<std::vector<std::string>> tables_there(pg::Connection& connection, const v1::Migration& yaml) {
  std::vector<std::optional<std::string>> named;
  for (const auto& [written, source] : yaml.sources()) named.emplace_back(source_table(yaml, written).quoted());
  for (const auto& [name, target] : yaml.targets()) named.emplace_back(quote_qualified(yaml.schemas().shadow(), name));
  pg::Parameters parameters = {array_text(named)};
  const auto rows = co_await connection.query(std::string(sql::queries::relations_there), std::move(parameters));
  std::vector<std::string> there;
  for (std::size_t row = 0; row < rows.size(); ++row) there.emplace_back(rows.text(row, 0));
  co_return there;
}

}  // namespace crossfade::mapping
