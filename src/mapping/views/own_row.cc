#include "mapping/views/own_row.h"

#include <pg_query.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <set>

#include "mapping/derive/expression.h"

namespace crossfade::mapping::views {
namespace {

using namespace derive;
namespace json = boost::json;

json::value parsed(const std::string& select) {
  const auto result = pg_query_parse(select.c_str());
  const std::string tree = result.error != nullptr || result.parse_tree == nullptr ? "null" : result.parse_tree;
  pg_query_free_parse_result(result);
  json::parse_options deep;
  deep.max_depth = 2000;
  return json::parse(tree, {}, deep);
}

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
  while (const auto* cast = as(node, "TypeCast")) node = member(*cast, "arg");
  const auto* parameter = as(node, "ParamRef");
  const auto* number = parameter == nullptr ? nullptr : member(*parameter, "number");
  const auto n = number == nullptr ? 0U : number->to_number<std::size_t>();
  return n == 0 || n > parameters.size() ? "" : parameters[n - 1];
}

bool finds_own_row(const json::object& select, const TableName& source, const std::vector<std::string>& key, const std::vector<std::string>& parameters) {
  const auto aliases = aliases_of(select, source);
  if (aliases.empty()) return false;
  std::set<std::string> found;
  for (const auto* condition : conjuncts(member(select, "whereClause"))) {
    const auto of = membership(*condition);
    const auto* reference = of ? as(of->left, "ColumnRef") : nullptr;
    if (reference == nullptr) continue;
    const auto path = column_path(*reference);
    const bool mine = path.size() == 1 || aliases.contains(path[path.size() - 2]);
    if (mine && parameter_column(of->right, parameters) == path.back()) found.insert(path.back());
  }
  return !key.empty() && std::all_of(key.begin(), key.end(), [&](const auto& column) { return found.contains(column); });
}

}  // namespace

bool looks_for_own_row(const std::string& select, const TableName& source, const std::vector<std::string>& key, const std::vector<std::string>& parameters) {
  bool found = false;
  const auto tree = parsed(select);
  visit_nodes(tree, [&](const Node& node) {
    const auto* inner = as(&node, "SelectStmt");
    found = found || (inner != nullptr && finds_own_row(*inner, source, key, parameters));
    return !found;
  });
  return found;
}

}  // namespace crossfade::mapping::views
