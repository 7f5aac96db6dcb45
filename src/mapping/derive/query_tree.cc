#include "mapping/derive/query_tree.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <stdexcept>

#include "mapping/derive/trace.h"

namespace crossfade::mapping::derive {
namespace {

namespace json = boost::json;

/// Deep enough for every view that people write.
constexpr int kDeepest = 60;
/// Tables, selects and functions in from clauses: what is named twice is taken apart twice, so that a few names can stand for millions.
constexpr std::size_t kMostItems = 300;

std::vector<std::string> strings(const json::object& object, std::string_view name) {
  std::vector<std::string> read;
  for (const auto* each : list(object, name)) {
    if (const auto* text = as(each, "String")) read.push_back(word(*text, "sval"));
  }
  return read;
}

std::string output_name(const json::object& target) {
  const auto named = word(target, "name");
  if (!named.empty()) return named;
  const auto* value = member(target, "val");
  if (const auto* reference = as(value, "ColumnRef")) return column_path(*reference).back();
  if (const auto* call = as(value, "FuncCall")) return last_name(*call, "funcname");
  return "";
}

}  // namespace

class TreeBuilder {
 public:
  TreeBuilder(const Facts& facts, QueryTree& tree) : facts_(facts), tree_(tree) {}

  std::unique_ptr<Level> view(const RelationFacts& relation, Level* outer) {
    if (++depth_ > kDeepest) throw std::runtime_error("its views are nested too deeply");
    // What the view around it calls a query is nothing to it.
    const auto around = std::exchange(scopes_, {});
    auto parsed = parse(relation.view);
    if (!parsed.refusal.empty()) throw std::runtime_error("its text is not understood: " + parsed.refusal);
    tree_.texts_.push_back(std::move(parsed.tree));
    const auto& statements = tree_.texts_.back().as_object().at("stmts").as_array();
    const auto* select = statements.empty() ? nullptr : as(member(statements.front().as_object(), "stmt"), "SelectStmt");
    if (select == nullptr) throw std::runtime_error("its text is no select");
    auto made = level(*select, outer);
    scopes_ = around;
    --depth_;
    return made;
  }

 private:
  /// A query that `with` gives a name.
  struct Named {
    std::string name;
    const json::object* query;
  };
  /// The names of one `with`, in their order.
  struct Scope {
    std::vector<Named> names;
    bool recursive = false;  ///< each sees all of them, itself too; else those before it
    Level* outer = nullptr;  ///< of the select that it belongs to
  };
  using Scopes = std::vector<Scope>;

  std::unique_ptr<Level> level(const json::object& select, Level* outer) {
    if (++depth_ > kDeepest) throw std::runtime_error("its selects are nested too deeply");
    auto made = std::make_unique<Level>();
    made->outer = outer;
    scopes_.emplace_back().outer = outer;
    if (const auto* with = member(select, "withClause")) {
      scopes_.back().recursive = with->as_object().contains("recursive");
      for (const auto* each : list(with->as_object(), "ctes")) {
        if (const auto* common = as(each, "CommonTableExpr")) scopes_.back().names.push_back({word(*common, "ctename"), common});
      }
    }
    made->limited = select.contains("limitCount") || offset_of(select);
    if (word(select, "op") != "SETOP_NONE") {
      branch(select, *made);
    } else {
      simple(select, *made);
    }
    scopes_.pop_back();
    --depth_;
    return made;
  }

  /// "offset 0" is there for the planner alone.
  static bool offset_of(const json::object& select) {
    const auto* offset = member(select, "limitOffset");
    if (offset == nullptr) return false;
    const auto written = print(*offset);
    return !written || (*written != "0" && *written != "(0)::\"int8\"" && *written != "('0')::\"bigint\"");
  }

  void branch(const json::object& select, Level& whole) {
    static const std::map<std::string, std::string> kWords = {{"SETOP_UNION", "union"}, {"SETOP_INTERSECT", "intersect"}, {"SETOP_EXCEPT", "except"}};
    whole.put_together = kWords.at(word(select, "op")) + (select.contains("all") ? " all" : "");
    whole.union_all = whole.put_together == "union all";
    for (const auto* side : {"larg", "rarg"}) {
      auto made = level(member(select, side)->as_object(), whole.outer);
      made->whole = &whole;
      if (whole.outputs.empty()) whole.outputs = made->outputs;
      whole.branches.push_back(std::move(made));
    }
    for (auto& output : whole.outputs) output.expression = nullptr;
  }

  void simple(const json::object& select, Level& made) {
    for (const auto* each : list(select, "fromClause")) from(*each, made);
    made.where = conjuncts(member(select, "whereClause"));
    for (const auto* each : list(select, "targetList")) {
      const auto* target = as(each, "ResTarget");
      if (target != nullptr) made.outputs.push_back({output_name(*target), member(*target, "val")});
    }
    made.groups = list(select, "groupClause");
    made.grouping_sets = std::any_of(made.groups.begin(), made.groups.end(), [](const Node* node) { return as(node, "GroupingSet") != nullptr; });
    made.having = select.contains("havingClause");
    made.grouped = !made.groups.empty() || made.having || any_aggregate(select);
    for (const auto* each : list(select, "distinctClause")) {
      made.distinct = true;
      if (each->is_object() && !each->get_object().empty()) made.distinct_on.push_back(each);
    }
    windows(select, made);
    for (const auto* part : {"targetList", "fromClause", "havingClause", "whereClause", "groupClause", "sortClause", "windowClause", "valuesLists", "limitCount",
                             "limitOffset"}) {
      if (const auto* node = member(select, part)) links(*node, made);
    }
  }

  bool any_aggregate(const json::object& select) const {
    bool found = false;
    for (const auto* part : {"targetList", "sortClause"}) {
      const auto* nodes = member(select, part);
      if (nodes == nullptr) continue;
      visit_nodes(*nodes, [&](const Node& node) {
        const auto* call = as(&node, "FuncCall");
        found = found || (call != nullptr && !call->contains("over") && is_aggregate(*call));
        return as(&node, "SelectStmt") == nullptr;
      });
    }
    return found;
  }

  bool is_aggregate(const json::object& call) const {
    return call.contains("agg_star") || call.contains("agg_order") || call.contains("agg_filter") || call.contains("agg_distinct") ||
           call.contains("agg_within_group") || facts_.aggregates.contains(last_name(call, "funcname"));
  }

  static void windows(const json::object& select, Level& made) {
    std::map<std::string, const json::object*> named;
    for (const auto* each : list(select, "windowClause")) {
      if (const auto* window = as(each, "WindowDef")) named[word(*window, "name")] = window;
    }
    // What a distinct on is ordered by decides which of its rows is shown.
    for (const auto* part : {"targetList", "sortClause"}) {
      if (const auto* nodes = member(select, part)) windows_in(*nodes, named, made);
    }
  }

  static void windows_in(const Node& nodes, const std::map<std::string, const json::object*>& named, Level& made) {
    visit_nodes(nodes, [&](const Node& node) {
      const auto* call = as(&node, "FuncCall");
      const auto* over = call == nullptr ? nullptr : member(*call, "over");
      if (over == nullptr) return as(&node, "SelectStmt") == nullptr;
      const auto* window = &over->as_object();
      auto partition = list(*window, "partitionClause");
      for (const auto* by : {"name", "refname"}) {
        const auto found = named.find(word(*window, by));
        if (partition.empty() && found != named.end()) partition = list(*found->second, "partitionClause");
      }
      made.partitions.push_back(std::move(partition));
      return true;
    });
  }

  /// Selects within expressions, but for those that stand in the from clause as tables do.
  void links(const Node& node, Level& made) {
    if (const auto* subselect = as(&node, "RangeSubselect"); subselect != nullptr) return;
    const auto* link = as(&node, "SubLink");
    if (link != nullptr) {
      auto found = std::make_unique<Link>();
      found->node = link;
      const auto* select = as(member(*link, "subselect"), "SelectStmt");
      if (select == nullptr) throw std::runtime_error("it has a subquery that is no select");
      found->query = level(*select, &made);
      found->query->as_link = found.get();
      found->in_where = std::any_of(made.where.begin(), made.where.end(), [&](const Node* each) { return as(each, "SubLink") == link; });
      if (const auto* test = member(*link, "testexpr")) links(*test, made);
      made.links.push_back(std::move(found));
      return;
    }
    if (node.is_array()) {
      for (const auto& each : node.get_array()) links(each, made);
    } else if (node.is_object()) {
      for (const auto& [name, each] : node.get_object()) links(each, made);
    }
  }

  /// The items that an entry of the from clause brings.
  std::vector<const Item*> from(const Node& node, Level& made) {
    if (const auto* join = as(&node, "JoinExpr")) return joined(*join, made);
    if (++items_ > kMostItems) {
      throw std::runtime_error(
          fmt::format("it is made of more than {} tables, each counted as often as a view or a with that names it is read: write the rules, or let it read fewer", kMostItems));
    }
    auto item = std::make_unique<Item>();
    item->level = &made;
    if (const auto* table = as(&node, "RangeVar")) {
      range(*table, *item);
    } else if (const auto* subselect = as(&node, "RangeSubselect")) {
      item->kind = Item::Kind::kQuery;
      const auto& select = *as(member(*subselect, "subquery"), "SelectStmt");
      item->query = level(select, &made);
      item->query->as_item = item.get();
      rename(member(*subselect, "alias"), *item);
      if (!list(select, "valuesLists").empty()) item->kind = Item::Kind::kValues;
      item->node = &node;
    } else {
      function(node, *item);
    }
    item->name = fresh(item->alias);
    if (item->kind == Item::Kind::kTable) tree_.tables_.push_back(item.get());
    const auto* there = item.get();
    made.items.push_back(std::move(item));
    return {there};
  }

  void range(const json::object& table, Item& item) {
    const auto name = word(table, "relname");
    const auto schema = word(table, "schemaname");
    item.alias = name;
    item.written = schema.empty() ? name : schema + "." + name;
    auto common = schema.empty() ? find_with(name) : Found{};
    if (common.query != nullptr) {
      common_table(std::move(common), item);
    } else {
      relation(TableName{schema, name}.quoted(), item);
    }
    rename(member(table, "alias"), item);
  }

  void relation(const std::string& written, Item& item) {
    const auto stands = facts_.stands_for.find(written);
    const auto found = facts_.relations.find(stands == facts_.stands_for.end() ? written : stands->second);
    if (found == facts_.relations.end()) return;
    item.table = &found->second;
    for (const auto& column : found->second.columns) item.columns.push_back(column.name);
    // The id that is given to a natural key is in no source, whatever else the view calls so.
    if (stands != facts_.stands_for.end()) std::replace(item.columns.begin(), item.columns.end(), std::string("id"), std::string());
    if (found->second.view.empty()) return;
    item.kind = Item::Kind::kQuery;
    item.query = view(found->second, nullptr);
    item.query->as_item = &item;
  }

  /// The query that the name means here, and what its own text sees.
  struct Found {
    const json::object* query = nullptr;
    Scopes sees;
  };

  Found find_with(const std::string& name) const {
    for (auto scope = scopes_.rbegin(); scope != scopes_.rend(); ++scope) {
      const auto named = std::find_if(scope->names.begin(), scope->names.end(), [&](const Named& each) { return each.name == name; });
      if (named == scope->names.end()) continue;
      Found found{named->query, Scopes(scopes_.begin(), scope.base())};
      auto& own = found.sees.back();
      if (!own.recursive) own.names.resize(static_cast<std::size_t>(named - scope->names.begin()));
      return found;
    }
    return {};
  }

  void common_table(Found found, Item& item) {
    const auto pending = std::find(pending_with_.begin(), pending_with_.end(), found.query);
    if (pending != pending_with_.end()) {
      item.kind = Item::Kind::kRecursion;
      recursion_ = std::min(recursion_, static_cast<std::size_t>(pending - pending_with_.begin()));
      return;
    }
    const auto place = pending_with_.size();
    pending_with_.push_back(found.query);
    const auto around = std::exchange(recursion_, kNone);
    auto* outer = found.sees.back().outer;
    const auto here = std::exchange(scopes_, std::move(found.sees));
    item.kind = Item::Kind::kQuery;
    item.query = level(*as(member(*found.query, "ctequery"), "SelectStmt"), outer);
    item.query->as_item = &item;
    // Of one that it stands in as well: what it gives comes of more rounds than are seen here.
    item.query->recursive = recursion_ <= place;
    recursion_ = std::min(around, recursion_ < place ? recursion_ : kNone);
    scopes_ = here;
    pending_with_.pop_back();
    for (const auto& output : item.query->outputs) item.columns.push_back(output.name);
    const auto named = strings(*found.query, "aliascolnames");
    for (std::size_t n = 0; n < named.size() && n < item.columns.size(); ++n) item.columns[n] = named[n];
  }

  void function(const Node& node, Item& item) {
    item.kind = Item::Kind::kFunction;
    item.node = &node;
    const auto* range = as(&node, "RangeFunction");
    if (range == nullptr) return;
    if (const auto* call = first_call(node)) item.alias = last_name(*call, "funcname");
    rename(member(*range, "alias"), item);
    if (item.columns.empty()) item.columns = {item.alias};
  }

  static void rename(const Node* alias, Item& item) {
    if (item.query != nullptr && item.columns.empty()) {
      for (const auto& output : item.query->outputs) item.columns.push_back(output.name);
    }
    if (alias == nullptr || !alias->is_object()) return;
    item.alias = word(alias->get_object(), "aliasname");
    const auto named = strings(alias->get_object(), "colnames");
    for (std::size_t n = 0; n < named.size(); ++n) {
      if (n < item.columns.size()) {
        item.columns[n] = named[n];
      } else {
        item.columns.push_back(named[n]);
      }
    }
  }

  std::vector<const Item*> joined(const json::object& join, Level& made) {
    auto left = from(*member(join, "larg"), made);
    const auto right = from(*member(join, "rarg"), made);
    Join found;
    const auto type = word(join, "jointype");
    found.full = type == "JOIN_FULL";
    if (type == "JOIN_LEFT" || found.full) found.nullable.insert(right.begin(), right.end());
    if (type == "JOIN_RIGHT" || found.full) found.nullable.insert(left.begin(), left.end());
    found.conditions = conjuncts(member(join, "quals"));
    found.merged = strings(join, "usingClause");
    for (const auto& column : found.merged) {
      const auto* one = having(left, column);
      const auto* other = having(right, column);
      if (one != nullptr && other != nullptr) found.same.push_back({{one, column}, {other, column}});
    }
    left.insert(left.end(), right.begin(), right.end());
    found.items = left;
    made.joins.push_back(std::move(found));
    return left;
  }

  static const Item* having(const std::vector<const Item*>& items, const std::string& column) {
    for (const auto* item : items) {
      if (std::find(item->columns.begin(), item->columns.end(), column) != item->columns.end()) return item;
    }
    return nullptr;
  }

  std::string fresh(const std::string& alias) {
    const auto number = ++names_[alias];
    return number == 1 && alias != "changed" ? alias : fmt::format("{}_{}", alias, number + 1);
  }

  const Facts& facts_;
  QueryTree& tree_;
  std::map<std::string, int> names_;
  static constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();

  Scopes scopes_;
  std::vector<const json::object*> pending_with_;
  std::size_t recursion_ = kNone;  ///< the outermost of those that was named again in what is taken apart now
  std::size_t items_ = 0;
  int depth_ = 0;
};

QueryTree::QueryTree(const Facts& facts, const RelationFacts& view) {
  root_ = TreeBuilder(facts, *this).view(view, nullptr);
  for (std::size_t n = 0; n < root_->outputs.size() && n < view.columns.size(); ++n) root_->outputs[n].name = view.columns[n].name;
}

}  // namespace crossfade::mapping::derive
