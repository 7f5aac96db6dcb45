#include "setup/state/rights.h"

#include <embedded_sql.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <set>

#include "base/text/sql_text.h"
#include "pg/row.h"

namespace crossfade::setup {
namespace {

namespace asio = boost::asio;
namespace queries = sql::queries;
using Names = std::vector<std::optional<std::string>>;

}  // namespace

asio::awaitable<std::vector<mapping::Finding>> missing_rights(pg::Connection& connection, const mapping::MigrationFile& file) {
  Names schemas, names, wanted{"crossfade"};
  for (const auto& [written, key] : file.yaml.sources()) {
    const auto table = mapping::source_table(file.yaml, written);
    schemas.emplace_back(table.schema);
    names.emplace_back(table.name);
  }
  for (const auto& script : install_scripts(file)) wanted.emplace_back(script.schema);
  pg::Parameters parameters = {array_text(schemas), array_text(names), array_text(wanted)};
  const auto rows = co_await connection.query(queries::rights, parameters);
  const auto row = pg::first(rows);
  const auto role = quote_identifier(row.text("role"));
  std::string fix;
  if (!row.truth("may_replicate")) fix += fmt::format("alter role {0} replication;  -- on Amazon RDS: grant rds_replication to {0};\n", role);
  if (!row.truth("may_create")) fix += fmt::format("grant create on database {} to {};\n", quote_identifier(row.text("database")), role);
  if (!row.text("schemas").empty()) fix += fmt::format("grant usage on schema {} to {};\n", row.text("schemas"), role);
  if (!row.text("tables").empty()) fix += fmt::format("grant select on {} to {};\n", row.text("tables"), role);
  std::vector<mapping::Finding> findings;
  if (fix.empty()) co_return findings;
  fix.pop_back();
  mapping::Findings(findings, fmt::format("role {}", row.text("role")))
      .fail(fmt::format("it lacks rights in database {}; nothing else can be told before an administrator has granted them", row.text("database")), fix, ExitCode::kPermission);
  co_return findings;
}

std::string grants(const mapping::Model& model, const std::string& database, const std::string& role) {
  std::set<std::string> schemas;
  std::vector<std::string> tables;
  for (const auto& source : model.sources) {
    schemas.insert(quote_identifier(source.schema));
    tables.push_back(quote_qualified(source.schema, source.name));
  }
  const auto to = quote_identifier(role);
  return fmt::format("grant create on database {0} to {1};\ngrant usage on schema {2} to {1};\ngrant select on {3} to {1};\n", quote_identifier(database), to,
                     fmt::join(schemas, ", "), fmt::join(tables, ", "));
}

}  // namespace crossfade::setup
