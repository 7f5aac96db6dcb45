#include "mapping/derive/expression.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <pg_query.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <map>
#include <utility>

#include "base/text/sql_text.h"

namespace crossfade::mapping::derive {
namespace {

namespace json = boost::json;
using Text = std::optional<std::string>;

std::vector<std::string> names(const json::object& object, std::string_view name) {
  std::vector<std::string> read;
  for (const auto* each : list(object, name)) {
    if (const auto* text = as(each, "String")) read.push_back(word(*text, "sval"));
  }
  return read;
}

Text joined(const std::vector<const Node*>& nodes, const ColumnText& column, std::string_view between) {
  std::vector<std::string> parts;
  for (const auto* each : nodes) {
    auto part = print(*each, column);
    if (!part) return std::nullopt;
    parts.push_back(std::move(*part));
  }
  return fmt::format("{}", fmt::join(parts, between));
}

std::string qualified(const std::vector<std::string>& parts) {
  std::vector<std::string> quoted;
  for (const auto& part : parts) quoted.push_back(quote_identifier(part));
  return fmt::format("{}", fmt::join(quoted, "."));
}

Text print_constant(const json::object& constant) {
  if (constant.contains("isnull")) return "null";
  if (const auto* text = member(constant, "sval")) return quote_literal(word(text->as_object(), "sval"));
  if (const auto* number = member(constant, "fval")) return word(number->as_object(), "fval");
  if (const auto* truth = member(constant, "boolval")) return truth->as_object().contains("boolval") ? "true" : "false";
  if (const auto* number = member(constant, "ival")) {
    const auto* value = member(number->as_object(), "ival");
    return value == nullptr ? "0" : std::to_string(value->to_number<std::int64_t>());
  }
  return std::nullopt;
}

Text print_call(const json::object& call, const ColumnText& column) {
  for (const auto* unknown : {"agg_order", "agg_filter", "agg_within_group", "agg_star", "agg_distinct", "func_variadic", "over"}) {
    if (call.contains(unknown)) return std::nullopt;
  }
  auto arguments = joined(list(call, "args"), column, ", ");
  if (!arguments) return std::nullopt;
  auto parts = names(call, "funcname");
  // What the grammar has a syntax for: timezone('UTC', x) is as good as "at time zone".
  return fmt::format("{}({})", qualified(parts), *arguments);
}

/// "+", or "operator(public.=)".
std::string print_operator(const json::object& expression) {
  auto parts = names(expression, "name");
  if (parts.size() < 2) return parts.empty() ? "" : parts.front();
  const auto sign = parts.back();
  parts.pop_back();
  return fmt::format("operator({}.{})", qualified(parts), sign);
}

Text print_expression(const json::object& expression, const ColumnText& column) {
  const auto kind = word(expression, "kind");
  const auto* left = member(expression, "lexpr");
  const auto* right = member(expression, "rexpr");
  const auto both = [&](const char* form, const std::string& sign) -> Text {
    if (right == nullptr) return std::nullopt;
    Text lead = left == nullptr ? Text("") : print(*left, column);
    Text rest = print(*right, column);
    if (!lead || !rest) return std::nullopt;
    return fmt::format(fmt::runtime(form), *lead, sign, *rest);
  };
  if (kind == "AEXPR_OP") return both("({} {} {})", print_operator(expression));
  if (kind == "AEXPR_OP_ANY") return both("({} {} any({}))", print_operator(expression));
  if (kind == "AEXPR_OP_ALL") return both("({} {} all({}))", print_operator(expression));
  if (kind == "AEXPR_DISTINCT") return both("({} {} {})", "is distinct from");
  if (kind == "AEXPR_NOT_DISTINCT") return both("({} {} {})", "is not distinct from");
  if (kind == "AEXPR_NULLIF") return both("nullif({}{} {})", ",");
  return std::nullopt;
}

Text print_case(const json::object& expression, const ColumnText& column) {
  std::string text = "case";
  if (const auto* of = member(expression, "arg")) {
    const auto written = print(*of, column);
    if (!written) return std::nullopt;
    text += " " + *written;
  }
  for (const auto* each : list(expression, "args")) {
    const auto* when = as(each, "CaseWhen");
    if (when == nullptr) return std::nullopt;
    const auto condition = print(*member(*when, "expr"), column);
    const auto result = print(*member(*when, "result"), column);
    if (!condition || !result) return std::nullopt;
    text += fmt::format(" when {} then {}", *condition, *result);
  }
  if (const auto* otherwise = member(expression, "defresult")) {
    const auto written = print(*otherwise, column);
    if (!written) return std::nullopt;
    text += " else " + *written;
  }
  return "(" + text + " end)";
}

Text print_indirection(const json::object& expression, const ColumnText& column) {
  const auto base = print(*member(expression, "arg"), column);
  if (!base) return std::nullopt;
  auto text = "(" + *base + ")";
  for (const auto* step : list(expression, "indirection")) {
    const auto* index = as(step, "A_Indices");
    if (index == nullptr || index->contains("is_slice")) return std::nullopt;
    const auto at = print(*member(*index, "uidx"), column);
    if (!at) return std::nullopt;
    text += "[" + *at + "]";
  }
  return text;
}

Text print_boolean(const json::object& expression, const ColumnText& column) {
  const auto kind = word(expression, "boolop");
  const auto all = joined(list(expression, "args"), column, kind == "AND_EXPR" ? " and " : " or ");
  if (!all) return std::nullopt;
  return kind == "NOT_EXPR" ? "(not " + *all + ")" : "(" + *all + ")";
}

using Printer = Text (*)(const json::object&, const ColumnText&);

const std::map<std::string_view, Printer>& printers() {
  static const std::map<std::string_view, Printer> all = {
      {"ColumnRef", [](const json::object& node, const ColumnText& column) { return column(node); }},
      {"A_Const", [](const json::object& node, const ColumnText&) { return print_constant(node); }},
      {"FuncCall", print_call},
      {"A_Expr", print_expression},
      {"BoolExpr", print_boolean},
      {"CaseExpr", print_case},
      {"A_Indirection", print_indirection},
      {"TypeCast",
       [](const json::object& node, const ColumnText& column) -> Text {
         auto of = print(*member(node, "arg"), column);
         auto type = print_type(member(node, "typeName")->as_object());
         if (!of || !type) return std::nullopt;
         return fmt::format("({})::{}", *of, *type);
       }},
      {"CoalesceExpr",
       [](const json::object& node, const ColumnText& column) -> Text {
         auto of = joined(list(node, "args"), column, ", ");
         return of ? Text("coalesce(" + *of + ")") : std::nullopt;
       }},
      {"MinMaxExpr",
       [](const json::object& node, const ColumnText& column) -> Text {
         auto of = joined(list(node, "args"), column, ", ");
         return of ? Text((word(node, "op") == "IS_LEAST" ? "least(" : "greatest(") + *of + ")") : std::nullopt;
       }},
      {"A_ArrayExpr",
       [](const json::object& node, const ColumnText& column) -> Text {
         auto of = joined(list(node, "elements"), column, ", ");
         return of ? Text("array[" + *of + "]") : std::nullopt;
       }},
      {"NullTest",
       [](const json::object& node, const ColumnText& column) -> Text {
         auto of = print(*member(node, "arg"), column);
         return of ? Text("(" + *of + (word(node, "nulltesttype") == "IS_NULL" ? " is null)" : " is not null)")) : std::nullopt;
       }},
      {"CollateClause",
       [](const json::object& node, const ColumnText& column) -> Text {
         auto of = print(*member(node, "arg"), column);
         return of ? Text(fmt::format("({} collate {})", *of, qualified(names(node, "collname")))) : std::nullopt;
       }},
  };
  return all;
}

}  // namespace

Parsed parse(const std::string& sql) {
  const auto result = pg_query_parse(sql.c_str());
  const std::string refusal = result.error == nullptr ? "" : result.error->message;
  const std::string tree = result.error != nullptr || result.parse_tree == nullptr ? "null" : result.parse_tree;
  pg_query_free_parse_result(result);
  json::parse_options deep;
  deep.max_depth = 2000;
  return {json::parse(tree, {}, deep), refusal};
}

const json::object* as(const Node* node, std::string_view kind) {
  if (node == nullptr || !node->is_object() || node->get_object().empty()) return nullptr;
  const auto& [name, inner] = *node->get_object().begin();
  const bool is = std::string_view(name.data(), name.size()) == kind && inner.is_object();
  return is ? &inner.get_object() : nullptr;
}

const Node* member(const json::object& object, std::string_view name) { return object.if_contains(json::string_view(name.data(), name.size())); }

std::vector<const Node*> list(const json::object& object, std::string_view name) {
  std::vector<const Node*> elements;
  const auto* found = member(object, name);
  if (found == nullptr || !found->is_array()) return elements;
  for (const auto& each : found->get_array()) elements.push_back(&each);
  return elements;
}

std::string word(const json::object& object, std::string_view name) {
  const auto* found = member(object, name);
  return found != nullptr && found->is_string() ? std::string(found->get_string().data(), found->get_string().size()) : "";
}

const Node* without_casts(const Node* node) {
  while (const auto* cast = as(node, "TypeCast")) node = member(*cast, "arg");
  return node;
}

std::vector<std::string> column_path(const json::object& reference) {
  std::vector<std::string> path;
  for (const auto* field : list(reference, "fields")) {
    const auto* name = as(field, "String");
    path.push_back(name == nullptr ? "*" : word(*name, "sval"));
  }
  return path;
}

std::string function_name(const json::object& call) {
  auto parts = names(call, "funcname");
  if (!parts.empty() && parts.front() == "pg_catalog") parts.erase(parts.begin());
  return fmt::format("{}", fmt::join(parts, "."));
}

std::string procedure_name(std::string_view printed) {
  std::string name;
  bool quoted = false;
  for (std::size_t n = 0; n < printed.size(); ++n) {
    if (printed[n] == '(' && !quoted) break;
    if (printed[n] != '"') {
      name += printed[n];
      continue;
    }
    const bool twice = quoted && n + 1 < printed.size() && printed[n + 1] == '"';
    if (twice) name += printed[n++];
    if (!twice) quoted = !quoted;
  }
  return name;
}

std::string last_name(const json::object& object, std::string_view name) {
  const auto parts = names(object, name);
  return parts.empty() ? "" : parts.back();
}

void visit_nodes(const Node& node, const std::function<bool(const Node&)>& visit) {
  if (node.is_array()) {
    for (const auto& each : node.get_array()) visit_nodes(each, visit);
  }
  if (!node.is_object() || !visit(node)) return;
  for (const auto& [name, each] : node.get_object()) {
    if (each.is_structured()) visit_nodes(each, visit);
  }
}

std::vector<const json::object*> column_references(const Node& node) {
  std::vector<const json::object*> found;
  visit_nodes(node, [&](const Node& each) {
    if (const auto* reference = as(&each, "ColumnRef")) found.push_back(reference);
    return as(&each, "SelectStmt") == nullptr;
  });
  return found;
}

std::vector<const json::object*> selects_in(const Node& node) {
  std::vector<const json::object*> found;
  visit_nodes(node, [&](const Node& each) {
    const auto* link = as(&each, "SubLink");
    if (link == nullptr) return true;
    found.push_back(link);
    return false;
  });
  return found;
}

std::vector<const Node*> conjuncts(const Node* condition) {
  if (condition == nullptr) return {};
  const auto* boolean = as(condition, "BoolExpr");
  if (boolean == nullptr || word(*boolean, "boolop") != "AND_EXPR") return {condition};
  std::vector<const Node*> all;
  for (const auto* each : list(*boolean, "args")) {
    const auto inner = conjuncts(each);
    all.insert(all.end(), inner.begin(), inner.end());
  }
  return all;
}

std::vector<Equality> equalities(const Node& conjunct) {
  const auto* expression = as(&conjunct, "A_Expr");
  if (expression == nullptr) return {};
  const auto* left = member(*expression, "lexpr");
  const auto* right = member(*expression, "rexpr");
  if (word(*expression, "kind") != "AEXPR_OP" || last_name(*expression, "name") != "=") return {};
  const auto* lefts = as(left, "RowExpr");
  const auto* rights = as(right, "RowExpr");
  if (lefts == nullptr || rights == nullptr) return {{left, right}};
  std::vector<Equality> pairs;
  const auto one = list(*lefts, "args");
  const auto other = list(*rights, "args");
  for (std::size_t n = 0; n < std::min(one.size(), other.size()); ++n) pairs.push_back({one[n], other[n]});
  return pairs;
}

std::optional<Equality> membership(const Node& conjunct) {
  const auto* expression = as(&conjunct, "A_Expr");
  if (expression == nullptr || word(*expression, "kind") != "AEXPR_OP_ANY" || last_name(*expression, "name") != "=") return std::nullopt;
  return Equality{member(*expression, "lexpr"), member(*expression, "rexpr")};
}

std::vector<Node> alternatives(const Node& conjunct) {
  std::vector<Node> ways;
  if (const auto* boolean = as(&conjunct, "BoolExpr"); boolean != nullptr && word(*boolean, "boolop") == "OR_EXPR") {
    for (const auto* each : list(*boolean, "args")) ways.push_back(*each);
  }
  const auto member_of = membership(conjunct);
  const auto* array = member_of ? as(member_of->right, "A_ArrayExpr") : nullptr;
  if (array == nullptr) return ways;
  for (const auto* each : list(*array, "elements")) {
    auto& expression = ways.emplace_back(conjunct).as_object().at("A_Expr").as_object();
    expression["kind"] = "AEXPR_OP";
    expression["rexpr"] = *each;
  }
  return ways;
}

std::vector<const json::object*> strict_references(const Node& conjunct) {
  if (const auto* reference = as(&conjunct, "ColumnRef")) return {reference};
  if (const auto* cast = as(&conjunct, "TypeCast")) return strict_references(*member(*cast, "arg"));
  if (const auto* collated = as(&conjunct, "CollateClause")) return strict_references(*member(*collated, "arg"));
  if (const auto* test = as(&conjunct, "NullTest")) {
    return word(*test, "nulltesttype") == "IS_NOT_NULL" ? strict_references(*member(*test, "arg")) : std::vector<const json::object*>{};
  }
  const auto* expression = as(&conjunct, "A_Expr");
  if (expression == nullptr) return {};
  const auto kind = word(*expression, "kind");
  // An array and a null are that array.
  if ((kind != "AEXPR_OP" && kind != "AEXPR_OP_ANY") || last_name(*expression, "name") == "||") return {};
  std::vector<const json::object*> all;
  for (const auto* side : {member(*expression, "lexpr"), member(*expression, "rexpr")}) {
    if (side == nullptr) continue;
    const auto inner = strict_references(*side);
    all.insert(all.end(), inner.begin(), inner.end());
  }
  return all;
}

bool made_of(const Node& expression, const std::set<std::string>& texts) {
  const auto text = print(expression);
  if (text && texts.contains(*text)) return true;
  const auto references = column_references(expression);
  return std::all_of(references.begin(), references.end(), [&](const auto* each) {
    const auto written = print(Node(json::object{{"ColumnRef", *each}}));
    return written && texts.contains(*written);
  });
}

std::optional<std::string> print(const Node& node, const ColumnText& column) {
  if (!node.is_object() || node.get_object().size() != 1) return std::nullopt;
  const auto& [name, inner] = *node.get_object().begin();
  const auto printer = printers().find(std::string_view(name.data(), name.size()));
  return printer == printers().end() || !inner.is_object() ? std::nullopt : printer->second(inner.get_object(), column);
}

std::optional<std::string> print(const Node& node) {
  return print(node, [](const json::object& reference) -> std::optional<std::string> { return qualified(column_path(reference)); });
}

std::optional<std::string> print_type(const json::object& type) {
  auto parts = names(type, "names");
  if (parts.size() == 2 && parts.front() == "pg_catalog" && parts.back() == "interval" && type.contains("typmods")) return std::nullopt;
  auto text = qualified(parts);
  const auto modifiers = list(type, "typmods");
  if (!modifiers.empty()) {
    const auto written = joined(modifiers, [](const json::object&) { return std::nullopt; }, ", ");
    if (!written) return std::nullopt;
    text += "(" + *written + ")";
  }
  for (std::size_t n = 0; n < list(type, "arrayBounds").size(); ++n) text += "[]";
  return text;
}

}  // namespace crossfade::mapping::derive
