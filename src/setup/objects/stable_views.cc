#include "setup/objects/stable_views.h"

#include <embedded_sql.h>
#include <fmt/format.h>

#include "base/text/sql_text.h"
#include "mapping/file/canary_schema.h"

namespace crossfade::setup {
namespace {

namespace queries = sql::queries;

std::string stable_name(const mapping::Model& model, const mapping::Target& target) {
  return quote_qualified(model.stable_schema, target.name);
}

std::string share(const std::string& view, const std::string& reads, const mapping::Target& target) {
  return fmt::format("select crossfade.share_stable_view({}, {}, {})", quote_literal(view), quote_literal(reads), quote_literal(target.table.quoted()));
}

/// What the stable view shows.
std::string shown(const mapping::Model& model, const mapping::Target& target, bool on_v2) {
  return on_v2 ? target.table.quoted() : quote_qualified(model.mapping_schema, target.name);
}

/// A view keeps the type and length of its columns for life; the casts give both sides the table's.
std::string select(const mapping::Model& model, const mapping::Target& target, bool on_v2) {
  std::string columns;
  for (const auto& column : target.columns) {
    const auto name = quote_identifier(column.name);
    columns += fmt::format("{}{}::{} as {}", columns.empty() ? "" : ", ", name, column.type, name);
  }
  return fmt::format("select {} from {}", columns, shown(model, target, on_v2));
}

std::string replace(const mapping::Model& model, const mapping::Target& target, bool on_v2) {
  return fmt::format("create or replace view {} as {}", stable_name(model, target), select(model, target, on_v2));
}

/// Replacing a view takes its options away; sharing it gives them back in the same transaction.
std::string share_stable(const mapping::Model& model, const mapping::Target& target) {
  return share(stable_name(model, target), shown(model, target, false), target);
}

}  // namespace

ByTarget<std::string> create_stable_views(const mapping::Model& model) {
  ByTarget<std::string> scripts;
  if (model.stable_schema.empty()) return scripts;
  for (const auto& target : model.targets) {
    // Not `or replace`: a view of that name which somebody else made is not ours to change.
    const auto on_v2 = select(model, target, true);
    const auto canary = quote_qualified(mapping::canary_schema(model.stable_schema), target.name);
    const auto create = [&](const std::string& view) {
      return fmt::format("create view {} as {};\nselect crossfade.close_relation({})", view, on_v2, quote_literal(view));
    };
    scripts.push_back(fmt::format("{};\n{};\n{};\n{};\n{}", create(stable_name(model, target)), replace(model, target, false), share_stable(model, target), create(canary),
                                  share(canary, target.table.quoted(), target)));
  }
  return scripts;
}

std::string turn_stable_view(const mapping::Model& model, const mapping::Target& target, bool on_v2) {
  return fmt::format("select crossfade.turn_view({}, {}, {});\n{}", quote_literal(stable_name(model, target)), quote_literal(shown(model, target, on_v2)),
                     quote_literal(replace(model, target, on_v2)), share_stable(model, target));
}

boost::asio::awaitable<void> drop_stable_views(pg::Connection& connection, std::string migration) {
  pg::Parameters name = {migration};
  const auto rows = co_await connection.query(queries::stable_views, name);
  for (std::size_t row = 0; row < rows.size(); ++row) co_await connection.script(std::string(rows.text(row, 0)));
}

}  // namespace crossfade::setup
