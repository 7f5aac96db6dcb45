#include "mapping/derive/reach.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/text/sql_text.h"
#include "mapping/derive/doubt.h"
#include "mapping/derive/outer_joins.h"
#include "mapping/derive/trace.h"

namespace crossfade::mapping::derive {
namespace {

namespace json = boost::json;

/// What is known of the rows that depend on a changed row, from its table outwards.
class Walk {
 public:
  Walk(const Facts& facts, const Item& table, const std::vector<const Item*>& joined, const Assumed* assumed)
      : facts_(facts), table_(table), joined_(joined), assumed_(assumed), known_(table) {}

  Reach follow() {
    const Item* at = &table_;
    const Level* level = table_.level;
    while (level != nullptr) at = step(*level, at, level);
    reach_.joined_by = known_.joined_by();
    reach_.equal = known_.equal();
    reach_.restrictions = known_.restrictions();
    return std::move(reach_);
  }

 private:
  /// Goes from `at` in `level` to what the level is in the next one out.
  const Item* step(const Level& here, const Item* at, const Level*& level) {
    learn(here, at);
    if (at != nullptr && outer_joins_.nullable(here).contains(at)) lose("outer join");
    auto outs = outputs(here);
    const auto* branch = &here;
    while (branch->whole != nullptr) {
      branch = branch->whole;
      if (!branch->union_all) {
        group("union", known(outs));
        make_one_of_equals(*branch, outs);
      }
      if (branch->limited) clear(outs, "a limit");
    }
    if (branch->recursive) {
      clear(outs, "a recursion");
      known_.forget();
      reach_.blocked = "which rows it concerns is hidden by a recursion";
    }
    if (branch->as_item != nullptr) {
      const auto* item = branch->as_item;
      for (std::size_t n = 0; n < outs.size() && n < item->columns.size(); ++n) {
        if (outs[n]) known_.know({item, item->columns[n]}, *outs[n]);
      }
      path_.insert(item);
      level = item->level;
      return item;
    }
    if (branch->as_link != nullptr) {
      level = branch->outer;
      link(*branch->as_link, *level, outs);
      return nullptr;
    }
    for (std::size_t n = 0; n < outs.size() && n < branch->outputs.size(); ++n) {
      if (outs[n] && !outs[n]->constant()) reach_.columns[branch->outputs[n].name] = *outs[n];
    }
    if (reach_.columns.empty() && reach_.blocked.empty()) reach_.blocked = "no column of the view is known in the rows that it concerns";
    level = nullptr;
    return nullptr;
  }

  /// A select in an expression: what it is correlated by is known already; `x in (select c …)` says that x is c.
  void link(const Link& link, const Level& outer, const std::vector<std::optional<Value>>& outs) {
    lose("a select within");
    if (word(*link.node, "subLinkType") != "ANY_SUBLINK") return;
    const auto operators = list(*link.node, "operName");
    const bool equal = operators.empty() || last_name(*link.node, "operName") == "=";
    const auto* test = member(*link.node, "testexpr");
    if (!equal || test == nullptr) return;
    std::vector<const Node*> sides = {test};
    if (const auto* row = as(test, "RowExpr")) sides = list(*row, "args");
    // Where it is not only asked whether it holds, a null of the row's own says something else of no rows than of some …
    if (!link.in_where && !std::all_of(sides.begin(), sides.end(), [&](const Node* side) { return outer_joins_.never_null(outer, side); })) return;
    for (std::size_t n = 0; n < sides.size() && n < outs.size(); ++n) {
      // … and a null among them says something about every row.
      if (!outs[n] || (!link.in_where && !outs[n]->required)) continue;
      equate(outer, sides[n], *outs[n], together(loose_collation(facts_, outer, sides[n]), loose_collation(facts_, *link.query, n)));
    }
  }

  void lose(const std::string& how) {
    reach_.lost = true;
    if (reach_.way.find(how) == std::string::npos) reach_.way += (reach_.way.empty() ? "" : ", ") + how;
  }

  void group(const std::string& how, bool whole) {
    lose(how);
    reach_.grouped = true;
    reach_.whole = whole;
  }

  static bool known(const std::vector<std::optional<Value>>& outs) {
    return std::all_of(outs.begin(), outs.end(), [](const auto& each) { return each.has_value(); });
  }

  void clear(std::vector<std::optional<Value>>& outs, const std::string& why) {
    lose(why);
    if (std::any_of(outs.begin(), outs.end(), [](const auto& each) { return each.has_value(); })) reach_.blocked = "which rows it concerns is hidden by " + why;
    for (auto& out : outs) out.reset();
  }

  std::set<const Item*> present(const Level& level, const Item* at) {
    const auto empty = outer_joins_.nullable(level);
    std::set<const Item*> there;
    for (const auto& item : level.items) {
      if (!empty.contains(item.get())) there.insert(item.get());
    }
    if (at != nullptr) there.insert(at);
    known_.add_known_items(level, there);
    return there;
  }

  /// All that follows from the conditions, until nothing more does.
  void learn(const Level& level, const Item* at) {
    for (bool more = true; more;) {
      const auto before = known_.size() + reach_.bridges.size();
      const auto there = present(level, at);
      const auto empty = outer_joins_.nullable(level);
      for (const auto* condition : level.where) {
        const auto references = column_references(*condition);
        const bool firm = std::none_of(references.begin(), references.end(), [&](const auto* each) { return empty.contains(resolve(level, *each).item); });
        if (firm) learn_condition(level, *condition);
      }
      for (const auto& join : level.joins) {
        if (!outer_joins_.hold(level, join, there)) continue;
        for (const auto* condition : join.conditions) learn_condition(level, *condition);
        for (const auto& [one, other] : join.same) {
          learn_same(one, other);
          learn_same(other, one);
        }
      }
      for (const auto& item : level.items) {
        through_function(level, *item);
        within_query(*item);
      }
      more = known_.size() + reach_.bridges.size() != before;
      // One after the other, once nothing more is known without: what is known of the first leads to the next.
      more = more || std::any_of(level.items.begin(), level.items.end(), [&](const auto& item) { return bridge(*item, there); });
    }
  }

  void learn_condition(const Level& level, const Node& condition) {
    if (assumed_ != nullptr && assumed_->level == &level && assumed_->condition == &condition) {
      for (const auto* each : conjuncts(assumed_->holds)) learn_condition(level, *each);
      return;
    }
    restrict(level, condition);
    for (const auto& [left, right] : equalities(condition)) {
      const auto by = together(loose_collation(facts_, level, left), loose_collation(facts_, level, right));
      if (const auto value = compute(level, left, nullptr)) equate(level, right, *value, by);
      if (const auto value = compute(level, right, nullptr)) equate(level, left, *value, by);
    }
    const auto member_of = membership(condition);
    if (!member_of) return;
    const auto value = compute(level, member_of->left, nullptr);
    const auto* reference = as(member_of->right, "ColumnRef");
    if (!value || reference == nullptr || !loose_collation(facts_, level, &condition).empty()) return;
    known_.among(resolve(level, *reference), *value);
  }

  void learn_same(const Known::Column& from, const Known::Column& to) {
    const auto own = loose_collation(facts_, Place{to.first, to.second});
    const auto by = together(loose_collation(facts_, Place{from.first, from.second}), own);
    if (const auto* value = known_.find(from)) known_.equate({to.first, to.second}, Value(*value), {by, own});
  }

  /// What a row of one table has to be to be there.
  void restrict(const Level& level, const Node& condition) {
    const auto* item = only_item(level, condition);
    if (item == nullptr || !item->is_table() || !selects_in(condition).empty() || !plain_calls(facts_, condition) || may_fail(condition)) return;
    Restriction made;
    const auto text = print(condition, [&](const json::object& reference) -> std::optional<std::string> {
      const auto column = resolve(level, reference).column;
      if (item == &table_ && known_.find({item, column}) == nullptr) return std::nullopt;
      made.columns.insert(column);
      return sql_column(item == &table_ ? "changed" : item->name, column);
    });
    // Of the changed row a parameter comes, which has lost the collation that its column had.
    if (!text || (item == &table_ && !loose_collation(facts_, level, &condition).empty())) return;
    made.sql = *text;
    made.cheap = asked_first(condition);
    known_.restrict(*item, std::move(made));
  }

  /// `side` equals `value` wherever the changed row matters.
  void equate(const Level& level, const Node* side, const Value& value, const std::string& by) {
    side = uncast(level, side);
    if (const auto* reference = as(side, "ColumnRef")) {
      const auto place = resolve(level, *reference);
      if (place.item != nullptr) known_.equate(place, value, {by, loose_collation(facts_, place)});
      return;
    }
    // An expression over one table's columns can still be compared.
    const auto* item = only_item(level, *side);
    if (item == nullptr || !item->is_table() || item == &table_ || value.constant() || !value.equal_by.empty()) return;
    std::set<std::string> columns;
    const auto text = print(*side, [&](const json::object& reference) -> std::optional<std::string> {
      return sql_column(item->name, *columns.insert(resolve(level, reference).column).first);
    });
    if (!text || !plain_calls(facts_, *side)) return;
    known_.compare({*item, *text, may_fail(*side), by, std::move(columns)}, value);
  }

  /// unnest(b.members) m: where m is known, b is a row that has it among them.
  void through_function(const Level& level, const Item& item) {
    if (item.kind != Item::Kind::kFunction || item.columns.empty()) return;
    const auto* value = known_.find({&item, item.columns.front()});
    const auto* call = value == nullptr ? nullptr : first_call(*item.node);
    if (call == nullptr || last_name(*call, "funcname") != "unnest") return;
    const auto arguments = list(*call, "args");
    const auto* reference = arguments.size() == 1 ? as(arguments.front(), "ColumnRef") : nullptr;
    if (reference != nullptr && loose_collation(facts_, level, arguments.front()).empty()) known_.among(resolve(level, *reference), *value);
  }

  /// What is known of a query's columns is known of the tables in it that hand them through, and the other way round.
  void within_query(const Item& item) {
    if (item.kind != Item::Kind::kQuery || path_.contains(&item) || !item.query->branches.empty() || item.query->recursive || item.query->sums_up()) return;
    const auto& inner = *item.query;
    const auto count = std::min(inner.outputs.size(), item.columns.size());
    bool any = false;
    for (std::size_t n = 0; n < count; ++n) {
      const auto* value = known_.find({&item, item.columns[n]});
      if (value == nullptr) continue;
      const auto* reference = as(inner.outputs[n].expression, "ColumnRef");
      const auto place = reference == nullptr ? Place{} : resolve(inner, *reference);
      if (place.item == nullptr || outer_joins_.nullable(inner).contains(place.item)) continue;
      known_.know({place.item, place.column}, Value(*value));
      any = true;
    }
    if (!any) return;
    learn(inner, nullptr);
    for (std::size_t n = 0; n < count; ++n) {
      const auto value = compute(inner, inner.outputs[n].expression, &inner);
      if (value && !value->constant()) known_.know({&item, item.columns[n]}, *value);
    }
  }

  /// Joins the item if it is wanted; else remembers that it could be.
  bool bridge(const Item& item, const std::set<const Item*>& there) {
    if (!item.is_table() || item.kind != Item::Kind::kTable || &item == &table_ || !there.contains(&item) || done_.contains(&item)) return false;
    if (facts_.settled.contains(item.table->name.quoted())) return false;
    auto found = known_.bridge_to(item);
    if (!found) return false;
    if (std::find(joined_.begin(), joined_.end(), &item) == joined_.end()) {
      if (std::find(reach_.near.begin(), reach_.near.end(), &item) == reach_.near.end()) reach_.near.push_back(&item);
      if (found->to_one) reach_.to_one.insert(&item);
      return false;
    }
    done_.insert(&item);
    known_.know_all_of(*found);
    reach_.bridges.push_back(std::move(*found));
    return true;
  }

  /// The value of an expression; `firm`: of columns alone that no outer join of that level makes null.
  std::optional<Value> compute(const Level& level, const Node* expression, const Level* firm) {
    if (expression == nullptr) return std::nullopt;
    expression = uncast(level, expression);
    const auto find = [&](const json::object& reference) -> const Value* {
      const auto place = resolve(level, reference);
      if (place.item == nullptr || (firm != nullptr && place.item->level == firm && outer_joins_.nullable(*firm).contains(place.item))) return nullptr;
      return known_.find({place.item, place.column});
    };
    if (const auto* reference = as(expression, "ColumnRef")) {
      const auto* value = find(*reference);
      return value == nullptr ? std::nullopt : std::optional<Value>(*value);
    }
    if (!selects_in(*expression).empty() || !plain_calls(facts_, *expression)) return std::nullopt;
    Value made;
    made.required = true;
    bool exact = true;
    auto text = print(*expression, [&](const json::object& reference) -> std::optional<std::string> {
      const auto* value = find(reference);
      if (value == nullptr) return std::nullopt;
      made.of.insert(value->of.begin(), value->of.end());
      made.through.insert(value->through.begin(), value->through.end());
      made.required = made.required && value->required;
      made.varies = made.varies || value->varies;
      made.may_fail = made.may_fail || value->may_fail;
      exact = exact && value->same;
      return value->sql;
    });
    if (!text || !exact) return std::nullopt;
    made.sql = std::move(*text);
    made.may_fail = made.may_fail || may_fail(*expression);
    made.varies = !loose_collation(facts_, level, expression).empty() || (made.varies && !gives_the_same(*expression));
    return made;
  }

  /// Of rows that share these expressions one is shown: what else is made of them is made of that one's.
  void make_one_of_equals(const Level& level, const std::vector<const Node*>& shared, std::vector<std::optional<Value>>& outs) {
    std::set<std::string> texts;
    for (const auto* each : shared) texts.insert(print(*each).value_or(""));
    for (std::size_t n = 0; n < outs.size(); ++n) {
      if (!outs[n]) continue;
      const auto& expression = *level.outputs[n].expression;
      if (as(&expression, "ColumnRef") != nullptr || texts.contains(print(expression).value_or("?"))) {
        outs[n]->become_one_of_equals(loose_collation(facts_, level, &expression));
      } else if (known_.varies(level, expression, texts)) {
        outs[n].reset();
      }
    }
  }

  std::vector<std::optional<Value>> outputs(const Level& level) {
    std::vector<std::optional<Value>> outs;
    const bool outermost = level.as_item == nullptr && level.as_link == nullptr && level.whole == nullptr;
    for (const auto& output : level.outputs) {
      // A collation changes what is equal, which further in other columns may be by it, and not what the value is.
      const auto* collated = outermost ? as(output.expression, "CollateClause") : nullptr;
      outs.push_back(compute(level, collated == nullptr ? output.expression : member(*collated, "arg"), &level));
      // What is equal by one collation alone is not found by another.
      if (collated != nullptr && outs.back() && !outs.back()->equal_by.empty()) outs.back().reset();
    }
    if (level.grouping_sets) {
      clear(outs, "grouping sets");
      return outs;
    }
    if (level.grouped) {
      group("group by", !level.groups.empty() && all_known(level, level.groups));
      make_one_of_equals(level, level.groups, outs);
    }
    for (const auto& partition : level.partitions) {
      group("window", !partition.empty() && all_known(level, partition));
      keep_those_of(level, partition, outs, "a window");
      make_one_of_equals(level, partition, outs);
    }
    if (!level.distinct_on.empty()) {
      group("distinct on", all_known(level, level.distinct_on));
      keep_those_of(level, level.distinct_on, outs, "a distinct on");
      make_one_of_equals(level, level.distinct_on, outs);
    } else if (level.distinct) {
      group("distinct", known(outs));
      make_one_of_equals(level, outs);
    }
    if (level.limited) clear(outs, "a limit");
    return outs;
  }

  void make_one_of_equals(const Level& level, std::vector<std::optional<Value>>& outs) {
    for (std::size_t n = 0; n < outs.size(); ++n) {
      if (outs[n]) outs[n]->become_one_of_equals(loose_collation(facts_, level, n));
    }
  }

  bool all_known(const Level& level, const std::vector<const Node*>& expressions) {
    return std::all_of(expressions.begin(), expressions.end(), [&](const Node* each) { return compute(level, each, &level).has_value(); });
  }

  /// Rows that share these expressions' values decide each other's: of what a row says only that is left.
  void keep_those_of(const Level& level, const std::vector<const Node*>& expressions, std::vector<std::optional<Value>>& outs, const std::string& who) {
    std::set<std::string> texts;
    for (const auto* each : expressions) {
      if (const auto text = print(*each)) texts.insert(*text);
    }
    bool before = false, after = false;
    for (std::size_t n = 0; n < outs.size(); ++n) {
      if (!outs[n] || outs[n]->constant()) continue;
      before = true;
      if (!made_of(*level.outputs[n].expression, texts)) outs[n].reset();
      after = after || outs[n].has_value();
    }
    if (!before || after) return;
    reach_.blocked = texts.empty() ? fmt::format("{} over all rows mixes rows that share nothing that is known", who)
                                   : fmt::format("{0} by {1} lets rows decide each other's, and no column that the view shows says which: let it show {1}", who,
                                                 fmt::join(texts, ", "));
  }

  const Facts& facts_;
  const Item& table_;
  const std::vector<const Item*>& joined_;
  const Assumed* assumed_;
  Known known_;
  std::set<const Item*> done_;
  std::set<const Item*> path_;
  OuterJoins outer_joins_;
  Reach reach_;
};

}  // namespace

Reach reach(const Facts& facts, const Item& table, const std::vector<const Item*>& joined, const Assumed* assumed) {
  return Walk(facts, table, joined, assumed).follow();
}

}  // namespace crossfade::mapping::derive
