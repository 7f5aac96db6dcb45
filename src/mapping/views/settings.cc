#include "mapping/views/settings.h"

#include <utility>

namespace crossfade::mapping {
namespace {

constexpr long kTable = 0;
constexpr long kSubquery = 1;
constexpr long kJoin = 2;
constexpr long kCte = 6;
constexpr long kGroup = 9;  // from 18 on

/// A query, and the one that it is part of.
struct Scope {
  const RuleNode* query;
  const Scope* outer;
};

const RuleNode& query_of(const RuleNode& rule) { return rule.elements.empty() ? rule : rule.elements.front(); }

/// 0 where the node does not say.
std::uint32_t type_of(const RuleNode& node) {
  for (const auto* field : {"vartype", "funcresulttype", "opresulttype", "consttype", "resulttype", "aggtype", "wintype", "casetype", "coalescetype", "minmaxtype",
                            "array_typeid", "row_typeid", "typeId"}) {
    if (node.fields.contains(field)) return static_cast<std::uint32_t>(node.integer(field));
  }
  return 0;
}

class Walk {
 public:
  explicit Walk(const std::map<std::uint32_t, RuleNode>& rules) : rules_(rules) {}

  void look_at_view(std::uint32_t view) {
    const auto rule = rules_.find(view);
    if (rule == rules_.end()) return;
    const auto& query = query_of(rule->second);
    for (const auto& entry : query.at("targetList").elements) {
      if (entry.at("resjunk").word == "true") continue;
      column_ = entry.at("resname").word;
      seen_.clear();
      look_at(entry.at("expr"), {&query, nullptr});
    }
    column_.clear();
    seen_.clear();
    look_at_rows(query, nullptr);
  }

  std::set<MadeWith> found;

 private:
  /// What decides which rows a query has.
  // NOLINTNEXTLINE(misc-no-recursion): as deep as queries are nested.
  void look_at_rows(const RuleNode& query, const Scope* outer) {
    const Scope scope{&query, outer};
    for (const auto* field : {"jointree", "havingQual"}) look_at(query.at(field), scope);
    for (const auto& table : query.at("rtable").elements) {
      if (table.integer("rtekind") == kSubquery) look_at_rows(table.at("subquery"), &scope);
      const auto rule = table.integer("rtekind") == kTable && table.at("inFromCl").word == "true" ? rules_.find(static_cast<std::uint32_t>(table.integer("relid"))) : rules_.end();
      if (rule != rules_.end() && seen_.insert(&rule->second).second) look_at_rows(query_of(rule->second), nullptr);
    }
    for (const auto& cte : query.at("cteList").elements) look_at_rows(cte.at("ctequery"), &scope);
    for (const auto* branch : {"larg", "rarg"}) look_at(query.at("setOperations").at(branch), scope);
  }

  // NOLINTNEXTLINE(misc-no-recursion): as deep as the view is nested.
  void look_at(const RuleNode& node, const Scope& scope) {
    if (node.is("VAR")) {
      follow(node, scope);
      return;
    }
    if (node.is("QUERY")) {
      const Scope own{&node, &scope};
      for (const auto& entry : node.at("targetList").elements) look_at(entry.at("expr"), own);
      look_at_rows(node, &scope);
      return;
    }
    for (const auto* field : {"funcid", "opfuncid", "aggfnoid", "winfnoid"}) {
      if (node.fields.contains(field)) add_call(static_cast<std::uint32_t>(node.integer(field)), node.at("args"));
    }
    if (node.is("COERCEVIAIO")) {
      found.insert({column_, 0, type_of(node)});
      found.insert({column_, 0, type_of(node.at("arg"))});
    }
    for (const auto& [name, field] : node.fields) look_at(field, scope);
    for (const auto& element : node.elements) look_at(element, scope);
  }

  void add_call(std::uint32_t function, const RuleNode& arguments) {
    found.insert({column_, function, 0});
    for (const auto& argument : arguments.elements) {
      const auto& given = argument.is("TARGETENTRY") ? argument.at("expr") : argument;
      found.insert({column_, function, type_of(given)});
    }
  }

  /// To what the column is made of, where that is an expression of a query within or of a view.
  // NOLINTNEXTLINE(misc-no-recursion): see look_at.
  void follow(const RuleNode& var, const Scope& from) {
    const auto* of = &from;
    for (long up = var.integer("varlevelsup"); up > 0 && of != nullptr; --up) of = of->outer;
    const auto place = static_cast<std::size_t>(var.integer("varno") - 1);
    if (of == nullptr || place >= of->query->at("rtable").elements.size()) return;
    const auto& table = of->query->at("rtable").elements[place];
    const auto column = var.integer("varattno");
    const auto kind = table.integer("rtekind");
    if (kind == kJoin || kind == kGroup) {
      const auto& all = table.at(kind == kJoin ? "joinaliasvars" : "groupexprs").elements;
      const bool there = column >= 1 && static_cast<std::size_t>(column) <= all.size();
      if (there && seen_.insert(&all[static_cast<std::size_t>(column) - 1]).second) look_at(all[static_cast<std::size_t>(column) - 1], *of);
    } else if (kind == kSubquery) {
      look_at_column(table.at("subquery"), of, column);
    } else if (kind == kTable) {
      const auto rule = rules_.find(static_cast<std::uint32_t>(table.integer("relid")));
      if (rule != rules_.end()) look_at_column(query_of(rule->second), nullptr, column);
    } else if (kind == kCte) {
      for (long up = table.integer("ctelevelsup"); up > 0 && of != nullptr; --up) of = of->outer;
      if (of == nullptr) return;
      for (const auto& cte : of->query->at("cteList").elements) {
        if (cte.at("ctename").word == table.at("ctename").word) look_at_column(cte.at("ctequery"), of, column);
      }
    }
  }

  /// Of a union the column of each branch.
  // NOLINTNEXTLINE(misc-no-recursion): see look_at.
  void look_at_column(const RuleNode& query, const Scope* outer, long column) {
    const Scope own{&query, outer};
    for (const auto& entry : query.at("targetList").elements) {
      if (entry.integer("resno") == column && seen_.insert(&entry).second) look_at(entry.at("expr"), own);
    }
    if (query.at("setOperations").nothing()) return;
    for (const auto& table : query.at("rtable").elements) {
      if (table.integer("rtekind") == kSubquery) look_at_column(table.at("subquery"), &own, column);
    }
  }

  const std::map<std::uint32_t, RuleNode>& rules_;
  std::string column_;
  std::set<const RuleNode*> seen_;
};

}  // namespace

std::set<MadeWith> made_with(std::uint32_t view, const std::map<std::uint32_t, RuleNode>& rules) {
  Walk walk(rules);
  walk.look_at_view(view);
  return std::move(walk.found);
}

}  // namespace crossfade::mapping
