#include "mapping/views/orders.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

namespace crossfade::mapping {
namespace {

/// Functions of a window that tell rows apart which its order may not: row_number, ntile, lag, lead, first_value, last_value, nth_value.
bool takes_rows_one_by_one(long function) { return function == 3100 || (function >= 3105 && function <= 3114); }

/// FRAMEOPTION_ROWS: the frame ends between rows that are alike.
constexpr long kFrameOfRows = 0x4;
constexpr long kTable = 0;
constexpr long kSubquery = 1;
constexpr long kJoin = 2;
constexpr long kCte = 6;
constexpr long kGroup = 9;  // from 18 on: what a query is grouped by, in its place
constexpr long kArraySublink = 6;

constexpr long kInner = 0;
constexpr long kLeft = 1;

/// A query, and the one that it is part of.
struct Scope {
  const RuleNode* query;
  const Scope* outer;
};

std::set<long> references_of(const RuleNode& clauses) {
  std::set<long> references;
  for (const auto& clause : clauses.elements) references.insert(clause.integer("tleSortGroupRef"));
  return references;
}

const RuleNode* entry_of(const RuleNode& entries, const char* field, long number) {
  const auto found = std::find_if(entries.elements.begin(), entries.elements.end(), [&](const RuleNode& entry) { return entry.integer(field) == number; });
  return found == entries.elements.end() ? nullptr : &*found;
}

bool covers(const std::set<long>& all, const std::set<long>& some) { return std::includes(all.begin(), all.end(), some.begin(), some.end()); }

/// Whether the order holds every value that comes out, but those that are the same in each row.
bool orders_all_values(const RuleNode& entries, const std::set<long>& by) {
  return std::all_of(entries.elements.begin(), entries.elements.end(), [&](const RuleNode& entry) {
    return entry.at("resjunk").word == "true" || entry.at("expr").is("CONST") || by.contains(entry.integer("ressortgroupref"));
  });
}

class Finder {
 public:
  Finder(const std::map<std::uint32_t, RuleNode>& rules, const std::set<long>& equals) : rules_(rules), equals_(equals) {}

  void look_at_rule(std::uint32_t view) {
    const auto rule = rules_.find(view);
    if (rule == rules_.end() || !seen_.insert(view).second) return;
    look_at(rule->second, nullptr);
  }

  std::vector<Order> found;

 private:
  /// What an expression is of: a column of a table, or one that a query groups by.
  struct Origin {
    std::uint32_t relation = 0;
    int column = 0;
    std::vector<std::pair<const RuleNode*, long>> grouped = {};
  };

  /// A column of what stands in a query's own from clause.
  using Var = std::pair<long, long>;
  /// Those that are the same in all rows that an order is about, each with where it is written.
  using Fixed = std::map<Var, const RuleNode*>;

  // NOLINTNEXTLINE(misc-no-recursion): as deep as the view is nested.
  void look_at(const RuleNode& node, const Scope* scope) {
    const Scope own{&node, scope};
    if (node.is("QUERY")) {
      look_at_query(own);
      scope = &own;
    }
    if (node.is("AGGREF")) look_at_aggregate(node, scope);
    if (node.is("SUBLINK") && node.integer("subLinkType") == kArraySublink) look_at_array(node.at("subselect"), scope);
    if (node.is("RANGETBLENTRY") && node.integer("rtekind") == kTable && node.at("inFromCl").word == "true") {
      look_at_rule(static_cast<std::uint32_t>(node.integer("relid")));
    }
    for (const auto& [name, field] : node.fields) look_at(field, scope);
    for (const auto& element : node.elements) look_at(element, scope);
  }

  void look_at_query(const Scope& scope) {
    const auto& query = *scope.query;
    const auto& entries = query.at("targetList");
    const auto sorted = references_of(query.at("sortClause"));
    if (query.at("hasDistinctOn").word == "true" && !orders_all_values(entries, sorted)) {
      add(scope, {"distinct on"}, entries, sorted, references_of(query.at("distinctClause")));
    }
    if (!query.at("limitCount").nothing() && !sorted.empty() && !orders_all_values(entries, sorted)) add(scope, {"a limit"}, entries, sorted, {});
    for (const auto& entry : entries.elements) look_at_windows(entry.at("expr"), scope);
  }

  // NOLINTNEXTLINE(misc-no-recursion): as deep as the expression.
  void look_at_windows(const RuleNode& node, const Scope& scope) {
    if (node.is("QUERY")) return;
    for (const auto& [name, field] : node.fields) look_at_windows(field, scope);
    for (const auto& element : node.elements) look_at_windows(element, scope);
    if (!node.is("WINDOWFUNC")) return;
    const auto* window = entry_of(scope.query->at("windowClause"), "winref", node.integer("winref"));
    if (window == nullptr) return;
    const bool by_rows = (window->integer("frameOptions") & kFrameOfRows) != 0;
    if (!takes_rows_one_by_one(node.integer("winfnoid")) && !(by_rows && node.at("winagg").word == "true")) return;
    const auto divided = references_of(window->at("partitionClause"));
    auto sorted = references_of(window->at("orderClause"));
    sorted.insert(divided.begin(), divided.end());
    Order order;
    order.function = static_cast<std::uint32_t>(node.integer("winfnoid"));
    add(scope, std::move(order), scope.query->at("targetList"), sorted, divided);
  }

  void look_at_aggregate(const RuleNode& node, const Scope* scope) {
    const auto sorted = references_of(node.at("aggorder"));
    if (scope == nullptr || sorted.empty() || node.at("aggkind").word != "n" || orders_all_values(node.at("args"), sorted)) return;
    Order order;
    order.function = static_cast<std::uint32_t>(node.integer("aggfnoid"));
    const auto& query = *scope->query;
    Fixed fixed;
    for (const auto group : references_of(query.at("groupClause"))) {
      const auto* entry = entry_of(query.at("targetList"), "ressortgroupref", group);
      const auto var = entry == nullptr ? std::nullopt : var_of(entry->at("expr"), query);
      if (var) fixed.emplace(*var, &entry->at("expr"));
    }
    add(*scope, std::move(order), node.at("args"), sorted, {}, std::move(fixed));
  }

  void look_at_array(const RuleNode& query, const Scope* scope) {
    const Scope own{&query, scope};
    const auto& entries = query.at("targetList");
    const auto sorted = references_of(query.at("sortClause"));
    const auto& tables = query.at("rtable").elements;
    const bool of_tables = std::any_of(tables.begin(), tables.end(), [](const RuleNode& each) { return each.integer("rtekind") <= kSubquery; });
    if (of_tables && !orders_all_values(entries, sorted)) add(own, {"array(select …)"}, entries, sorted, {});
  }

  /// Unless a grouping settles it.
  void add(const Scope& scope, Order order, const RuleNode& entries, const std::set<long>& sorted, const std::set<long>& divided, Fixed fixed = {}) {
    const auto groups = references_of(scope.query->at("groupClause"));
    if (&entries == &scope.query->at("targetList") && !groups.empty() && covers(sorted, groups)) return;
    std::map<std::uint32_t, Order::Columns> columns;
    std::map<const RuleNode*, std::set<long>> grouped;
    for (const auto reference : sorted) {
      const auto* entry = entry_of(entries, "ressortgroupref", reference);
      const auto origin = entry == nullptr ? Origin{} : origin_of(entry->at("expr"), scope);
      for (const auto& [query, group] : origin.grouped) grouped[query].insert(group);
      if (origin.relation == 0) continue;
      auto& of_relation = columns[origin.relation];
      of_relation.relation = origin.relation;
      of_relation.ordered.push_back(origin.column);
      if (divided.contains(reference)) of_relation.divided.push_back(origin.column);
    }
    for (const auto& [query, some] : grouped) {
      if (covers(some, references_of(query->at("groupClause")))) return;
    }
    fix(*scope.query, fixed);
    for (const auto& [var, expression] : fixed) {
      const auto origin = origin_of(*expression, scope);
      if (origin.relation == 0) continue;
      auto& of_relation = columns[origin.relation];
      of_relation.relation = origin.relation;
      of_relation.ordered.push_back(origin.column);
      of_relation.divided.push_back(origin.column);
    }
    for (auto& [relation, of_relation] : columns) order.columns.push_back(std::move(of_relation));
    const auto& tables = scope.query->at("rtable").elements;
    order.alone = std::count_if(tables.begin(), tables.end(), [](const RuleNode& each) { return each.at("inFromCl").word == "true"; }) == 1;
    found.push_back(std::move(order));
  }

  /// A join, and what a query is grouped by, have columns of others.
  static bool hands_on(const RuleNode& table) { return table.integer("rtekind") == kJoin || table.integer("rtekind") == kGroup; }

  static const RuleNode* handed_on_by(const RuleNode& table, long column) {
    if (!hands_on(table)) return nullptr;
    const auto& all = table.at(table.integer("rtekind") == kJoin ? "joinaliasvars" : "groupexprs").elements;
    return column >= 1 && static_cast<std::size_t>(column) <= all.size() ? &all[static_cast<std::size_t>(column) - 1] : nullptr;
  }

  /// Without the casts and joins that only hand it on; nothing of a query further out, and of what is computed.
  // NOLINTNEXTLINE(misc-no-recursion): as deep as joins are nested.
  static std::optional<Var> var_of(const RuleNode& expression, const RuleNode& query) {
    if (expression.is("RELABELTYPE") || expression.is("COLLATEEXPR")) return var_of(expression.at("arg"), query);
    if (!expression.is("VAR") || expression.integer("varlevelsup") != 0) return std::nullopt;
    const Var var{expression.integer("varno"), expression.integer("varattno")};
    const auto& tables = query.at("rtable").elements;
    const auto place = static_cast<std::size_t>(var.first - 1);
    const auto* handed_on = place < tables.size() ? handed_on_by(tables[place], var.second) : nullptr;
    if (handed_on != nullptr) return var_of(*handed_on, query);
    return place < tables.size() && hands_on(tables[place]) ? std::nullopt : std::optional(var);
  }

  /// Of no row of the query: constants, and what is of a query further out.
  // NOLINTNEXTLINE(misc-no-recursion): as deep as the expression.
  static bool from_outside(const RuleNode& expression) {
    if (expression.is("SUBLINK") || (expression.is("VAR") && expression.integer("varlevelsup") == 0)) return false;
    const auto outside = [](const RuleNode& each) { return from_outside(each); };
    const auto field_outside = [](const auto& each) { return from_outside(each.second); };
    return std::all_of(expression.elements.begin(), expression.elements.end(), outside) &&
           std::all_of(expression.fields.begin(), expression.fields.end(), field_outside);
  }

  /// What equals something that is fixed is fixed too.
  void fix(const RuleNode& query, Fixed& fixed) const {
    std::vector<const RuleNode*> conditions;
    add_conditions(query.at("jointree"), conditions);
    for (auto before = fixed.size() + 1; before != fixed.size();) {
      before = fixed.size();
      for (const auto* condition : conditions) {
        const auto& sides = condition->at("args").elements;
        for (const bool turned : {false, true}) {
          const auto& side = sides[turned ? 1 : 0];
          const auto& other = sides[turned ? 0 : 1];
          const auto var = var_of(side, query);
          const auto equal = var_of(other, query);
          if (var && (from_outside(other) || (equal && fixed.contains(*equal)))) fixed.emplace(*var, &side);
        }
      }
    }
  }

  // NOLINTNEXTLINE(misc-no-recursion): as deep as joins are nested.
  void add_conditions(const RuleNode& node, std::vector<const RuleNode*>& conditions) const {
    if (node.is("OPEXPR") && node.at("args").elements.size() == 2 &&
        equals_.contains(node.integer("opno"))) {
      conditions.push_back(&node);
    }
    if (node.is("JOINEXPR") && node.integer("jointype") != kInner && node.integer("jointype") != kLeft) return;
    if (node.is("BOOLEXPR") && node.at("boolop").word != "and") return;
    for (const auto* field : {"fromlist", "larg", "rarg"}) {
      if (node.is("FROMEXPR") || node.is("JOINEXPR")) add_conditions(node.at(field), conditions);
    }
    if (node.is("FROMEXPR") || node.is("JOINEXPR")) add_conditions(node.at("quals"), conditions);
    if (node.is("BOOLEXPR")) add_conditions(node.at("args"), conditions);
    for (const auto& element : node.elements) add_conditions(element, conditions);
  }

  // NOLINTNEXTLINE(misc-no-recursion): as deep as queries are nested.
  Origin origin_of(const RuleNode& expression, const Scope& scope) const {
    if (expression.is("RELABELTYPE") || expression.is("COLLATEEXPR")) return origin_of(expression.at("arg"), scope);
    if (!expression.is("VAR")) return {};
    const auto* of = &scope;
    for (long up = expression.integer("varlevelsup"); up > 0 && of != nullptr; --up) of = of->outer;
    const auto place = static_cast<std::size_t>(expression.integer("varno") - 1);
    if (of == nullptr || place >= of->query->at("rtable").elements.size()) return {};
    const auto& table = of->query->at("rtable").elements[place];
    const auto column = expression.integer("varattno");
    switch (table.integer("rtekind")) {
      case kTable: {
        const auto relation = static_cast<std::uint32_t>(table.integer("relid"));
        const auto rule = rules_.find(relation);
        if (rule == rules_.end()) return {relation, static_cast<int>(column)};
        return origin_in(query_of(rule->second), nullptr, column);
      }
      case kSubquery: return origin_in(table.at("subquery"), of, column);
      case kJoin:
      case kGroup: {
        const auto* handed_on = handed_on_by(table, column);
        return handed_on != nullptr ? origin_of(*handed_on, *of) : Origin{};
      }
      case kCte: {
        for (long up = table.integer("ctelevelsup"); up > 0 && of != nullptr; --up) of = of->outer;
        if (of == nullptr) return {};
        for (const auto& cte : of->query->at("cteList").elements) {
          if (cte.at("ctename").word == table.at("ctename").word) return origin_in(cte.at("ctequery"), of, column);
        }
        return {};
      }
      default: return {};
    }
  }

  static const RuleNode& query_of(const RuleNode& rule) { return rule.elements.empty() ? rule : rule.elements.front(); }

  // NOLINTNEXTLINE(misc-no-recursion): see origin_of.
  Origin origin_in(const RuleNode& query, const Scope* outer, long column) const {
    const auto* entry = entry_of(query.at("targetList"), "resno", column);
    if (entry == nullptr || !query.is("QUERY")) return {};
    auto origin = origin_of(entry->at("expr"), {&query, outer});
    const auto reference = entry->integer("ressortgroupref");
    if (references_of(query.at("groupClause")).contains(reference)) origin.grouped.emplace_back(&query, reference);
    return origin;
  }

  const std::map<std::uint32_t, RuleNode>& rules_;
  const std::set<long>& equals_;
  std::set<std::uint32_t> seen_;
};

}  // namespace

std::vector<Order> orders_of(std::uint32_t of, const std::map<std::uint32_t, RuleNode>& rules, const std::set<long>& equals) {
  Finder finder(rules, equals);
  finder.look_at_rule(of);
  return std::move(finder.found);
}

}  // namespace crossfade::mapping
