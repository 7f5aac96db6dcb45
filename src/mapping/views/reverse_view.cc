#include "mapping/views/reverse_view.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "mapping/views/say.h"

namespace crossfade::mapping::views {
namespace {

using namespace derive;
using Columns = std::vector<std::string>;

std::string sql_of(const TableName& table) { return sql_name(table.schema) + "." + sql_name(table.name); }

/// An integer that is too large for the column is refused for its own row as it is stored; in a cast of the view it would be for whoever asks.
bool assigned_as_it_is(const std::string& from, const std::string& to) { return from == to || (is_integer(from) && is_integer(to)); }

/// Whether no row can be in both: a column of the table has another constant in each.
bool exclude(const Aspect& one, const Aspect& other) {
  return std::any_of(one.words.begin(), one.words.end(), [&](const Word& mine) {
    return mine.of.empty() && std::any_of(other.words.begin(), other.words.end(), [&](const Word& theirs) {
             return theirs.of.empty() && theirs.column == mine.column && theirs.constant != mine.constant;
           });
  });
}

/// One select that makes rows of the table again.
class Select {
 public:
  Select(const Reading& reading, const RelationFacts& table, const std::vector<Aspect>& aspects, const Aspect& base, const std::map<std::string, TableName>& others)
      : reading_(reading), table_(table), aspects_(aspects), base_(base), others_(others) {}

  /// SQL of the column; nothing where it cannot be had.
  std::optional<std::string> value(const ColumnFacts& column) {
    if (auto own = said(base_, alias(base_), column)) return own;
    if (const auto* gathered = gathered_as(column.name)) return element() + "." + sql_name(gathered->column);
    for (const auto& other : aspects_) {
      if (&other == &base_ || other.find(column.name) == nullptr || other.find(column.name)->of.empty() || !joined(other)) continue;
      auto theirs = said(other, alias(other), column);
      if (!theirs) continue;
      if (other.filtered && other.there_by != column.name) remarks_.push_back(fmt::format("{}.{} of rows that {} leaves out comes back as null", table_.name.name, column.name, other.target));
      return theirs;
    }
    if (auto array = elements(column)) return array;
    return looked_up(column);
  }

  /// The column's own value of before, where only rows of other selects have a word for it.
  std::string kept(const ColumnFacts& column) {
    old_row();
    remarks_.push_back(fmt::format("{}.{} of rows of {} has no word in v2: it stays as it was, and is null in a new row", table_.name.name, column.name, base_.target));
    return fmt::format("old.{}", sql_name(column.name));
  }

  std::string from() const {
    auto text = fmt::format("from {} {}", sql_of(reading_.tables.at(base_.target).name), alias(base_));
    if (!base_.gathered.empty()) text += "\n" + unnested();
    for (const auto& join : joins_) text += "\n" + join;
    Columns conditions;
    for (const auto& [column, constant] : base_.constants) conditions.push_back(fmt::format("{}.{} = {}", alias(base_), sql_name(column), constant));
    if (!conditions.empty()) text += fmt::format("\nwhere {}", fmt::join(conditions, " and "));
    return text;
  }

  const Columns& remarks() const { return remarks_; }

 private:
  static std::string alias(const Aspect& aspect) { return sql_name(aspect.target); }

  /// Of which the gathered columns are.
  std::string element() const { return sql_name(base_.gathered.front().column + "_of"); }

  const Gathered* gathered_as(const std::string& column) const {
    const auto found = std::find_if(base_.gathered.begin(), base_.gathered.end(), [&](const Gathered& each) { return each.column == column; });
    return found == base_.gathered.end() ? nullptr : &*found;
  }

  /// Arrays of one order have their elements side by side.
  std::string unnested() const {
    Columns arrays, names;
    for (const auto& each : base_.gathered) {
      arrays.push_back(fmt::format("{}.{}", alias(base_), sql_name(each.of)));
      names.push_back(sql_name(each.column));
    }
    return fmt::format("cross join lateral unnest({}) {} ({})", fmt::join(arrays, ", "), element(), fmt::join(names, ", "));
  }

  std::optional<std::string> said(const Aspect& aspect, const std::string& alias_of, const ColumnFacts& column) {
    const auto* word = aspect.find(column.name);
    if (word == nullptr) return std::nullopt;
    if (word->of.empty()) return fmt::format("{}::{}", word->constant, column.type);
    const auto plain = fmt::format("{}.{}", alias_of, sql_name(word->of));
    const auto& there = reading_.tables.at(aspect.target);
    const auto* type = there.find(word->of);
    if (type == nullptr) return std::nullopt;
    const auto cast = assigned_as_it_is(type->type, column.type) ? plain : fmt::format("{}::{}", plain, column.type);
    if (word->instead.empty()) return cast;
    // v1 may have said the default in two ways: its own old row is taken by its word as long as it means what v2 says.
    old_row();
    const auto old = fmt::format("old.{}", sql_name(column.name));
    return fmt::format("case when old.{} is not null and {} is null and {} = {} then null else {} end", sql_name(table_.keys.front().front()), old, plain, word->instead, cast);
  }

  /// The table's own row of before, by its key.
  void old_row() {
    if (has_old_) return;
    has_old_ = true;
    Columns same;
    for (const auto& column : table_.keys.front()) {
      const auto key = said(base_, alias(base_), *table_.find(column));
      same.push_back(fmt::format("old.{} = {}", sql_name(column), key.value_or("null")));
    }
    joins_.push_back(fmt::format("left join {} old on {}", sql_of(table_.name), fmt::join(same, " and ")));
  }

  /// Joins the row that the other view has for the base's, by columns that both make of the same; false where it has none.
  bool joined(const Aspect& other) {
    if (joined_.contains(&other)) return true;
    // The base's own name is taken, and so is that of a view that was joined by something else.
    if (other.target == base_.target || exclude(base_, other) || !names_.insert(other.target).second) return false;
    Columns same;
    for (const auto& key : reading_.tables.at(other.target).keys.front()) {
      const auto made = other.made.find(key);
      const auto constant = other.constants.find(key);
      if (constant != other.constants.end()) continue;
      const auto mine = made == other.made.end() ? std::nullopt : base_column(made->second, other.target, key);
      if (!mine) return names_.erase(other.target), false;
      same.push_back(fmt::format("{}.{} = {}", alias(other), sql_name(key), *mine));
    }
    for (const auto& [column, value] : other.constants) same.push_back(fmt::format("{}.{} = {}", alias(other), sql_name(column), value));
    joined_.insert(&other);
    joins_.push_back(fmt::format("left join {} {} on {}", sql_of(reading_.tables.at(other.target).name), alias(other), fmt::join(same, " and ")));
    return true;
  }

  /// What the base has that is made of the table's row by this expression.
  std::optional<std::string> base_column(const std::string& made, const std::string& target, const std::string& key) const {
    for (const auto& [column, text] : base_.made) {
      if (text != made) continue;
      const auto plain = fmt::format("{}.{}", alias(base_), sql_name(column));
      const auto* mine = reading_.tables.at(base_.target).find(column);
      const auto* theirs = reading_.tables.at(target).find(key);
      if (mine != nullptr && theirs != nullptr) return assigned_as_it_is(mine->type, theirs->type) ? plain : fmt::format("{}::{}", plain, theirs->type);
    }
    return std::nullopt;
  }

  std::optional<std::string> elements(const ColumnFacts& column) {
    for (const auto& other : aspects_) {
      for (const auto& each : other.elements) {
        if (each.column != column.name || !other.apart) continue;
        Columns same;
        for (const auto& key : table_.keys.front()) {
          const auto theirs = said(other, "e", *table_.find(key));
          const auto mine = said(base_, alias(base_), *table_.find(key));
          if (!theirs || !mine) break;
          same.push_back(fmt::format("{} = {}", *theirs, *mine));
        }
        if (same.size() < table_.keys.front().size()) continue;
        if (each.order.empty()) remarks_.push_back(fmt::format("the order of {}.{} has no word in v2", table_.name.name, column.name));
        auto array = fmt::format("(select array_agg(e.{} order by e.{}) from {} e where {})", sql_name(each.of), sql_name(each.order.empty() ? each.of : each.order),
                                 sql_of(reading_.tables.at(other.target).name), fmt::join(same, " and "));
        if (column.required) return fmt::format("coalesce({}, '{{}}')", array);
        remarks_.push_back(fmt::format("an empty {}.{} comes back as null", table_.name.name, column.name));
        return array;
      }
    }
    return std::nullopt;
  }

  std::optional<std::string> looked_up(const ColumnFacts& column) {
    for (const auto& each : base_.looked_up) {
      if (each.column != column.name || each.in == table_.name) continue;
      const auto moved = others_.find(each.in.quoted());
      const bool moves = std::find(reading_.sources.begin(), reading_.sources.end(), each.in) != reading_.sources.end();
      if (moves && moved == others_.end()) continue;
      const auto found = fmt::format("(select l.{} from {} l where l.{} = {}.{})", sql_name(each.key), sql_of(moves ? moved->second : each.in), sql_name(each.by),
                                     alias(base_), sql_name(each.of));
      // The view compared them as texts.
      const auto there = reading_.facts.relations.find(each.in.quoted());
      const auto* key = there == reading_.facts.relations.end() ? nullptr : there->second.find(each.key);
      return key == nullptr || assigned_as_it_is(key->type, column.type) ? found : fmt::format("{}::{}", found, column.type);
    }
    return std::nullopt;
  }

  const Reading& reading_;
  const RelationFacts& table_;
  const std::vector<Aspect>& aspects_;
  const Aspect& base_;
  const std::map<std::string, TableName>& others_;  ///< reverse views that are there already, by their table
  std::set<const Aspect*> joined_;
  std::set<std::string> names_;
  Columns joins_;
  Columns remarks_;
  bool has_old_ = false;
};

/// Whether each row of the select is one row of the table, with its key.
bool carries(const Reading& reading, const RelationFacts& table, const Aspect& aspect) {
  if (table.keys.empty() || !aspect.apart || reading.tables.find(aspect.target) == reading.tables.end()) return false;
  const auto& there = reading.tables.at(aspect.target);
  if (there.keys.empty()) return false;
  Columns key;
  for (const auto& column : table.keys.front()) {
    const auto* word = aspect.find(column);
    const bool gathered = std::any_of(aspect.gathered.begin(), aspect.gathered.end(), [&](const Gathered& each) { return each.column == column; });
    if (gathered && aspect.grouped) continue;
    if (word == nullptr || !word->instead.empty() || (!word->of.empty() && there.find(word->of) == nullptr)) return false;
    if (!word->of.empty()) key.push_back(word->of);
  }
  const bool side_by_side = std::all_of(aspect.gathered.begin(), aspect.gathered.end(), [&](const Gathered& each) { return each.order == aspect.gathered.front().order; });
  if (aspect.grouped) return !aspect.gathered.empty() && side_by_side;
  return std::all_of(there.keys.front().begin(), there.keys.front().end(), [&](const std::string& column) {
    return aspect.constants.contains(column) || std::find(key.begin(), key.end(), column) != key.end();
  });
}

/// Selects that make all rows together: one that has every row, or those that have different ones.
std::vector<const Aspect*> bases(const Reading& reading, const RelationFacts& table, const std::vector<Aspect>& aspects) {
  std::vector<const Aspect*> carriers;
  for (const auto& aspect : aspects) {
    if (carries(reading, table, aspect)) carriers.push_back(&aspect);
  }
  if (carriers.empty()) return {};
  const auto better = [](const Aspect* left, const Aspect* right) {
    return std::pair(left->filtered, -static_cast<int>(left->words.size())) < std::pair(right->filtered, -static_cast<int>(right->words.size()));
  };
  std::stable_sort(carriers.begin(), carriers.end(), better);
  std::vector<const Aspect*> chosen = {carriers.front()};
  for (const auto* each : carriers) {
    if (std::all_of(chosen.begin(), chosen.end(), [&](const Aspect* other) { return exclude(*each, *other); })) chosen.push_back(each);
  }
  return chosen;
}

std::string left_of(const std::vector<Aspect>& aspects, const std::string& column) {
  std::string text;
  for (const auto& aspect : aspects) {
    const auto [first, last] = aspect.uses.equal_range(column);
    for (auto use = first; use != last; ++use) text += fmt::format("{}{}.{} has {}", text.empty() ? "" : "; ", aspect.target, use->second.of, use->second.as);
  }
  return text;
}

bool said_at_all(const std::vector<Aspect>& aspects, const std::string& column) {
  const auto is = [&](const auto& each) { return each.column == column; };
  return std::any_of(aspects.begin(), aspects.end(), [&](const Aspect& aspect) {
    return std::any_of(aspect.words.begin(), aspect.words.end(), is) || std::any_of(aspect.gathered.begin(), aspect.gathered.end(), is) ||
           std::any_of(aspect.elements.begin(), aspect.elements.end(), is);
  });
}

/// "users leaves out", "cats and dogs leave out".
std::string left_out_by(const std::vector<const Aspect*>& aspects) {
  Columns targets;
  for (const auto* each : aspects) {
    if (std::find(targets.begin(), targets.end(), each->target) == targets.end()) targets.push_back(each->target);
  }
  return fmt::format("{} {} out", fmt::join(targets, " and "), targets.size() == 1 ? "leaves" : "leave");
}

ReverseView reversed(const Reading& reading, const RelationFacts& table, const std::vector<Aspect>& aspects, const std::map<std::string, TableName>& others) {
  ReverseView made{table.name, "", {}, {}};
  const auto from = bases(reading, table, aspects);
  std::vector<Select> selects;
  for (const auto* base : from) selects.emplace_back(reading, table, aspects, *base, others);
  std::vector<Columns> values(selects.size());
  for (const auto& column : table.columns) {
    if (column.generated) continue;
    std::vector<std::optional<std::string>> found;
    for (auto& select : selects) found.push_back(select.value(column));
    if (std::none_of(found.begin(), found.end(), [](const auto& each) { return each.has_value(); })) {
      made.lost.push_back({column.name, left_of(aspects, column.name), said_at_all(aspects, column.name)});
      continue;
    }
    for (std::size_t n = 0; n < found.size(); ++n) {
      const auto value = found[n] ? *found[n] : selects[n].kept(column);
      const auto ends = "." + sql_name(column.name);
      values[n].push_back(value.ends_with(ends) && value.find(' ') == std::string::npos ? value : value + " as " + sql_name(column.name));
    }
  }
  for (std::size_t n = 0; n < selects.size(); ++n) {
    made.select += fmt::format("{}select\n  {}\n{}", n == 0 ? "" : "\nunion all\n", fmt::join(values[n], ",\n  "), selects[n].from());
    made.remarks.insert(made.remarks.end(), selects[n].remarks().begin(), selects[n].remarks().end());
  }
  const bool all_filtered = !from.empty() && std::all_of(from.begin(), from.end(), [](const Aspect* each) { return each->filtered; });
  if (all_filtered) made.remarks.push_back(fmt::format("rows of {} that {} have no word in v2", table.name.name, left_out_by(from)));
  return made;
}

}  // namespace

std::vector<ReverseView> reverse_views(const Reading& reading, const std::string& schema) {
  const auto trees = trees_of(reading);
  std::vector<ReverseView> views;
  std::map<std::string, TableName> there;
  std::set<std::string> done;
  // Once more for tables whose columns are looked up in one that comes later; then as far as it goes.
  for (int round = 0; round < 2; ++round) {
    for (const auto& source : reading.sources) {
      const auto table = reading.facts.relations.find(source.quoted());
      if (table == reading.facts.relations.end() || done.contains(source.quoted())) continue;
      const auto aspects = aspects_of(trees, table->second);
      const bool waits = std::any_of(aspects.begin(), aspects.end(), [&](const Aspect& aspect) {
        return std::any_of(aspect.looked_up.begin(), aspect.looked_up.end(), [&](const LookedUp& each) {
          return each.in != source && !there.contains(each.in.quoted()) && std::find(reading.sources.begin(), reading.sources.end(), each.in) != reading.sources.end();
        });
      });
      if (waits && round == 0) continue;
      auto made = reversed(reading, table->second, aspects, there);
      if (!made.select.empty()) there.emplace(source.quoted(), TableName{schema, source.name});
      done.insert(source.quoted());
      views.push_back(std::move(made));
    }
  }
  return views;
}

std::string reverse_sql(const std::vector<ReverseView>& views, const std::string& schema) {
  std::string text = "-- Drafted from mapping.sql: one view for each table of v1, over v2. A column that is lossy keeps its old value in v1, and a new row has its\n"
                     "-- default; a row that is lossy goes from v1, unless rejects.sql names it. Give it a word in v2, or write here what stands for it.\n";
  for (const auto& view : views) {
    text += "\n";
    if (view.select.empty()) {
      text += fmt::format("-- lossy: no view of v2 has a row for each of {} with its key: write this one by hand.\n", sql_of(view.table));
      continue;
    }
    for (const auto& lost : view.lost) {
      text += fmt::format("-- lossy: {}.{} has no word in v2{}\n", sql_of(view.table), sql_name(lost.column), lost.left.empty() ? "" : "; " + lost.left);
    }
    for (const auto& remark : view.remarks) text += fmt::format("-- lossy: {}\n", remark);
    text += fmt::format("create view {}.{} as\n{};\n", sql_name(schema), sql_name(view.table.name), view.select);
  }
  return text;
}

}  // namespace crossfade::mapping::views
