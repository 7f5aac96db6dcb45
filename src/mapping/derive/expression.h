#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace crossfade::mapping::derive {

/// An expression of PostgreSQL's raw parse tree: an object of one member, {"FuncCall": {…}}.
using Node = boost::json::value;

/// SQL as PostgreSQL's own parser reads it.
struct Parsed {
  Node tree;            ///< {"stmts": [{"stmt": {…}}, …]}; null where it is refused
  std::string refusal;  ///< in the parser's words; "" where it is not
};
Parsed parse(const std::string& sql);

/// The inner object where `node` is of `kind`; nullptr otherwise, and where there is no node.
const boost::json::object* as(const Node* node, std::string_view kind);
/// A member that is there; nullptr otherwise.
const Node* member(const boost::json::object& object, std::string_view name);
/// The elements of a list; none where it is not there.
std::vector<const Node*> list(const boost::json::object& object, std::string_view name);
/// The text of a member; "" where it is not there.
std::string word(const boost::json::object& object, std::string_view name);

/// What is cast, however often; the node itself where nothing is.
const Node* without_casts(const Node* node);

/// ["a", "id"] of a.id, ["a", "*"] of a.*.
std::vector<std::string> column_path(const boost::json::object& reference);
/// "crossfade.uuid", "count": a function's name as it is written.
std::string function_name(const boost::json::object& call);
/// The same of what the server prints as a regprocedure: map.numberOf of map."numberOf"(uuid).
std::string procedure_name(std::string_view printed);
/// Names of an operator or a type, the last one alone.
std::string last_name(const boost::json::object& object, std::string_view name);

/// Calls `visit` with each node below `node`, itself included, from the outside in; where it says no, not with those below.
void visit_nodes(const Node& node, const std::function<bool(const Node&)>& visit);

/// Column references that `node` makes itself, without those of selects in it.
std::vector<const boost::json::object*> column_references(const Node& node);
/// What `node` selects inside of it.
std::vector<const boost::json::object*> selects_in(const Node& node);

/// The conjuncts of a condition; none of no condition.
std::vector<const Node*> conjuncts(const Node* condition);

/// Two sides that are equal, and not null, wherever the conjunct holds.
struct Equality {
  const Node* left = nullptr;
  const Node* right = nullptr;
};
/// a = b, (a, b) = (c, d).
std::vector<Equality> equalities(const Node& conjunct);
/// x = any(array); nothing for any other conjunct.
std::optional<Equality> membership(const Node& conjunct);

/// a = b or a = c, a = any(array[b, c]): the conditions by one of which it holds; none of any other conjunct.
std::vector<Node> alternatives(const Node& conjunct);

/// References without whose value the conjunct cannot hold.
std::vector<const boost::json::object*> strict_references(const Node& conjunct);

/// Whether it is one of the texts as it is printed, or made of columns that all are.
bool made_of(const Node& expression, const std::set<std::string>& texts);

/// SQL with each column as `column` gives it. Nothing where a column is not given or the expression is of a kind that is not known.
using ColumnText = std::function<std::optional<std::string>(const boost::json::object&)>;
std::optional<std::string> print(const Node& node, const ColumnText& column);
/// SQL with the columns as they are written.
std::optional<std::string> print(const Node& node);

/// "text", "integer[]" with its schema where it is not PostgreSQL's own; nothing where a modifier cannot be said.
std::optional<std::string> print_type(const boost::json::object& type);

}  // namespace crossfade::mapping::derive
