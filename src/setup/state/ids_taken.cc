#include "setup/state/ids_taken.h"

#include <embedded_sql.h>
#include <fmt/format.h>

#include <map>

#include "base/text/sql_text.h"
#include "mapping/file/surrogates.h"
#include "pg/row.h"

namespace crossfade::setup {

boost::asio::awaitable<std::vector<mapping::Finding>> taken_ids(pg::Connection& connection, const mapping::MigrationFile& file, const std::set<std::string>& there) {
  const auto& migration = file.yaml.migration();
  std::map<std::string, std::string> surrogates;
  std::vector<std::optional<std::string>> names;
  for (const auto& [name, surrogate] : file.yaml.surrogates()) {
    if (there.contains(name)) continue;
    const auto table = mapping::surrogate_table(migration, name);
    names.emplace_back(table.name);
    surrogates.emplace(table.name, name);
  }
  std::vector<mapping::Finding> findings;
  if (names.empty()) co_return findings;
  pg::Parameters parameters = {array_text(names)};
  const auto rows = co_await connection.query(sql::queries::ids_taken, parameters);
  for (const auto row : pg::rows(rows)) {
    if (row.text("migration") == migration) continue;
    const auto& surrogate = surrogates.at(std::string(row.text("name")));
    const auto owner = row.is_null("migration") ? std::string("crossfade itself has a table or an index of that name")
                                                : fmt::format("it has the ids of surrogate {} of migration {}", row.text("surrogate"), row.text("migration"));
    mapping::Findings(findings, "surrogate " + surrogate)
        .fail(fmt::format("crossfade.{} cannot be its table of ids: {}", row.text("name"), owner),
              fmt::format("Give surrogate {} another name: in migration.yaml, its view in surrogates.sql and reverse.sql, and crossfade.{} where mapping.sql reads it.", surrogate,
                          row.text("name")));
  }
  co_return findings;
}

}  // namespace crossfade::setup
