#include "mapping/derive/doubt.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "base/text/sql_text.h"

namespace crossfade::mapping::derive {
namespace {

namespace json = boost::json;

/// Whatever they are given of their types, they give a value.
bool takes_everything(const json::object& call) {
  static const std::set<std::string> kSure = {"lower", "upper", "btrim", "ltrim", "rtrim", "md5", "length", "concat", "date_trunc", "timezone", "crossfade.uuid"};
  return kSure.contains(function_name(call));
}

bool to_text(const json::object& cast) {
  const auto type = last_name(member(cast, "typeName")->as_object(), "names");
  return type == "text" || type == "varchar" || type == "bpchar";
}

/// What is known of an operand's type; "" of others.
std::string type_of(const Node& node, const std::map<std::string, std::string>& types) {
  if (as(&node, "FuncCall") != nullptr || as(&node, "A_Expr") != nullptr) return "text";
  if (const auto* cast = as(&node, "TypeCast")) return to_text(*cast) ? "text" : "";
  const auto* reference = as(&node, "ColumnRef");
  const auto path = reference == nullptr ? std::vector<std::string>{} : column_path(*reference);
  const auto known = path.empty() ? types.end() : types.find(path.back());
  return path.empty() || path.front() != "changed" || known == types.end() ? "" : known->second;
}

/// Whether this very operation has values that it refuses.
bool refuses_some(const Node& node, const std::map<std::string, std::string>& types) {
  static const std::set<std::string> kTexts = {"text", "character varying", "character", "bpchar", "json", "jsonb"};
  static const std::map<std::string, std::set<std::string>> kNarrower = {{"bigint", {"int2", "smallint", "int4", "integer"}},
                                                                         {"integer", {"int2", "smallint"}},
                                                                         {"numeric", {"int2", "smallint", "int4", "integer", "int8", "bigint"}}};
  if (const auto* operation = as(&node, "A_Expr")) {
    const auto sign = last_name(*operation, "name");
    return sign == "/" || sign == "%";
  }
  const auto* cast = as(&node, "TypeCast");
  const auto* of = cast == nullptr ? nullptr : member(*cast, "arg");
  if (of == nullptr || to_text(*cast)) return false;
  const auto from = type_of(*of, types);
  const auto narrower = kNarrower.find(from);
  return kTexts.contains(from) || (narrower != kNarrower.end() && narrower->second.contains(last_name(member(*cast, "typeName")->as_object(), "names")));
}

/// The first operation of an expression that does.
std::string risk_in(const Node& expression, const std::map<std::string, std::string>& types) {
  std::string found;
  visit_nodes(expression, [&](const Node& node) {
    if (found.empty() && refuses_some(node, types)) found = print(node).value_or("a cast");
    return found.empty() && as(&node, "CaseExpr") == nullptr;
  });
  return found;
}

std::string collation_name(const json::object& clause) {
  std::vector<std::string> parts;
  for (const auto* each : list(clause, "collname")) {
    if (const auto* text = as(each, "String")) parts.push_back(quote_identifier(word(*text, "sval")));
  }
  return fmt::format("{}", fmt::join(parts, "."));
}

}  // namespace

bool may_fail(const Node& expression) {
  bool found = false;
  visit_nodes(expression, [&](const Node& node) {
    if (const auto* cast = as(&node, "TypeCast")) found = found || (!to_text(*cast) && as(member(*cast, "arg"), "A_Const") == nullptr);
    if (const auto* call = as(&node, "FuncCall")) found = found || !takes_everything(*call);
    if (const auto* operation = as(&node, "A_Expr")) {
      const auto sign = last_name(*operation, "name");
      found = found || sign == "/" || sign == "%" || sign == "^";
    }
    return !found;
  });
  return found;
}

std::string risky_output(const std::string& select, const std::map<std::string, std::string>& types) {
  const auto parsed = parse(select);
  std::string found;
  visit_nodes(parsed.tree, [&](const Node& node) {
    const auto* output = as(&node, "ResTarget");
    const auto* value = output == nullptr ? nullptr : member(*output, "val");
    if (value != nullptr && found.empty()) found = risk_in(*value, types);
    return found.empty() && value == nullptr;
  });
  return found;
}

bool reads_tables(const std::string& sql) {
  const auto parsed = parse(sql);
  if (!parsed.refusal.empty()) return true;
  bool found = false;
  visit_nodes(parsed.tree, [&](const Node& node) {
    const auto* call = as(&node, "FuncCall");
    const bool of_somebody = call != nullptr && function_name(*call).find('.') != std::string::npos;
    found = found || as(&node, "RangeVar") != nullptr || of_somebody;
    return !found;
  });
  return found;
}

/// One operator at most, which what may fail has beside the comparison.
bool asked_first(const Node& condition) {
  int operations = 0;
  visit_nodes(condition, [&](const Node& node) {
    if (as(&node, "FuncCall") != nullptr) operations += 100;
    if (const auto* operation = as(&node, "A_Expr")) operations += word(*operation, "kind") == "AEXPR_OP" || word(*operation, "kind") == "AEXPR_DISTINCT" ? 1 : 100;
    return true;
  });
  return operations <= 1;
}

std::string together(const std::string& one, const std::string& other) { return one.empty() ? other : one; }

std::string loose_collation(const Facts& facts, const Level& level, const Node* expression) {
  if (facts.loose_collations.empty() || expression == nullptr) return "";
  std::string found;
  visit_nodes(*expression, [&](const Node& node) {
    if (const auto* clause = as(&node, "CollateClause")) {
      // What is written stands above what is in it.
      const auto name = collation_name(*clause);
      if (facts.loose_collations.contains(name)) found = together(found, name);
      return false;
    }
    if (const auto* reference = as(&node, "ColumnRef")) found = together(found, loose_collation(facts, resolve(level, *reference)));
    return as(&node, "SelectStmt") == nullptr;
  });
  return found;
}

std::string loose_collation(const Facts& facts, const Place& place) {
  if (facts.loose_collations.empty() || place.item == nullptr) return "";
  const auto& item = *place.item;
  if (item.kind == Item::Kind::kTable) {
    const auto* column = item.table == nullptr ? nullptr : item.table->find(place.column);
    return column == nullptr ? "" : column->loose;
  }
  if (item.kind == Item::Kind::kFunction) return item.node == nullptr || item.level == nullptr ? "" : loose_collation(facts, *item.level, item.node);
  if (item.query == nullptr) return "";
  const auto found = std::find(item.columns.begin(), item.columns.end(), place.column);
  return found == item.columns.end() ? "" : loose_collation(facts, *item.query, static_cast<std::size_t>(found - item.columns.begin()));
}

std::string loose_collation(const Facts& facts, const Level& level, std::size_t output) {
  std::string found;
  for (const auto& branch : level.branches) found = together(found, loose_collation(facts, *branch, output));
  return level.branches.empty() && output < level.outputs.size() ? loose_collation(facts, level, level.outputs[output].expression) : found;
}

bool gives_the_same(const Node& expression) {
  static const std::set<std::string> kTypes = {"int2", "int4", "int8", "smallint", "integer", "bigint", "uuid", "bool", "date", "timestamp", "timestamptz", "text", "varchar"};
  static const std::set<std::string> kSigns = {"->>", "#>>", "=", "<>", "<", ">", "<=", ">=", "~~", "~", "@>", "?"};
  if (const auto* cast = as(&expression, "TypeCast")) return kTypes.contains(last_name(member(*cast, "typeName")->as_object(), "names")) && !member(*cast, "typeName")->as_object().contains("arrayBounds");
  if (const auto* operation = as(&expression, "A_Expr")) return kSigns.contains(last_name(*operation, "name"));
  const auto* call = as(&expression, "FuncCall");
  return as(&expression, "BoolExpr") != nullptr || as(&expression, "NullTest") != nullptr || (call != nullptr && function_name(*call) == "crossfade.uuid");
}

}  // namespace crossfade::mapping::derive
