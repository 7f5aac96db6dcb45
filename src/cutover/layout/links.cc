#include "cutover/layout/links.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "base/text/json.h"
#include "base/text/sql_text.h"
#include "mapping/file/migration_file.h"
#include "mapping/file/written_rule.h"

namespace crossfade::cutover {
namespace {

using mapping::Direction;
using mapping::Naming;
using mapping::TableName;

std::string member(std::string_view name, const std::string& value) { return fmt::format("{}:{}", json_string(name), value); }

/// A source's table as it is called at `naming`; none for a shared one.
std::optional<TableName> old_place(const v1::Migration& file, const std::string& written, Naming naming) {
  const auto source = file.sources().find(written);
  if (source == file.sources().end() || source->second.shared()) return std::nullopt;
  auto table = mapping::source_table(file, written);
  if (naming == Naming::kSwapped) table.name = mapping::retired_name(table.name);
  return table;
}

TableName new_place(const v1::Migration& file, const std::string& target, Naming naming) {
  return {naming == Naming::kSwapped ? file.schemas().source() : file.schemas().shadow(), target};
}

/// The table of `reverse` that goes by `name`, at `naming`.
std::optional<TableName> filled_back(const v1::Migration& file, const std::string& name, Naming naming) {
  for (const auto& [written, source] : file.sources()) {
    if (!source.shared() && mapping::source_table(file, written).name == name) return old_place(file, written, naming);
  }
  return std::nullopt;
}

std::string bare_name(const v1::Migration& file, const std::string& written) { return mapping::source_table(file, written).name; }

bool less(const Link& left, const Link& right) {
  const auto order = [](const Link& link) {
    const auto follower = link.follower.value_or(TableName{});
    return std::tuple(link.owner.schema, link.owner.name, follower.schema, follower.name);
  };
  return order(left) < order(right);
}

/// In order, each once.
void once(std::vector<Link>& links) {
  std::sort(links.begin(), links.end(), less);
  links.erase(std::unique(links.begin(), links.end(), [](const Link& left, const Link& right) { return !less(left, right) && !less(right, left); }), links.end());
}

}  // namespace

std::vector<ColumnPair> column_pairs(const Followed& followed, Direction to, Naming naming) {
  const auto& file = followed.file;
  std::vector<ColumnPair> pairs;
  const bool to_v2 = to == Direction::kReverse;
  const auto add = [&](const TableName& v2, const std::string& v2_column, const TableName& v1, const std::string& v1_column) {
    pairs.push_back(to_v2 ? ColumnPair{v2, v2_column, v1, v1_column} : ColumnPair{v1, v1_column, v2, v2_column});
  };
  for (const auto& rule : followed.rules.forward) {
    const auto v1 = old_place(file, rule.source, naming);
    if (!rule.lookup.empty() || !v1) continue;
    for (std::size_t n = 0; n < rule.locator_columns.size(); ++n) {
      add(new_place(file, rule.target, naming), rule.locator_columns[n], *v1, rule.source_columns[n]);
    }
  }
  for (const auto& rule : followed.rules.reverse) {
    const auto v1 = filled_back(file, rule.target, naming);
    if (!rule.lookup.empty() || !v1 || !file.targets().contains(rule.source)) continue;
    for (std::size_t n = 0; n < rule.locator_columns.size(); ++n) {
      add(new_place(file, rule.source, naming), rule.source_columns[n], *v1, rule.locator_columns[n]);
    }
  }
  // Tables of one name are each other's counterpart, whatever the rules say; one without a namesake has its own rows to go by.
  for (const auto& [name, target] : file.targets()) {
    const auto v1 = filled_back(file, name, naming);
    if (to_v2 || v1) add(new_place(file, name, naming), "", v1.value_or(TableName{}), "");
  }
  for (const auto& [written, source] : file.sources()) {
    const auto v1 = old_place(file, written, naming);
    if (!to_v2 && v1 && !file.targets().contains(bare_name(file, written))) add({}, "", *v1, "");
  }
  const auto order = [](const ColumnPair& pair) { return std::tuple(pair.own.schema, pair.own.name, pair.own_column, pair.other.schema, pair.other.name, pair.other_column); };
  std::sort(pairs.begin(), pairs.end(), [&](const auto& left, const auto& right) { return order(left) < order(right); });
  pairs.erase(std::unique(pairs.begin(), pairs.end(), [&](const auto& left, const auto& right) { return order(left) == order(right); }), pairs.end());
  return pairs;
}

std::vector<ColumnPair> way_back_pairs(const Followed& followed) {
  std::vector<ColumnPair> pairs;
  for (const auto& handed : followed.back) pairs.push_back({handed.filled, handed.column, handed.from, handed.from_column});
  return pairs;
}

std::string rows_behind_keys(const mapping::Model& reverse) {
  std::string json;
  for (const auto& rule : reverse.rules) {
    const auto& target = reverse.targets[rule.target];
    const auto& source = reverse.sources[rule.source];
    const auto& schema = source.shared ? source.schema : reverse.shadow_schema;
    std::string columns;
    for (const auto& column : rule.source_columns) columns += (columns.empty() ? "" : ",") + json_string(column);
    json += (json.empty() ? "[{" : ",{") + member("target", json_string(target.name)) + "," + member("locator", json_string(target.locators[rule.locator].name())) + "," +
            member("source", json_string(quote_qualified(schema, source.name))) + "," + member("columns", "[" + columns + "]") + "}";
  }
  return json.empty() ? "[]" : json + "]";
}

std::string json_of(const std::vector<ColumnPair>& pairs) {
  std::string json;
  for (const auto& pair : pairs) {
    json += json.empty() ? "[{" : ",{";
    json += member("own", json_string(pair.own.quoted()));
    if (!pair.other.name.empty()) json += "," + member("other", json_string(pair.other.quoted()));
    if (!pair.own_column.empty()) json += "," + member("own_column", json_string(pair.own_column)) + "," + member("other_column", json_string(pair.other_column));
    json += "}";
  }
  return json.empty() ? "[]" : json + "]";
}

std::vector<Link> links_of(const Followed& followed, Direction to) {
  const auto& file = followed.file;
  const bool to_v2 = to == Direction::kReverse;
  const auto now = naming_of(opposite(to));
  const auto then = naming_of(to);
  std::vector<Link> links;
  const auto add = [&](const std::string& written, const std::string& target) {
    const auto v1 = old_place(file, written, now);
    if (!v1) return;
    const bool same = bare_name(file, written) == target;
    links.push_back(to_v2 ? Link{*v1, new_place(file, target, now), new_place(file, target, then), same}
                          : Link{new_place(file, target, now), *v1, *old_place(file, written, then), same});
  };
  const auto written_as = [&](const std::string& name) {
    for (const auto& [written, source] : file.sources()) {
      if (!source.shared() && bare_name(file, written) == name) return written;
    }
    return std::string();
  };
  for (const auto& [name, target] : file.targets()) {
    if (!written_as(name).empty()) add(written_as(name), name);
  }
  for (const auto& rule : to_v2 ? followed.rules.forward : followed.rules.reverse) {
    if (to_v2) {
      add(rule.source, rule.target);
    } else if (file.targets().contains(rule.source)) {
      add(written_as(rule.target), rule.source);
    }
  }
  const auto sides = sides_of(file, now);
  for (const auto& table : to_v2 ? sides.v1 : sides.v2) {
    const bool known = std::any_of(links.begin(), links.end(), [&](const Link& link) { return link.owner == table; });
    if (!known) links.push_back({table, std::nullopt, {}, false});
  }
  once(links);
  return links;
}

std::vector<Link> way_back_links(const Followed& followed) {
  const auto& file = followed.file;
  std::vector<Link> links;
  for (const auto& rule : followed.rules.reverse) {
    const auto v1 = filled_back(file, rule.target, Naming::kOriginal);
    if (v1 && file.targets().contains(rule.source)) {
      links.push_back({*v1, new_place(file, rule.source, Naming::kOriginal), *v1, rule.source == rule.target});
    }
  }
  once(links);
  return links;
}

std::string json_of(const std::vector<Link>& links) {
  std::string json;
  for (const auto& link : links) {
    json += json.empty() ? "[{" : ",{";
    json += member("owner", json_string(link.owner.quoted()));
    if (link.follower) json += "," + member("follower", json_string(link.follower->quoted())) + "," + member("after", json_string(link.after.quoted()));
    json += "," + member("same", link.same ? "true" : "false") + "}";
  }
  return json.empty() ? "[]" : json + "]";
}

}  // namespace crossfade::cutover
