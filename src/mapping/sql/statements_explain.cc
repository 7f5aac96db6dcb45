// What lies behind a key, for a person who asks.

#include <fmt/format.h>

#include "base/text/sql_text.h"
#include "mapping/sql/statement_text.h"
#include "mapping/sql/statements.h"

namespace crossfade::mapping {

using fmt::format;

std::string Statements::explain(const std::vector<KeyFilter>& filters) const {
  const auto names = names_of(target_.columns);
  return format(
      "with next as materialized (\n  {next}\n), prior as materialized (\n  {prior}\n)\n"
      "select to_jsonb(n.*) as in_view, to_jsonb(p.*) as in_shadow,\n"
      "  to_jsonb(n.*) is null or to_jsonb(p.*) is null or pg_catalog.record_image_ne(row({of_next}), row({of_prior})) as differs,\n"
      "  {kept} as kept, s.xmin::text as written_by,\n"
      "  case when pg_catalog.current_setting('track_commit_timestamp')::boolean then pg_catalog.pg_xact_commit_timestamp(s.xmin) end as written_at\n"
      "from next n full join prior p on {same}\nleft join lateral (select s.xmin from {shadow} s where {of_shadow}) s on true\n"
      "order by {order}",
      fmt::arg("next", next(filters, false)), fmt::arg("prior", prior(filters)), fmt::arg("of_next", columns_of("n", names)),
      fmt::arg("of_prior", columns_of("p", names)),
      fmt::arg("kept", target_.keeps ? format("to_jsonb(n.*) is null and {}", kept("p")) : "false"), fmt::arg("same", same_key("p", "n")),
      fmt::arg("shadow", shadow_), fmt::arg("of_shadow", same_key("s", "p")),
      fmt::arg("order", joined(target_.key, ", ", [](const std::string& name) { return format("coalesce(n.{0}, p.{0})", quote_identifier(name)); })));
}

std::string Statements::values(LocatorId locator, const std::vector<KeyFilter>& filters, Reads side) const {
  const auto& wanted = target_.locators.at(locator);
  const auto in_view = format("array[{}]", joined(wanted.columns, ", ", [](const std::string& name) { return "v." + quote_identifier(name) + "::text"; }));
  int parameter = 1;
  const auto of_view = joined(filters, "\n  union\n  ", [&](const KeyFilter& filter) { return branch(filter, source_view_, in_view, parameter); });
  parameter = 1;
  const auto of_shadow = joined(filters, "\n  union\n  ", [&](const KeyFilter& filter) {
    return format("select {} from {} s where {}", values_of(wanted), shadow_, shadow_condition(filter, parameter));
  });
  const auto of_both = side == Reads::kSource ? of_view : side == Reads::kTarget ? of_shadow : format("{}\n  union\n  {}", of_view, of_shadow);
  return format("select found.key from (\n  {}\n) found (key) where found.key is not null", of_both);
}

std::string Statements::given(const KeyFilter& filter) const {
  const auto& locator = target_.locators.at(filter.locator);
  int parameter = 1;
  std::string fields;
  std::string values;
  for (std::size_t n = 0; n < locator.columns.size(); ++n) {
    fields += format("{}k{}", n == 0 ? "" : ", ", n);
    values += format("{}k.k{}::text", n == 0 ? "" : ", ", n);
  }
  return format("select distinct {} from ({}) k({})", values, looked_up(locator, parameter), fields);
}

std::string Statements::stands_in_source(const FollowRule& rule, const std::vector<std::optional<std::string>>& values) const {
  const auto& source = model_.sources.at(rule.source);
  const auto& types = target_.locators.at(rule.locator).types;
  std::string conditions;
  int parameter = 1;
  for (std::size_t n = 0; n < values.size(); ++n) {
    conditions += format("{}t.{} ", n == 0 ? "" : " and ", quote_identifier(rule.source_columns.at(n)));
    conditions += values[n] ? format("= ${}::{}", parameter++, types.at(n)) : "is null";
  }
  return format("select exists (select from {} t where {}) as there", quote_qualified(source.schema, source.name), conditions);
}

}  // namespace crossfade::mapping
