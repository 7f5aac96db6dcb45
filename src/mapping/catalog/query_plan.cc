#include "mapping/catalog/query_plan.h"

#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>

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

/// `conditions` are those of the nodes above, the nearest last.
void collect(const Struct& node, std::vector<std::string> conditions, std::vector<SequentialScan>& scans) {
  for (const auto* key : {"Merge Cond", "Hash Cond", "Join Filter", "Filter"}) {
    auto condition = text(node, key);
    if (!condition.empty()) conditions.push_back(std::move(condition));
  }
  if (text(node, "Node Type") == "Seq Scan") {
    SequentialScan scan{text(node, "Schema"), text(node, "Relation Name"), ""};
    for (auto condition = conditions.rbegin(); condition != conditions.rend() && scan.column.empty(); ++condition) {
      scan.column = column_of(*condition, text(node, "Alias"));
    }
    scans.push_back(std::move(scan));
  }
  const auto children = node.fields().find("Plans");
  if (children == node.fields().end()) return;
  for (const auto& child : children->second.list_value().values()) collect(child.struct_value(), conditions, scans);
}

}  // namespace

std::vector<SequentialScan> sequential_scans(std::string_view json) {
  std::vector<SequentialScan> scans;
  collect(root(json), {}, scans);
  return scans;
}

double estimated_rows(std::string_view json) {
  const auto plan = root(json);
  const auto rows = plan.fields().find("Plan Rows");
  return rows == plan.fields().end() ? 0 : rows->second.number_value();
}

}  // namespace crossfade::mapping
