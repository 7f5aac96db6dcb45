#include <fmt/format.h>

#include <set>
#include <utility>

#include "base/text/sql_text.h"
#include "mapping/sql/statement_text.h"
#include "mapping/sql/statements.h"

namespace crossfade::mapping {

using fmt::format;

std::string Statements::source_name() const {
  const auto& source = model_.sources.at(target_.chunk_source);
  return quote_qualified(source.schema, source.name);
}

/// The shadow table that has the chunk key's columns; "" where the file says how rows are located.
std::string Statements::chunk_key_owner() const {
  const auto& chunk_key = target_.locators.front();
  if (!chunk_key.locate.empty()) return "";
  return chunk_key.path.empty() ? shadow_ : chunk_key.path.back().parent.quoted();
}

std::string Statements::next_bound(const Range& range, bool into_empty, Reads side) const {
  const auto& chunk_key = target_.locators.front();
  const auto most = range_parameters(range).size() + 1;
  const auto values = [&](const std::string& table, const std::string& name) {
    const auto column = "t." + quote_identifier(name) + collate(chunk_key.chunk_collation);
    int parameter = 1;
    auto where = is_there(model_, "t." + quote_identifier(name), chunk_key.chunk_type());
    if (range.low) where += format(" and {} {} ${}::{}", column, chunk_key.compared(chunk_key.chunk_place, ">"), parameter++, chunk_key.chunk_type());
    if (range.high) where += format(" and {} {} ${}::{}", column, chunk_key.compared(chunk_key.chunk_place, "<="), parameter++, chunk_key.chunk_type());
    return format("(select {0}::{1} as bound from {2} t where {3} group by {0} order by {0} limit ${4}::bigint)", column,
                  chunk_key.chunk_type(), table, where, most);
  };
  // Shadow rows that no source row stands for any more must fall into bounded chunks too; after a truncate they are all
  // there is.
  const bool source_alone = into_empty || chunk_key_owner().empty();
  const auto source_part = side == Reads::kTarget ? std::string{} : values(source_name(), target_.chunk_column);
  const auto* between = side == Reads::kBoth ? "\n    union\n    " : "";
  const auto shadow_part = source_alone || side == Reads::kSource ? std::string{} : between + values(chunk_key_owner(), chunk_key.chunk_column());
  return format(
      "with bounds as (\n  select bound from (\n    {}{}\n  ) b order by bound limit ${}::bigint\n)\n"
      "select (select bound::text from bounds order by bounds.bound desc limit 1) as bound, (select count(*) from bounds) as found",
      source_part, shadow_part, most);
}

std::string Statements::split_point(const Range& range, Reads side) const {
  const auto values = [&](const std::string& table) {
    int parameter = 1;
    const auto& chunk_key = target_.locators.front();
    const auto column = "v." + quote_identifier(chunk_key.chunk_column());
    return format("select distinct {}{} as bound from {} v where {} and {}", column, collate(chunk_key.chunk_collation), table,
                  condition(range_picks(range).front(), "v", parameter), is_there(model_, column, chunk_key.chunk_type()));
  };
  // Values that only the shadow has are told apart too: a refused neighbour must not keep them from going.
  const auto view_part = side == Reads::kTarget ? std::string{} : values(source_view_);
  const auto* between = side == Reads::kBoth ? "\n  union\n  " : "";
  const auto shadow_part = chunk_key_owner().empty() || side == Reads::kSource ? std::string{} : between + values(chunk_key_owner());
  return format(
      "with bounds as (\n  {}{}\n)\n"
      "select (select bound::text from bounds order by bounds.bound offset ((select count(*) from bounds) - 1) / 2 limit 1) as bound,"
      " (select count(*) from bounds) as found",
      view_part, shadow_part);
}

std::string Statements::lazy_keys() const {
  const auto tells = [](const Locator& locator) { return !locator.indirect() && locator.locate.empty(); };
  if (!tells(target_.locators.front())) return "";
  // A row of a source brings rows of several targets: where two rules have the same columns of it, their locators' values are
  // the same.
  std::set<std::pair<TargetId, LocatorId>> places = {{model_.find_target(target_.name).value(), kChunkKey}};
  for (const auto& rule : model_.rules) {
    if (rule.locator != kChunkKey || model_.targets[rule.target].name != target_.name) continue;
    for (const auto& other : model_.rules) {
      const auto& of = model_.targets[other.target];
      if (other.source != rule.source || other.source_columns != rule.source_columns) continue;
      if (of.lazy && tells(of.locators[other.locator])) places.emplace(other.target, other.locator);
    }
  }
  std::string keys;
  for (const auto& [target, locator] : places) {
    const auto& of = model_.targets[target];
    keys += format("{}select {} as key from {} s", keys.empty() ? "" : "\n  union ", values_of(of.locators[locator]), of.table.quoted());
  }
  return format("select key from (\n  {}\n) brought where key is not null", keys);
}

}  // namespace crossfade::mapping
