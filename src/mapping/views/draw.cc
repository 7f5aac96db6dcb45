#include "mapping/views/draw.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <stdexcept>

#include "mapping/derive/query_tree.h"
#include "mapping/derive/trace.h"
#include "mapping/views/say.h"

namespace crossfade::mapping::views {
namespace {

using namespace derive;

/// What a select does besides joining: "select, group by e.plan_id, distinct".
std::string doing(const Level& level) {
  std::string text = "select";
  if (level.recursive) text = "recursive " + text;
  if (level.grouped) text += level.groups.empty() ? ", one group of all" : ", group by " + say(level.groups);
  for (const auto& partition : level.partitions) text += partition.empty() ? ", window over all" : ", window by " + say(partition);
  if (!level.distinct_on.empty()) text += ", distinct on " + say(level.distinct_on);
  if (level.distinct && level.distinct_on.empty()) text += ", distinct";
  if (level.limited) text += ", limit";
  return text;
}

/// The join that brings the item to those before it; none of the first.
const Join* brings(const Level& level, const Item* item) {
  for (const auto& join : level.joins) {
    const auto at = std::find(join.items.begin(), join.items.end(), item);
    if (at != join.items.end() && at != join.items.begin()) return &join;
  }
  return nullptr;
}

std::string kind_of(const Join& join, const Item* item) {
  if (join.full) return "full join ";
  if (join.nullable.contains(item)) return "left join ";
  if (!join.nullable.empty()) return "right join ";
  return join.conditions.empty() && join.merged.empty() ? "cross join " : "join ";
}

std::string condition_of(const Join& join) {
  if (!join.merged.empty()) return fmt::format(" using ({})", fmt::join(join.merged, ", "));
  return join.conditions.empty() ? "" : " on " + say(join.conditions, " and ");
}

/// "public.plans (p)".
std::string called(const Item& item) {
  if (item.table != nullptr) {
    const auto& name = item.table->name;
    return name.schema + "." + name.name + (item.alias == name.name ? "" : " (" + item.alias + ")");
  }
  switch (item.kind) {
    case Item::Kind::kTable: return item.written;
    case Item::Kind::kQuery: return item.written.empty() ? item.alias : "with " + item.alias;
    case Item::Kind::kValues: return "values (" + item.alias + ")";
    case Item::Kind::kRecursion: return "itself, again (" + item.alias + ")";
    case Item::Kind::kFunction: break;
  }
  const auto* call = item.node == nullptr ? nullptr : first_call(*item.node);
  if (call == nullptr) return item.alias;
  return say(Node(boost::json::object{{"FuncCall", *call}})) + (item.alias == last_name(*call, "funcname") ? "" : " (" + item.alias + ")");
}

std::string called(const Link& link) {
  static const std::map<std::string, std::string> kWords = {
      {"EXISTS_SUBLINK", "exists"}, {"ANY_SUBLINK", "in"}, {"ALL_SUBLINK", "all of"}, {"ARRAY_SUBLINK", "array of"}, {"EXPR_SUBLINK", "value of"}};
  const auto word_of = kWords.find(word(*link.node, "subLinkType"));
  return (link.in_where ? "where " : "") + (word_of == kWords.end() ? "value of" : word_of->second);
}

class Drawing {
 public:
  Drawing(const Facts& facts, const QueryTree& tree, const Answer& answer) : facts_(facts) {
    // They stand in the same order.
    auto seen = answer.seen.begin();
    for (const auto* item : tree.tables()) {
      if (followed(*item) && seen != answer.seen.end()) seen_[item] = &*seen++;
    }
  }

  std::vector<Part> of(const Level& root) {
    level(root, 0, "");
    return std::move(parts_);
  }

 private:
  bool followed(const Item& item) const { return item.is_table() && !facts_.settled.contains(item.table->name.quoted()); }

  void level(const Level& of, int depth, const std::string& before) {
    if (!of.branches.empty()) {
      parts_.push_back({depth, before + of.put_together});
      for (const auto& branch : of.branches) level(*branch, depth + 1, "");
      return;
    }
    parts_.push_back({depth, before + doing(of)});
    for (const auto& each : of.items) item(of, *each, depth + 1);
    auto where = of.where;
    // What is asked within comes below, as what it is.
    std::erase_if(where, [](const Node* each) { return as(each, "SubLink") != nullptr; });
    if (!where.empty()) parts_.push_back({depth + 1, "where " + say(where, " and ")});
    for (const auto& each : of.links) level(*each->query, depth + 1, called(*each) + ": ");
  }

  void item(const Level& of, const Item& each, int depth) {
    const auto* join = brings(of, &each);
    const auto name = (join == nullptr ? "" : kind_of(*join, &each)) + called(each) + (join == nullptr ? "" : condition_of(*join));
    if (each.query != nullptr) return level(*each.query, depth, name + ": ");
    Part part{depth, name};
    if (each.kind == Item::Kind::kTable) {
      part.source = each.table == nullptr ? TableName{} : each.table->name;
      describe(each, part);
    }
    parts_.push_back(std::move(part));
  }

  void describe(const Item& item, Part& part) const {
    const auto seen = seen_.find(&item);
    if (seen != seen_.end()) {
      part.told = !seen->second->rule.empty();
      part.way = part.told ? seen->second->rule : seen->second->why;
    } else if (item.is_table()) {
      part.way = "its rows do not change meanwhile";
    }
  }

  const Facts& facts_;
  std::map<const Item*, const Seen*> seen_;
  std::vector<Part> parts_;
};

/// Whether another part of the same depth comes before one that is less deep.
bool has_sibling(const std::vector<Part>& parts, std::size_t n, int depth) {
  for (std::size_t next = n + 1; next < parts.size() && parts[next].depth >= depth; ++next) {
    if (parts[next].depth == depth) return true;
  }
  return false;
}

}  // namespace

std::vector<Part> draw(const Facts& facts, const std::string& view, const Answer& answer) {
  const auto found = facts.relations.find(view);
  if (found == facts.relations.end() || found->second.view.empty()) return {};
  try {
    const QueryTree tree(facts, found->second);
    return Drawing(facts, tree, answer).of(tree.root());
  } catch (const std::runtime_error&) {
    return {};
  }
}

std::string drawing_text(const std::string& title, const std::vector<Part>& parts, const Paint& paint) {
  auto text = title + "\n";
  for (std::size_t n = 0; n < parts.size(); ++n) {
    const auto& part = parts[n];
    std::string lead;
    for (int depth = 0; depth < part.depth; ++depth) lead += has_sibling(parts, n, depth) ? "│  " : "   ";
    const bool more = has_sibling(parts, n, part.depth);
    text += lead + (more ? "├─ " : "└─ ") + (part.is_table() ? paint.strong(part.text) : part.text) + "\n";
    if (part.way.empty()) continue;
    text += lead + (more ? "│  " : "   ") + (part.told ? "   → " + part.way : "   ? " + paint.bad("cannot be told") + ": " + part.way) + "\n";
  }
  return text;
}

}  // namespace crossfade::mapping::views
