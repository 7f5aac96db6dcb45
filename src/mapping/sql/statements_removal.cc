// The statements that take shadow rows away: those that the view no longer has, and those that stand in the way.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "base/sql_text.h"
#include "mapping/sql/statement_text.h"
#include "mapping/sql/statements.h"

namespace crossfade::mapping {

using fmt::format;

/// "$1::int[], $2::text[]": one array a key column.
std::string Statements::key_arrays() const {
  const auto type_of = [&](const std::string& name) {
    return std::find_if(target_.columns.begin(), target_.columns.end(), [&](const Column& column) {
             return column.name == name;
           })->type;
  };
  int parameter = 1;
  return joined(target_.key, ", ", [&](const std::string& name) {
    return format("${}::{}[]", parameter++, type_of(name));
  });
}

std::string Statements::remove() const {
  if (target_.key.size() == 1) {
    return format("delete from {} s where s.{} = any({})", shadow_, quote_identifier(target_.key[0]), key_arrays());
  }
  return format("delete from {} s using unnest({}) k({}) where {}", shadow_, key_arrays(),
                joined(target_.key, ", ", quote_identifier), same_key("s", "k"));
}

std::string Statements::walk() const {
  return format("select distinct {} from {} s, unnest({}) k({}) where {}", walk_values(), shadow_, key_arrays(),
                joined(target_.key, ", ", quote_identifier), same_key("s", "k"));
}

std::string Statements::referring(const Statements& parent, const std::string& condition) const {
  const auto key = joined(target_.key, ", ", [](const std::string& name) { return format("s.{}::text", quote_identifier(name)); });
  return format("select {}, {} from {} s, {} p, unnest({}) k({}) where {} and {}", walk_values(), key, shadow_, parent.shadow_,
                parent.key_arrays(), joined(parent.target_.key, ", ", quote_identifier), parent.same_key("p", "k"), condition);
}

std::string Statements::remove_duplicates(const std::string& unique_by) const {
  return format(
      "delete from {0} s where s.ctid in (\n  select d.ctid from (\n"
      "    select ctid, row_number() over (partition by {1}) as place from {0} where ({1}) is not null\n"
      "  ) d where d.place > 1)\nreturning {2}",
      shadow_, unique_by, walk_values());
}

std::string Statements::remove_orphans() const {
  std::set<std::string> conditions;
  for (const auto& locator : target_.locators) {
    // What the file's own predicate goes along is not known, so any row may be one.
    if (!locator.locate.empty()) conditions.insert("true");
    if (locator.path.empty()) continue;
    const auto& step = locator.path.front();
    conditions.insert(format("row({0}) is not null and not exists (select from {1} p where ({2}) = ({0}))",
                             columns_of("s", step.columns), step.parent.quoted(), columns_of("p", step.parent_columns)));
  }
  if (conditions.empty()) return "";
  return format(
      "with orphans as materialized (\n  select {} from {} s where {}\n)\n"
      "delete from {} s using orphans o where {} and not exists (select from {} v where {})",
      columns_of("s", target_.key), shadow_, fmt::join(conditions, "\n     or "), shadow_, same_key("s", "o"), view_, same_key("v", "o"));
}

}  // namespace crossfade::mapping
