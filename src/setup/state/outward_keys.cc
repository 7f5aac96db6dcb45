#include "setup/state/outward_keys.h"

#include <embedded_sql.h>
#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "base/text/sql_text.h"
#include "mapping/sql/without_references.h"
#include "pg/row.h"
#include "pg/savepoint.h"
#include "setup/state/run_script.h"

namespace crossfade::setup {
namespace {

namespace asio = boost::asio;
namespace queries = sql::queries;

struct Found {
  OutwardKeys keys;
  std::set<mapping::WrittenName> outside;  ///< the tables, by each name that leads there
};

asio::awaitable<Found> find_outward_keys(pg::Connection& connection, std::string schema) {
  pg::Parameters of = {std::move(schema)};
  const auto rows = co_await connection.query(queries::outward_keys, std::move(of));
  Found found;
  for (const auto row : pg::rows(rows)) {
    const std::string of_schema(row.text("parent_schema")), parent(row.text("parent"));
    found.keys.push_back({std::string(row.text("table_name")), std::string(row.text("target")), std::string(row.text("name")), std::string(row.text("definition")),
                          fmt::format("{}.{}", of_schema, parent)});
    found.outside.insert({of_schema, parent});
    if (!row.truth("has_namesake")) found.outside.insert({parent});
  }
  co_return found;
}

/// Any, of any table: then the script is worth a look.
bool refers(const std::string& sql, const std::string& schema) {
  bool any = false;
  mapping::without_references(sql, [&](const mapping::WrittenName& name) {
    any = any || name.size() < 2 || name[name.size() - 2] != schema;
    return false;
  });
  return any;
}

}  // namespace

asio::awaitable<OutwardKeys> run_without_outward_keys(pg::Connection& connection, std::string file, std::string sql, std::string schema) {
  if (!refers(sql, schema)) {
    co_await run_script(connection, std::move(file), std::move(sql));
    co_return OutwardKeys{};
  }
  // What it makes is looked at and taken back, with its locks.
  const std::function<asio::awaitable<Found>()> look = [&]() -> asio::awaitable<Found> {
    co_await run_script(connection, file, sql);
    co_return co_await find_outward_keys(connection, schema);
  };
  auto found = co_await pg::look_in_savepoint(connection, look);
  const auto is_outside = [&](const mapping::WrittenName& name) {
    const auto last_two = name.size() > 2 ? mapping::WrittenName(name.end() - 2, name.end()) : name;
    return found.outside.contains(last_two);
  };
  const auto rest = mapping::without_references(sql, is_outside);
  OutwardKeys left_out;
  const pg::Work run = [&]() -> asio::awaitable<void> {
    co_await run_script(connection, file, rest);
    const auto still = co_await find_outward_keys(connection, schema);
    for (auto& key : found.keys) {
      const bool there = std::any_of(still.keys.begin(), still.keys.end(), [&](const OutwardKey& each) { return each.table == key.table && each.name == key.name; });
      if (!there) left_out.push_back(std::move(key));
    }
  };
  const auto refused = co_await pg::in_savepoint(connection, run, pg::Leaves::kWhatWorked);
  if (!refused) co_return left_out;
  co_await run_script(connection, std::move(file), std::move(sql));
  co_return OutwardKeys{};
}

asio::awaitable<void> add_outward_keys(pg::Connection& connection, OutwardKeys keys) {
  std::string sql;
  for (const auto& key : keys) sql += fmt::format("alter table {} add constraint {} {};\n", key.table, quote_identifier(key.name), key.definition);
  if (!sql.empty()) co_await connection.script(std::move(sql));
}

}  // namespace crossfade::setup
