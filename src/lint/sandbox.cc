#include "lint/sandbox.h"

#include <embedded_sql.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/text/sql_text.h"
#include "mapping/file/migration_file.h"
#include "mapping/sql/scan.h"
#include "pg/row.h"
#include "sync/refresh/refresh.h"

namespace crossfade::lint {
namespace {

constexpr const char* kSandbox = "pg_temp";

/// The file's own predicate names shadow tables with their schema.
std::string moved(const std::string& predicate, const std::string& schema) {
  const auto tokens = mapping::scan(predicate);
  std::string result;
  std::size_t copied = 0;
  for (std::size_t n = 0; n + 1 < tokens.size(); ++n) {
    const bool qualified = n > 0 && tokens[n - 1].is_sign(".");
    if (qualified || !tokens[n].is_name(schema) || !tokens[n + 1].is_sign(".")) continue;
    result += predicate.substr(copied, tokens[n].begin - copied) + kSandbox;
    copied = tokens[n].end;
  }
  return result + predicate.substr(copied);
}

/// Triggers of the sources name tables as their applications do, and must not meet ours.
std::string search_path(const mapping::Model& model) {
  std::set<std::string> schemas;
  for (const auto& source : model.sources) schemas.insert(source.schema);
  std::vector<std::string> path(schemas.begin(), schemas.end());
  path.emplace_back(kSandbox);
  return mapping::set_search_path(path);
}

}  // namespace

mapping::Model in_sandbox(mapping::Model model) {
  for (auto& target : model.targets) {
    const auto schema = std::exchange(target.table.schema, kSandbox);
    // Whatever is to be in a target some day is compared.
    target.lazy = false;
    // The copy of a table computes nothing.
    for (auto& column : target.columns) column.written = mapping::Column::Written::kAlways;
    for (auto& locator : target.locators) {
      for (auto& step : locator.path) step.parent.schema = kSandbox;
      locator.locate = moved(locator.locate, schema);
    }
  }
  return model;
}

namespace {

/// v1 takes the rows of v2 in this one, so it demands what v1 does. What the view leaves out has v1's own value or default.
asio::awaitable<void> make_demanding(pg::Connection& connection, const mapping::Target& target) {
  const auto copy = fmt::format("{}.{}", kSandbox, quote_identifier(target.table.name));
  auto create = fmt::format("create temp table {} (like {} including constraints including indexes)", quote_identifier(target.table.name), target.table.quoted());
  co_await connection.script(std::move(create));
  std::vector<std::optional<std::string>> written;
  for (const auto& column : target.columns) written.emplace_back(column.name);
  pg::Parameters parameters = {copy, array_text(written)};
  const auto unwritten = co_await connection.query(sql::queries::lint_unwritten, std::move(parameters));
  for (std::size_t row = 0; row < unwritten.size(); ++row) {
    auto give_way = fmt::format("alter table {} alter column {} drop not null", copy, quote_identifier(unwritten.text(row, 0)));
    co_await connection.script(std::move(give_way));
  }
}

}  // namespace

asio::awaitable<void> make_sandbox(pg::Connection& connection, const mapping::Model& model) {
  auto path = search_path(model);
  co_await connection.script(std::move(path));
  for (const auto& target : model.targets) {
    if (model.direction == mapping::Direction::kReverse) {
      co_await make_demanding(connection, target);
      continue;
    }
    std::vector<std::string> key;
    for (const auto& column : target.key) key.push_back(quote_identifier(column));
    auto create = fmt::format("create temp table {0} as select * from {1} with no data; alter table {2}.{0} add primary key ({3})",
                              quote_identifier(target.table.name), target.table.quoted(), kSandbox, fmt::join(key, ", "));
    co_await connection.script(std::move(create));
  }
}

asio::awaitable<void> demand_references(pg::Connection& connection, const mapping::Model& model) {
  std::vector<std::optional<std::string>> tables;
  for (const auto& target : model.targets) tables.emplace_back(target.table.quoted());
  pg::Parameters parameters = {array_text(tables)};
  const auto demands = co_await connection.query(sql::queries::lint_demands, std::move(parameters));
  for (const auto demand : pg::rows(demands)) {
    std::string statement(demand.text("statement"));
    co_await connection.script(std::move(statement));
  }
}

asio::awaitable<void> fill_targets(pg::Connection& connection, const mapping::Model& model) {
  const sync::Refresh refresh(model);
  const mapping::Range everything;
  for (const auto target : model.targets.ids()) {
    co_await refresh.bulk_range(connection, target, everything);
    auto analyze = "analyze " + model.targets[target].table.quoted();
    co_await connection.script(std::move(analyze));
  }
}

}  // namespace crossfade::lint
