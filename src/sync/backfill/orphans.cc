#include "sync/backfill/orphans.h"

#include <embedded_sql.h>

#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/text/sql_text.h"
#include "sync/refresh/bring.h"

namespace crossfade::sync {
namespace {

namespace queries = sql::queries;

using RowKeys = std::set<std::vector<std::optional<std::string>>>;

RowKeys row_keys(const pg::Result& rows) {
  RowKeys keys;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    std::vector<std::optional<std::string>> key;
    for (std::size_t column = 0; column < rows.columns(); ++column) key.push_back(rows.optional_text(row, column));
    keys.insert(std::move(key));
  }
  return keys;
}

/// One array a column.
pg::Parameters arrays_of(const RowKeys& keys, std::size_t columns) {
  pg::Parameters arrays;
  for (std::size_t column = 0; column < columns; ++column) {
    std::vector<std::optional<std::string>> values;
    for (const auto& key : keys) values.push_back(key[column]);
    arrays.emplace_back(array_text(values));
  }
  return arrays;
}

/// The same in two steps, where the view is on another server: which refer to nobody, and which of those it has.
asio::awaitable<std::uint64_t> remove_orphans_apart(pg::Connection& connection, const Runtime& run, TargetId target) {
  const auto& statements = run.refresh.statements(target);
  const auto columns = run.model.targets[target].key.size();
  auto find = statements.orphans();
  const auto found = co_await connection.query(std::move(find));
  auto orphans = row_keys(found);
  if (orphans.empty()) co_return 0;
  const pg::Statement which{statements.in_view(), arrays_of(orphans, columns), false};
  const auto there = co_await ask_source(connection, which);
  for (const auto& key : row_keys(there)) orphans.erase(key);
  if (orphans.empty()) co_return 0;
  auto remove = statements.remove();
  const auto removed = co_await connection.query(std::move(remove), arrays_of(orphans, columns));
  co_return removed.affected();
}

}  // namespace

asio::awaitable<void> remove_orphans(pg::Connection& connection, const Runtime& run) {
  const std::string list(queries::deferred_list);
  pg::Parameters parameters = {run.model.name, "2"};
  const auto off = co_await connection.query(list, parameters);
  if (off.empty()) co_return;
  // Parents come before children, which may be orphaned in their turn.
  for (const auto target : run.model.targets.ids()) {
    auto sql = run.refresh.statements(target).remove_orphans();
    if (sql.empty()) continue;
    std::uint64_t removed = 0;
    if (run.model.apart) {
      removed = co_await remove_orphans_apart(connection, run, target);
    } else {
      const auto result = co_await connection.query(std::move(sql));
      removed = result.affected();
    }
    run.metrics.rows_written(target, 0, 0, removed);
  }
}

}  // namespace crossfade::sync
