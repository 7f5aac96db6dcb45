#include "mapping/catalog/query_plan.h"

#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>

#include <cctype>

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

/// The column in the first `alias.column` that a condition equates with something.
std::string column_of(const std::string& condition, const std::string& alias) {
  const auto named = alias + ".";
  for (auto at = condition.find(named); at != std::string::npos; at = condition.find(named, at + 1)) {
    const auto in_name = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; };
    if (at > 0 && (in_name(condition[at - 1]) || condition[at - 1] == '.')) continue;
    const auto start = at + named.size();
    auto end = start;
    if (end < condition.size() && condition[end] == '"') {
      end = condition.find('"', end + 1) + 1;
    } else {
      while (end < condition.size() && in_name(condition[end])) ++end;
    }
    const bool equated = condition.compare(end, 3, " = ") == 0 || (at >= 2 && condition.compare(at - 2, 2, "= ") == 0);
    if (equated) return condition.substr(start, end - start);
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
