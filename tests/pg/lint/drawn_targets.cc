#include "drawn_targets.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <random>

namespace crossfade::test {
namespace {

using Lines = std::vector<std::string>;

enum class Type { kInt, kText, kInts };

struct Column {
  std::string name;
  Type type;
  bool key = false;  ///< of a table: of its primary key; of a view: of its rows, and never null
};
using Columns = std::vector<Column>;

/// Children refer to their parents by key, by a value that is unique, by nothing but what they hold.
struct Table {
  std::string name;
  Columns columns;
};
const std::vector<Table>& tables() {
  static const std::vector<Table> kTables = {
      {"people", {{"id", Type::kInt, true}, {"name", Type::kText}, {"team", Type::kInt}, {"boss", Type::kInt}, {"score", Type::kInt}}},
      {"plans", {{"id", Type::kInt, true}, {"person", Type::kInt}, {"kind", Type::kText}, {"weight", Type::kInt}, {"tags", Type::kInts}}},
      {"steps", {{"plan", Type::kInt, true}, {"pos", Type::kInt, true}, {"person", Type::kInt}, {"kind", Type::kText}, {"load", Type::kInt}}},
      {"kinds", {{"code", Type::kText, true}, {"label", Type::kText}, {"factor", Type::kInt}}},
  };
  return kTables;
}

/// What stands in a from clause, and the columns that can be said of it.
struct Item {
  std::string sql;
  Columns columns;  ///< with alias: "a1.id"
};

/// One select, and what comes of it.
struct Select {
  std::string sql;
  Columns columns;
};

class Grammar {
 public:
  explicit Grammar(std::uint32_t seed) : random_(seed) {}

  Select view() { return any(2); }

 private:
  // std::uniform_int_distribution is not the same everywhere.
  int draw(int low, int high) { return low + static_cast<int>(random_() % static_cast<std::uint32_t>(high - low + 1)); }
  bool one_in(int number) { return draw(1, number) == 1; }
  template <typename T>
  const T& one_of(const std::vector<T>& all) { return all[static_cast<std::size_t>(draw(0, static_cast<int>(all.size()) - 1))]; }
  std::string alias() { return "a" + std::to_string(++aliases_); }

  static Columns of_type(const Columns& columns, Type type) {
    Columns found;
    std::copy_if(columns.begin(), columns.end(), std::back_inserter(found), [&](const Column& column) { return column.type == type; });
    return found;
  }
  static Columns keys_of(const Columns& columns) {
    Columns found;
    std::copy_if(columns.begin(), columns.end(), std::back_inserter(found), [](const Column& column) { return column.key; });
    return found;
  }

  Item table() {
    const auto& drawn = one_of(tables());
    const auto name = alias();
    Item item{fmt::format("public.{} {}", drawn.name, name), {}};
    for (const auto& column : drawn.columns) item.columns.push_back({name + "." + column.name, column.type, column.key});
    return item;
  }

  /// A table, or a select within.
  Item item(int depth) {
    if (depth == 0 || !one_in(3)) return table();
    const auto within = any(depth - 1);
    const auto name = alias();
    Item item{fmt::format("({}) {}", within.sql, name), {}};
    for (const auto& column : within.columns) item.columns.push_back({name + "." + column.name, column.type, column.key});
    return item;
  }

  /// "a2.person = a1.id", of columns that two items share a type of.
  std::optional<std::string> matched(const Columns& left, const Columns& right) {
    for (int tries = 0; tries < 5; ++tries) {
      const auto& one = one_of(left);
      const auto others = of_type(right, one.type);
      if (one.type == Type::kInts || others.empty()) continue;
      return fmt::format("{} = {}", one.name, one_of(others).name);
    }
    return std::nullopt;
  }

  /// "a2.id = a1.person": all of the key of `right`, so that it is one row at most.
  std::optional<std::string> matched_by_key(const Columns& left, const Columns& right) {
    Lines all;
    for (const auto& key : keys_of(right)) {
      const auto others = of_type(left, key.type);
      if (others.empty()) return std::nullopt;
      all.push_back(fmt::format("{} = {}", key.name, one_of(others).name));
    }
    if (all.empty()) return std::nullopt;
    return fmt::format("{}", fmt::join(all, " and "));
  }

  std::string constant(Type type) { return type == Type::kInt ? std::to_string(draw(0, 9)) : fmt::format("'k{}'", draw(0, 4)); }

  /// Of an integer.
  std::string number(const Columns& columns) {
    const auto ints = of_type(columns, Type::kInt);
    if (ints.empty()) return constant(Type::kInt);
    switch (draw(0, 4)) {
      case 0: return fmt::format("coalesce({}, {})", one_of(ints).name, constant(Type::kInt));
      case 1: return fmt::format("{} + {}", one_of(ints).name, one_of(ints).name);
      case 2: return fmt::format("case when {} > {} then {} else {} end", one_of(ints).name, constant(Type::kInt), one_of(ints).name, constant(Type::kInt));
      default: return one_of(ints).name;
    }
  }

  std::string condition(const Columns& columns, int depth) {
    const auto ints = of_type(columns, Type::kInt);
    switch (draw(0, depth > 0 ? 6 : 2)) {
      case 0: return fmt::format("{} is not null", one_of(columns).name);
      case 1: return fmt::format("{} > {}", number(columns), constant(Type::kInt));
      case 2: return fmt::format("({} < {} or {} is null)", number(columns), constant(Type::kInt), one_of(columns).name);
      case 3: return fmt::format("{}exists (select 1 from {})", one_in(2) ? "not " : "", correlated(columns, depth - 1, ""));
      case 4: {
        const auto inner = item(depth - 1);
        const auto wanted = of_type(inner.columns, Type::kInt);
        if (ints.empty() || wanted.empty()) return "true";
        return fmt::format("{} in (select {} from {} where {})", one_of(ints).name, one_of(wanted).name, inner.sql, condition(inner.columns, 0));
      }
      case 5: return fmt::format("{} = any (select {})", number(columns), number(columns));
      default: return fmt::format("{} > ({})", number(columns), scalar(columns, depth - 1));
    }
  }

  /// "public.steps a3 where a3.plan = a1.id and …".
  std::string correlated(const Columns& outer, int depth, const std::string& tail) {
    const auto inner = item(depth);
    auto where = matched(inner.columns, outer).value_or("true");
    const auto arrays = of_type(outer, Type::kInts);
    const auto keys = of_type(inner.columns, Type::kInt);
    if (!arrays.empty() && !keys.empty() && one_in(3)) where = fmt::format("{} = any ({})", one_of(keys).name, one_of(arrays).name);
    if (one_in(3)) where += " and " + condition(inner.columns, 0);
    inner_ = inner.columns;
    return inner.sql + " where " + where + tail;
  }

  /// A select of one integer.
  std::string scalar(const Columns& outer, int depth) {
    const auto from = correlated(outer, depth, "");
    const auto value = number(inner_);
    static const Lines kAggregates = {"count(*)::int", "max({})", "sum({})::int", "count(distinct {})::int", "min({})"};
    return fmt::format("select {} from {}", fmt::format(fmt::runtime(one_of(kAggregates)), value), from);
  }

  std::string key_list(const Columns& columns) {
    Lines names;
    for (const auto& key : keys_of(columns)) names.push_back(key.name);
    return fmt::format("{}", fmt::join(names, ", "));
  }

  std::string window(const Columns& columns) {
    const auto parts = of_type(columns, one_in(3) ? Type::kText : Type::kInt);
    const auto over = parts.empty() ? one_of(columns).name : one_of(parts).name;
    switch (draw(0, 2)) {
      case 0: return fmt::format("(row_number() over (partition by {} order by {}))::int", over, key_list(columns));
      case 1: return fmt::format("(sum({}) over (partition by {}))::int", number(columns), over);
      default: return fmt::format("lag({}) over (partition by {} order by {})", number(columns), over, key_list(columns));
    }
  }

  Select any(int depth) {
    switch (draw(0, 5)) {
      case 0: return grouped(depth);
      case 1: return depth > 0 ? united(depth) : rows(depth);
      case 2: return distinct_on(depth);
      default: return rows(depth);
    }
  }

  /// What several rows come from: tables joined, each row by a key.
  Item joined(int depth) {
    auto all = item(depth);
    for (int joins = draw(0, 2); joins > 0; --joins) {
      auto other = item(depth > 0 ? depth - 1 : 0);
      const bool many = one_in(3);
      const auto on = many ? matched(other.columns, all.columns) : matched_by_key(all.columns, other.columns);
      if (!on) continue;
      const bool outer = !many && one_in(2);
      all.sql += fmt::format(" {} {} on {}{}", outer ? "left join" : "join", other.sql, *on, one_in(4) ? " and " + condition(other.columns, 0) : "");
      for (auto& column : other.columns) column.key = column.key && many;
      all.columns.insert(all.columns.end(), other.columns.begin(), other.columns.end());
    }
    if (one_in(4)) {
      const auto name = alias();
      const auto from = correlated(all.columns, 0, "");
      const auto value = number(inner_);
      const auto ordered = fmt::format("order by {} limit 1", key_list(inner_));
      all.sql += fmt::format(" left join lateral (select {} as x from {} {}) {} on true", value, from, ordered, name);
      all.columns.push_back({name + ".x", Type::kInt});
    }
    return all;
  }

  Select rows(int depth) {
    const auto from = joined(depth);
    Lines list;
    Columns columns;
    for (const auto& column : from.columns) {
      if (column.key) add(list, columns, column.name, column.type, true);
    }
    const int values = draw(1, 4);
    for (int n = 0; n < values; ++n) {
      switch (draw(0, 5)) {
        case 0: add(list, columns, fmt::format("({})", scalar(from.columns, depth > 0 ? depth - 1 : 0)), Type::kInt); break;
        case 1: add(list, columns, window(from.columns), Type::kInt); break;
        case 2: add(list, columns, number(from.columns), Type::kInt); break;
        default: {
          const auto& column = one_of(from.columns);
          if (column.type == Type::kInts) {
            add(list, columns, fmt::format("cardinality({})", column.name), Type::kInt);
          } else {
            add(list, columns, column.name, column.type);
          }
        }
      }
    }
    return {fmt::format("select {} from {}{}", fmt::join(list, ", "), from.sql, one_in(2) ? " where " + condition(from.columns, depth) : ""), columns};
  }

  Select grouped(int depth) {
    const auto from = joined(depth);
    Lines list, by, present;
    Columns columns;
    for (int n = draw(1, 2); n > 0; --n) {
      auto group = one_of(from.columns);
      if (group.type == Type::kInts || std::find(by.begin(), by.end(), group.name) != by.end()) continue;
      by.push_back(group.name);
      present.push_back(group.name + " is not null");
      add(list, columns, group.name, group.type, true);
    }
    if (by.empty()) return rows(depth);
    add(list, columns, "count(*)::int", Type::kInt);
    add(list, columns, fmt::format("max({})", number(from.columns)), Type::kInt);
    if (one_in(2)) add(list, columns, fmt::format("sum({})::int", number(from.columns)), Type::kInt);
    if (one_in(3)) present.push_back(condition(from.columns, depth));
    return {fmt::format("select {} from {} where {} group by {}{}", fmt::join(list, ", "), from.sql, fmt::join(present, " and "), fmt::join(by, ", "),
                        one_in(4) ? " having count(*) > 1" : ""),
            columns};
  }

  Select distinct_on(int depth) {
    const auto from = joined(depth);
    const auto& by = one_of(from.columns);
    if (by.type == Type::kInts) return rows(depth);
    Lines list;
    Columns columns;
    add(list, columns, by.name, by.type, true);
    add(list, columns, number(from.columns), Type::kInt);
    add(list, columns, number(from.columns), Type::kInt);
    return {fmt::format("select distinct on ({0}) {1} from {2} where {0} is not null order by {0}, {3}", by.name, fmt::join(list, ", "), from.sql,
                        key_list(from.columns)),
            columns};
  }

  /// Of the second as many columns of the same types are taken as the first has, if it has them.
  Select united(int depth) {
    const auto first = any(depth - 1);
    const auto second = any(depth - 1);
    Lines left = {"1 as c0"}, right = {"2 as c0"};
    Columns columns = {{"c0", Type::kInt, true}};
    for (const bool key : {true, false}) {
      for (const auto type : {Type::kInt, Type::kText}) {
        const auto mine = chosen(first.columns, type, key), theirs = chosen(second.columns, type, key);
        for (std::size_t n = 0; n < std::max(mine.size(), theirs.size()); ++n) {
          const auto none = key ? (type == Type::kInt ? "0" : "''") : (type == Type::kInt ? "null::int" : "null::text");
          const auto name = fmt::format("c{}", columns.size());
          left.push_back(fmt::format("{} as {}", n < mine.size() ? "l." + mine[n].name : none, name));
          right.push_back(fmt::format("{} as {}", n < theirs.size() ? "r." + theirs[n].name : none, name));
          columns.push_back({name, type, key});
        }
      }
    }
    return {fmt::format("select {} from ({}) l union all select {} from ({}) r", fmt::join(left, ", "), first.sql, fmt::join(right, ", "), second.sql), columns};
  }

  static Columns chosen(const Columns& columns, Type type, bool key) {
    Columns found;
    std::copy_if(columns.begin(), columns.end(), std::back_inserter(found), [&](const Column& column) { return column.type == type && column.key == key; });
    return found;
  }

  static void add(Lines& list, Columns& columns, const std::string& expression, Type type, bool key = false) {
    const auto name = fmt::format("c{}", columns.size());
    list.push_back(fmt::format("{} as {}", expression, name));
    columns.push_back({name, type, key});
  }

  std::mt19937 random_;
  int aliases_ = 0;
  Columns inner_;  ///< of the item that correlated() took last
};

}  // namespace

const char* const kDrawnTables =
    "create table people (id int primary key, name text not null, team int, boss int references people on delete set null, score int);"
    "create table kinds (code text primary key, label text, factor int);"
    "create table plans (id int primary key, person int references people on delete cascade, kind text, weight int, tags int[]);"
    "create table steps (plan int references plans on delete cascade, pos int, person int, kind text, load int, primary key (plan, pos));"
    "alter table people replica identity full; alter table kinds replica identity full;"
    "alter table plans replica identity full; alter table steps replica identity full;"
    "insert into people select n, 'p' || n % 5, n % 3, nullif(n / 2, 0), n * 7 % 10 from generate_series(1, 9) n;"
    "insert into kinds select 'k' || n, 'label ' || n % 2, n from generate_series(0, 3) n;"
    "insert into plans select n, 1 + n % 9, 'k' || n % 5, n * 5 % 7, case when n % 4 > 0 then array[n % 9, n % 5] end from generate_series(1, 12) n;"
    "insert into steps select 1 + n % 12, n / 12, n * 3 % 11, case when n % 5 > 0 then 'k' || n % 4 end, n * 11 % 13 from generate_series(0, 35) n;";

std::vector<DrawnTarget> draw_targets(std::uint32_t seed, std::size_t number) {
  Grammar grammar(seed);
  std::vector<DrawnTarget> targets;
  while (targets.size() < number) {
    const auto view = grammar.view();
    Lines columns, key;
    for (const auto& column : view.columns) {
      columns.push_back(fmt::format("{} {}", column.name, column.type == Type::kInt ? "int" : "text"));
      if (column.key) key.push_back(column.name);
    }
    const auto name = fmt::format("t{}", targets.size());
    targets.push_back({name, view.sql, fmt::format("create table {} ({}, primary key ({}));\n", name, fmt::join(columns, ", "), fmt::join(key, ", "))});
  }
  return targets;
}

}  // namespace crossfade::test
