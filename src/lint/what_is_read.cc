#include "lint/what_is_read.h"

#include <embedded_sql.h>

#include <algorithm>
#include <string>
#include <utility>

#include "base/text/sql_text.h"
#include "pg/row.h"

namespace crossfade::lint {
namespace {

namespace queries = sql::queries;

struct Read {
  std::string schema;
  std::string name;
  bool is_table;      ///< whole: a part of one, or a table with parts, may be written by another name
};

asio::awaitable<std::vector<Read>> reads_of(pg::Connection& connection, std::string view) {
  pg::Parameters by_name = {std::move(view)};
  const auto oid = co_await connection.query("select coalesce(pg_catalog.to_regclass($1)::oid, 0)::text", std::move(by_name));
  pg::Parameters itself = {array_text({std::string(oid.text(0, 0))})};
  const auto rows = co_await connection.query(queries::catalog_view_reads, std::move(itself));
  std::vector<Read> reads;
  for (const auto row : pg::rows(rows)) reads.push_back({std::string(row.text("nspname")), std::string(row.text("relname")), row.text("relkind") == "r"});
  pg::Parameters by_oid = {std::string(oid.text(0, 0))};
  const auto own_functions = co_await connection.query(queries::lint_own_functions, std::move(by_oid));
  // They may read whatever they like, and so may the view then.
  if (own_functions.truth(0, 0)) reads.push_back({"", "", false});
  co_return reads;
}

/// Ids change with their natural keys alone: in the place of their table stands what the view of those reads.
asio::awaitable<void> look_through_surrogates(pg::Connection& connection, const mapping::Model& model, std::vector<Read>& reads) {
  for (const auto& surrogate : model.surrogates) {
    const auto gone = std::erase_if(reads, [&](const Read& read) { return read.schema == surrogate.ids.schema && read.name == surrogate.ids.name; });
    if (gone == 0) continue;
    auto view = quote_qualified(model.mapping_schema, surrogate.name);
    const auto behind = co_await reads_of(connection, std::move(view));
    reads.insert(reads.end(), behind.begin(), behind.end());
  }
}

}  // namespace

bool WhatIsRead::may_change(const std::vector<RowImages>& changed) const {
  return anything_ || std::any_of(changed.begin(), changed.end(), [&](const RowImages& row) { return sources_.contains(row.source); });
}

asio::awaitable<WhatIsRead> read_what_is_read(pg::Connection& connection, const mapping::Model& model, TargetId target) {
  auto view = quote_qualified(model.mapping_schema, model.targets.at(target).name);
  auto reads = co_await reads_of(connection, std::move(view));
  co_await look_through_surrogates(connection, model, reads);
  WhatIsRead what;
  for (const auto& read : reads) {
    const auto source = std::find_if(model.sources.begin(), model.sources.end(), [&](const mapping::Source& known) { return known.schema == read.schema && known.name == read.name; });
    if (source == model.sources.end() || !read.is_table) what.anything_ = true;
    if (source != model.sources.end()) what.sources_.insert(SourceId(source - model.sources.begin()));
  }
  co_return what;
}

}  // namespace crossfade::lint
