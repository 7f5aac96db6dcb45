#include "setup/script_changes.h"

#include <embedded_sql.h>
#include <fmt/format.h>

#include <fstream>
#include <iterator>

#include "base/short_hash.h"
#include "base/sql_text.h"
#include "setup/state_schema.h"

namespace crossfade::sync {
namespace {

constexpr std::string_view kYaml = "migration.yaml";

/// As it stands, with its comments and without what it leaves out.
std::string yaml_text(const mapping::MigrationFile& file) {
  std::ifstream stream(file.folder / kYaml);
  return {std::istreambuf_iterator<char>(stream), {}};
}

ScriptChange told(const std::string& migration, const std::string& file, const std::string& hash, const std::string& since) {
  ScriptChange change{file, "", ""};
  change.message = hash.empty()    ? fmt::format("it is gone from the folder; what it made when the migration was prepared, {}, is still there", since)
                   : since.empty() ? "it was not in the folder when the migration was prepared, and is not installed"
                                   : fmt::format("it is not as it was when the migration was prepared, {}; the database has what it said then", since);
  const auto learned = fmt::format("select crossfade.enter_script({}, {}, {});", quote_literal(migration), quote_literal(file), quote_literal(hash));
  change.fix = file == kYaml ? fmt::format("The daemon takes its rules when it starts; new targets want cancel and prepare. When that is done: {}", learned)
                             : fmt::format("Bring the database in line by hand, with create or replace view; then, so that this is known: {}", learned);
  return change;
}

}  // namespace

std::map<std::string, std::string> content_hashes(const mapping::MigrationFile& file) {
  std::map<std::string, std::string> hashes;
  const auto add = [&](std::string name, const std::string& text) {
    if (!text.empty()) hashes[std::move(name)] = content_hash(text);
  };
  add(std::string(kYaml), yaml_text(file));
  add("v2.sql", file.v2_sql);
  add("surrogates.sql", file.surrogates_sql);
  add("mapping.sql", file.mapping_sql);
  add("rejects.sql", file.rejects_sql);
  add("reverse.sql", file.reverse_sql);
  return hashes;
}

boost::asio::awaitable<std::vector<ScriptChange>> script_changes(pg::Connection& connection, const mapping::MigrationFile& file) {
  std::vector<ScriptChange> changes;
  // `plan` looks at earlier layouts too, which have no hashes.
  const auto layout = co_await read_layout(connection);
  if (layout != kLayout) co_return changes;
  const auto& migration = file.yaml.migration();
  pg::Parameters name = {migration};
  const auto rows = co_await connection.query(std::string(sql::queries::script_hashes), name);
  if (rows.empty()) co_return changes;
  auto now = content_hashes(file);
  for (std::size_t row = 0; row < rows.size(); ++row) {
    const std::string script(rows.text(row, 0));
    const auto hash = now[script];
    if (hash != rows.text(row, 1)) changes.push_back(told(migration, script, hash, std::string(rows.text(row, 2))));
    now.erase(script);
  }
  for (const auto& [script, hash] : now) changes.push_back(told(migration, script, hash, ""));
  co_return changes;
}

}  // namespace crossfade::sync
