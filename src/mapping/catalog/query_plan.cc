#include "mapping/catalog/query_plan.h"

#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "mapping/sql/scan.h"

namespace crossfade::mapping {
namespace {

using google::protobuf::ListValue;
using google::protobuf::Struct;

std::string text(const Struct& node, const std::string& key) {
  const auto found = node.fields().find(key);
  return found == node.fields().end() ? "" : found->second.string_value();
}

/// The root of the plan; an empty one where the text is none.
Struct root(std::string_view json) {
  ListValue statements;
  const auto status = google::protobuf::util::JsonStringToMessage(std::string(json), &statements);
  if (!status.ok() || statements.values().empty()) return {};
  const auto& fields = statements.values(0).struct_value().fields();
  const auto plan = fields.find("Plan");
  return plan == fields.end() ? Struct() : plan->second.struct_value();
}

/// An equals sign stands at `at`, by itself or as `OPERATOR(public.=)`.
bool equates(const std::vector<Token>& tokens, std::size_t at) {
  if (at >= tokens.size()) return false;
  return tokens[at].is_sign("=") || (tokens[at].is_name("operator") && at + 4 < tokens.size() && tokens[at + 4].is_sign("="));
}

/// The column in the first `alias.column` that a condition equates with something.
std::string column_of(const std::string& condition, const std::string& alias) {
  const auto tokens = scan(condition);
  for (std::size_t n = 0; n + 2 < tokens.size(); ++n) {
    const bool qualified = n > 0 && tokens[n - 1].is_sign(".");
    if (qualified || !tokens[n].is_name(alias) || !tokens[n + 1].is_sign(".") || tokens[n + 2].kind != Token::Kind::kName) continue;
    if (equates(tokens, n + 3) || (n > 0 && tokens[n - 1].is_sign("=")) || (n > 1 && tokens[n - 1].is_sign(")") && tokens[n - 2].is_sign("="))) return condition.substr(tokens[n + 2].begin, tokens[n + 2].end - tokens[n + 2].begin);
  }
  return "";
}

/// What a node asks of the rows that come to it, and of those that it reads.
std::vector<std::string> conditions_of(const Struct& node) {
  std::vector<std::string> conditions;
  for (const auto* key : {"Merge Cond", "Hash Cond", "Join Filter", "Index Cond", "Recheck Cond", "Filter"}) {
    auto condition = text(node, key);
    if (!condition.empty()) conditions.push_back(std::move(condition));
  }
  return conditions;
}

std::vector<const Struct*> below(const Struct& node) {
  std::vector<const Struct*> nodes;
  const auto children = node.fields().find("Plans");
  if (children == node.fields().end()) return nodes;
  for (const auto& child : children->second.list_value().values()) nodes.push_back(&child.struct_value());
  return nodes;
}

/// A statement of its own, which what stands above it does not sum up.
bool apart(const Struct& node) { return !text(node, "Subplan Name").empty(); }

/// Aliases of what is read below a node, and all that is asked there.
void look_below(const Struct& node, std::set<std::string>& aliases, std::vector<std::string>& conditions) {
  if (const auto alias = text(node, "Alias"); !alias.empty()) aliases.insert(alias);
  const auto own = conditions_of(node);
  conditions.insert(conditions.end(), own.begin(), own.end());
  for (const auto* child : below(node)) look_below(*child, aliases, conditions);
}

/// Whether rows below the node are picked by what it is asked for: by keys, or by a column of what stands beside it.
bool is_reached(const Struct& node) {
  std::set<std::string> aliases;
  std::vector<std::string> conditions;
  for (const auto* child : below(node)) look_below(*child, aliases, conditions);
  return std::any_of(conditions.begin(), conditions.end(), [&](const std::string& condition) {
    const auto tokens = scan(condition);
    for (std::size_t n = 0; n + 2 < tokens.size(); ++n) {
      if (tokens[n].is_name("any") && tokens[n + 1].is_sign("(")) return true;
      const bool qualifies = tokens[n].kind == Token::Kind::kName && tokens[n + 1].is_sign(".") && tokens[n + 2].kind == Token::Kind::kName;
      // A function, a type or a collation with its schema.
      const bool other = (n + 3 < tokens.size() && tokens[n + 3].is_sign("(")) || (n > 0 && (tokens[n - 1].is_sign("::") || tokens[n - 1].is_name("collate")));
      if (qualifies && !other && !aliases.contains(tokens[n].text)) return true;
    }
    return false;
  });
}

/// What makes one row of many and is asked for all of them.
struct Gathering {
  std::string by;
  std::vector<std::string> groups;
};

Gathering gathering(const Struct& node) {
  static const std::map<std::string, std::string> kWords = {{"Aggregate", "an aggregate"}, {"Group", "an aggregate"}, {"WindowAgg", "a window"}, {"Unique", "a distinct"}};
  const auto found = kWords.find(text(node, "Node Type"));
  if (found == kWords.end() || is_reached(node)) return {};
  Gathering made{found->second, {}};
  const auto groups = node.fields().find("Group Key");
  if (groups == node.fields().end()) return made;
  for (const auto& each : groups->second.list_value().values()) made.groups.push_back(each.string_value());
  return made;
}

bool reads_all(const Struct& node) {
  const auto kind = text(node, "Node Type");
  return kind == "Seq Scan" || ((kind == "Index Scan" || kind == "Index Only Scan") && text(node, "Index Cond").empty());
}

/// `conditions` are those of the nodes above, the nearest last; `under` is the outermost that gathers.
void collect(const Struct& node, std::vector<std::string> conditions, Gathering under, std::vector<WholeScan>& scans) {
  if (apart(node)) under = {};
  if (under.by.empty()) under = gathering(node);
  for (auto& condition : conditions_of(node)) conditions.push_back(std::move(condition));
  if (reads_all(node) && (text(node, "Node Type") == "Seq Scan" || !under.by.empty())) {
    WholeScan scan{text(node, "Schema"), text(node, "Relation Name"), "", under.by, under.groups};
    for (auto condition = conditions.rbegin(); condition != conditions.rend() && scan.column.empty() && under.by.empty(); ++condition) {
      scan.column = column_of(*condition, text(node, "Alias"));
    }
    scans.push_back(std::move(scan));
  }
  for (const auto* child : below(node)) collect(*child, conditions, under, scans);
}

}  // namespace

std::vector<WholeScan> whole_scans(std::string_view json) {
  std::vector<WholeScan> scans;
  collect(root(json), {}, {}, scans);
  return scans;
}

double estimated_rows(std::string_view json) {
  const auto plan = root(json);
  const auto rows = plan.fields().find("Plan Rows");
  return rows == plan.fields().end() ? 0 : rows->second.number_value();
}

}  // namespace crossfade::mapping
