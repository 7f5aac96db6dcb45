#include "mapping/views/own_row.h"

#include <algorithm>
#include <map>
#include <set>

#include "mapping/derive/expression.h"
#include "mapping/derive/trace.h"

namespace crossfade::mapping::views {
namespace {

using namespace derive;
namespace json = boost::json;

/// What the select itself calls the table, wherever in its from clause.
std::set<std::string> aliases_of(const json::object& select, const TableName& source) {
  std::set<std::string> aliases;
  for (const auto* from : list(select, "fromClause")) {
    visit_nodes(*from, [&](const Node& node) {
      const auto* table = as(&node, "RangeVar");
      const auto schema = table == nullptr ? "" : word(*table, "schemaname");
      if (table != nullptr && word(*table, "relname") == source.name && (schema.empty() || schema == source.schema)) {
        const auto* alias = member(*table, "alias");
        aliases.insert(alias == nullptr ? source.name : word(alias->as_object(), "aliasname"));
      }
      return as(&node, "SelectStmt") == nullptr;
    });
  }
  return aliases;
}

/// The column of which the parameter has the values; "" of no parameter.
std::string parameter_column(const Node* node, const std::vector<std::string>& parameters) {
  node = without_casts(node);
  const auto* parameter = as(node, "ParamRef");
  const auto* number = parameter == nullptr ? nullptr : member(*parameter, "number");
  const auto n = number == nullptr ? 0U : number->to_number<std::size_t>();
  return n == 0 || n > parameters.size() ? "" : parameters[n - 1];
}

/// Columns of what the select itself takes out of the parameters, `unnest($1) x(id)`: by "x.id" the column that they have the values of.
std::map<std::string, std::string> unnested(const json::object& select, const std::vector<std::string>& parameters) {
  std::map<std::string, std::string> columns;
  for (const auto* from : list(select, "fromClause")) {
    visit_nodes(*from, [&](const Node& node) {
      const auto* call = as(&node, "RangeFunction") == nullptr ? nullptr : first_call(node);
      if (call == nullptr || last_name(*call, "funcname") != "unnest") return as(&node, "SelectStmt") == nullptr;
      const auto* alias = member(*as(&node, "RangeFunction"), "alias");
      const auto name = alias == nullptr ? "unnest" : word(alias->as_object(), "aliasname");
      const auto named = alias == nullptr ? std::vector<const Node*>{} : list(alias->as_object(), "colnames");
      const auto arguments = list(*call, "args");
      for (std::size_t n = 0; n < arguments.size(); ++n) {
        const auto column = n < named.size() ? word(*as(named[n], "String"), "sval") : name;
        columns[name + "." + column] = columns[column] = parameter_column(arguments[n], parameters);
      }
      return false;
    });
  }
  return columns;
}

/// Conditions that rows of the select itself meet, wherever in it they stand; and names of columns that its tables share by `using`.
struct Asked {
  std::vector<const Node*> conditions;
  std::set<std::string> shared;
};

Asked asked_in(const json::object& select) {
  Asked asked{conjuncts(member(select, "whereClause")), {}};
  for (const auto* from : list(select, "fromClause")) {
    visit_nodes(*from, [&](const Node& node) {
      const auto* join = as(&node, "JoinExpr");
      if (join == nullptr) return as(&node, "SelectStmt") == nullptr;
      const auto on = conjuncts(member(*join, "quals"));
      asked.conditions.insert(asked.conditions.end(), on.begin(), on.end());
      for (const auto* each : list(*join, "usingClause")) asked.shared.insert(word(*as(each, "String"), "sval"));
      return true;
    });
  }
  return asked;
}

std::string path_of(const json::object& reference) {
  const auto path = column_path(reference);
  return path.size() == 1 ? path.back() : path[path.size() - 2] + "." + path.back();
}

/// The column of which the other side of a condition has the values: any($1), or what is taken out of $1.
std::string values_in(const Node* side, const std::map<std::string, std::string>& taken, const std::vector<std::string>& parameters) {
  side = without_casts(side);
  if (const auto* reference = as(side, "ColumnRef")) {
    const auto found = taken.find(path_of(*reference));
    return found == taken.end() ? "" : found->second;
  }
  const auto* call = as(side, "FuncCall");
  const auto arguments = call == nullptr || last_name(*call, "funcname") != "unnest" ? std::vector<const Node*>{} : list(*call, "args");
  return arguments.size() == 1 ? parameter_column(arguments.front(), parameters) : "";
}

/// p.id in (select unnest($1)), in (select x.id from unnest($1) x(id)).
std::string selected(const json::object& link, const std::vector<std::string>& parameters) {
  const auto* select = as(member(link, "subselect"), "SelectStmt");
  const auto outputs = select == nullptr ? std::vector<const Node*>{} : list(*select, "targetList");
  const auto* output = outputs.size() == 1 ? as(outputs.front(), "ResTarget") : nullptr;
  return output == nullptr ? "" : values_in(member(*output, "val"), unnested(*select, parameters), parameters);
}

bool finds_own_row(const json::object& select, const TableName& source, const std::vector<std::string>& key, const std::vector<std::string>& parameters) {
  const auto aliases = aliases_of(select, source);
  if (aliases.empty()) return false;
  const auto taken = unnested(select, parameters);
  const auto asked = asked_in(select);
  std::set<std::string> found;
  for (const auto& column : asked.shared) {
    const auto values = taken.find(column);
    if (values != taken.end() && values->second == column) found.insert(column);
  }
  const auto equals = [&](const Node* side, const std::string& values) {
    const auto* reference = as(side, "ColumnRef");
    const auto path = reference == nullptr ? std::vector<std::string>{} : column_path(*reference);
    if (path.empty() || path.back() != values) return;
    if (path.size() == 1 ? !taken.contains(values) : aliases.contains(path[path.size() - 2])) found.insert(values);
  };
  for (const auto* condition : asked.conditions) {
    if (const auto of = membership(*condition)) equals(of->left, parameter_column(of->right, parameters));
    for (const auto& [left, right] : equalities(*condition)) {
      equals(left, values_in(right, taken, parameters));
      equals(right, values_in(left, taken, parameters));
    }
    const auto* link = as(condition, "SubLink");
    if (link != nullptr && word(*link, "subLinkType") == "ANY_SUBLINK" && list(*link, "operName").empty()) equals(member(*link, "testexpr"), selected(*link, parameters));
  }
  return !key.empty() && std::all_of(key.begin(), key.end(), [&](const auto& column) { return found.contains(column); });
}

}  // namespace

bool looks_for_own_row(const std::string& select, const TableName& source, const std::vector<std::string>& key, const std::vector<std::string>& parameters) {
  bool found = false;
  const auto tree = parse(select).tree;
  visit_nodes(tree, [&](const Node& node) {
    const auto* inner = as(&node, "SelectStmt");
    found = found || (inner != nullptr && finds_own_row(*inner, source, key, parameters));
    return !found;
  });
  return found;
}

}  // namespace crossfade::mapping::views
