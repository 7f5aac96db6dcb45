#include "mapping/views/invert.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "base/text/sql_text.h"
#include "mapping/derive/trace.h"
#include "mapping/views/lossless.h"
#include "mapping/views/say.h"

namespace crossfade::mapping::views {
namespace {

using namespace derive;

/// The plain selects that a view is put together of; none of what intersect and except make.
void add_selects(const Level& level, std::vector<const Level*>& selects) {
  if (level.branches.empty()) return selects.push_back(&level);
  if (!level.union_all) return;
  for (const auto& branch : level.branches) add_selects(*branch, selects);
}

/// Tables that a row of the level is made of, those of simple selects within among them.
void add_tables(const Level& level, std::vector<const Item*>& tables) {
  for (const auto& item : level.items) {
    if (item->is_table() && item->kind == Item::Kind::kTable) tables.push_back(item.get());
    if (item->kind == Item::Kind::kQuery && item->query->branches.empty() && !item->query->recursive) add_tables(*item->query, tables);
  }
}

bool gathers(const Level& level) { return level.grouped || level.distinct || level.limited; }

/// Whether each row of the table is a group of its own: the others of its columns are then those of the whole group.
bool groups_by_key(const Level& level, const Item& table) {
  if (!level.grouped || level.grouping_sets || level.distinct || level.limited || !table.is_table() || table.level != &level || table.table->keys.empty()) return false;
  const auto& key = table.table->keys.front();
  return !key.empty() && std::all_of(key.begin(), key.end(), [&](const std::string& column) {
    return std::any_of(level.groups.begin(), level.groups.end(), [&](const Node* each) {
      const auto* reference = as(each, "ColumnRef");
      const auto place = reference == nullptr ? Place{} : resolve(level, *reference);
      return place.item == &table && place.column == column;
    });
  });
}

bool calls(const Node& expression) {
  bool any = false;
  visit_nodes(expression, [&](const Node& node) {
    any = any || as(&node, "FuncCall") != nullptr;
    return !any;
  });
  return any;
}

/// Whether the level has a row of its own for each value of the expression, so that the value is that of all rows it stands for.
bool keeps(const Level& level, const Node& expression) {
  if (!gathers(level)) return true;
  if (level.limited) return false;
  const auto& by = level.distinct ? level.distinct_on : level.groups;
  if (level.distinct && by.empty()) return true;
  const auto references = column_references(expression);
  const bool of_groups = !references.empty() && !calls(expression) && std::all_of(references.begin(), references.end(), [&](const auto* each) {
    const auto place = resolve(level, *each);
    return place.item != nullptr && groups_by_key(level, *place.item);
  });
  if (of_groups) return true;
  const auto text = print(expression);
  return text && std::any_of(by.begin(), by.end(), [&](const Node* each) { return print(*each) == text; });
}

/// The table's column that a reference leads to through the selects within.
Place base(const Level& level, const boost::json::object& reference) {
  const auto place = resolve(level, reference);
  if (place.item == nullptr || place.item->kind != Item::Kind::kQuery) return place;
  const auto& inner = *place.item->query;
  const auto& columns = place.item->columns;
  const auto found = static_cast<std::size_t>(std::find(columns.begin(), columns.end(), place.column) - columns.begin());
  if (!inner.branches.empty() || found >= inner.outputs.size()) return {};
  const auto* expression = inner.outputs[found].expression;
  const auto* next = as(expression, "ColumnRef");
  return next == nullptr || !keeps(inner, *expression) ? Place{} : base(inner, *next);
}

bool is_constant(const Node* node) { return as(without_casts(node), "A_Const") != nullptr; }

/// Without the casts that the server writes around it: "'dog'", "5", "null".
std::string constant_text(const Node* node) { return print(*without_casts(node)).value_or("null"); }

class Reader {
 public:
  /// `outputs`: the level's, by the view's names.
  Reader(const std::string& target, const Level& level, std::vector<Output> outputs, const Item& table)
      : level_(level), outputs_(std::move(outputs)), table_(table) {
    made_.target = target;
  }

  Aspect read() {
    look_at_level();
    for (const auto& output : outputs_) look_at(output);
    for (const auto& item : level_.items) find_elements(*item);
    for_each_equality([&](const Node& one, const Node& other) {
      look_up(one, other);
      look_up(other, one);
    });
    return std::move(made_);
  }

 private:
  /// The table's column; "" where it is none of it.
  std::string own(const Level& level, const Node* node) const {
    const auto* reference = as(node, "ColumnRef");
    if (reference == nullptr) return "";
    const auto place = base(level, *reference);
    return place.item == &table_ ? place.column : "";
  }

  void look_at_level() {
    std::size_t conditions = 0;
    const Item* mine = &table_;
    for (const auto* at = table_.level; at != nullptr; at = at == &level_ || mine == nullptr ? nullptr : mine->level) {
      made_.grouped = made_.grouped || (gathers(*at) && !groups_by_key(*at, table_));
      made_.filtered = made_.filtered || at->having;
      for (const auto* condition : at->where) look_at_condition(*at, *condition);
      conditions += at->where.size();
      for (const auto& join : at->joins) {
        const bool takes_part = std::find(join.items.begin(), join.items.end(), mine) != join.items.end();
        made_.filtered = made_.filtered || (join.nullable.contains(mine) && !join.full) || (join.nullable.empty() && takes_part && !always_matches(*at, join));
      }
      mine = at->as_item;
      conditions += at->joins.size();
    }
    if (conditions > 1) made_.there_by.clear();
  }

  /// By a foreign key that every row has: none is without the row that it refers to.
  bool always_matches(const Level& level, const Join& join) const {
    std::map<const Item*, std::map<std::string, std::pair<const Item*, std::string>>> refer;
    const auto add = [&](const Place& one, const Place& other) {
      if (one.item != nullptr && other.item != nullptr && one.item != &table_) refer[one.item].emplace(one.column, std::pair(other.item, other.column));
    };
    const auto add_both = [&](const Place& one, const Place& other) {
      add(one, other);
      add(other, one);
    };
    for (const auto* condition : join.conditions) {
      const auto pairs = equalities(*condition);
      if (pairs.empty()) return false;
      for (const auto& [left, right] : pairs) {
        const auto* one = as(uncast_text(left), "ColumnRef");
        const auto* other = as(uncast_text(right), "ColumnRef");
        if (one == nullptr || other == nullptr) return false;
        add_both(base(level, *one), base(level, *other));
      }
    }
    for (const auto& [one, other] : join.same) add_both({one.first, one.second}, {other.first, other.second});
    return std::any_of(refer.begin(), refer.end(), [&](const auto& each) { return is_referred_to(*each.first, each.second); });
  }

  /// All of one row's columns, none of them null, that a foreign key leads from.
  static bool is_referred_to(const Item& item, const std::map<std::string, std::pair<const Item*, std::string>>& by) {
    const auto* from = by.begin()->second.first;
    if (!item.is_table() || !from->is_table() || item.kind != Item::Kind::kTable) return false;
    std::map<std::string, std::string> columns;
    for (const auto& [theirs, mine] : by) {
      const auto* column = from->table->find(mine.second);
      if (mine.first != from || column == nullptr || !column->required) return false;
      columns.emplace(mine.second, theirs);
    }
    return std::any_of(from->table->references.begin(), from->table->references.end(), [&](const Reference& each) {
      return each.table == item.table->name && each.columns == columns;
    });
  }

  /// A value that all rows of this select have.
  void look_at_condition(const Level& level, const Node& condition) {
    made_.filtered = true;
    for (const auto& [left, right] : equalities(condition)) {
      for (const auto& [one, other] : {std::pair(left, right), std::pair(right, left)}) {
        const auto column = own(level, uncast_text(one));
        if (!column.empty() && is_constant(other)) made_.words.push_back({column, "", constant_text(other)});
      }
    }
    const auto* test = as(&condition, "NullTest");
    if (test == nullptr) return;
    const auto column = own(level, member(*test, "arg"));
    if (word(*test, "nulltesttype") != "IS_NULL") made_.there_by = column;
    else if (!column.empty()) made_.words.push_back({column, "", "null"});
  }

  /// The server compares varchar as text.
  static const Node* uncast_text(const Node* node) {
    const auto* cast = as(node, "TypeCast");
    return cast != nullptr && last_name(member(*cast, "typeName")->as_object(), "names") == "text" ? member(*cast, "arg") : node;
  }

  void look_at(const Output& output) {
    if (output.expression == nullptr) return;
    if (is_constant(output.expression)) made_.constants[output.name] = constant_text(output.expression);
    if (keeps(level_, *output.expression)) {
      if (add_word(output)) return;
      if (auto text = over_the_table(*output.expression)) made_.made[output.name] = *text;
    } else if (add_gathered(output)) {
      return;
    }
    const bool survivor = as(output.expression, "ColumnRef") != nullptr;
    for (const auto* reference : column_references(*output.expression)) {
      const auto place = base(level_, *reference);
      if (place.item == &table_) made_.uses.emplace(place.column, Use{output.name, say(*output.expression) + (survivor ? " of one row of several" : "")});
    }
  }

  bool add_word(const Output& output) {
    auto found = word_of(output.expression);
    if (found.column.empty()) return false;
    found.of = output.name;
    // The same value, whatever its type here.
    made_.made[output.name] = found.instead.empty() ? quote_identifier(found.column) : *over_the_table(*output.expression);
    made_.words.push_back(std::move(found));
    return true;
  }

  Word word_of(const Node* expression) const {
    if (auto column = own(level_, expression); !column.empty()) return {column, ""};
    if (const auto* collated = as(expression, "CollateClause")) return word_of(member(*collated, "arg"));
    if (const auto* cast = as(expression, "TypeCast")) {
      auto found = word_of(member(*cast, "arg"));
      const auto* column = table_.table->find(found.column);
      return column != nullptr && lossless(*column, member(*cast, "typeName")->as_object()) ? found : Word{};
    }
    const auto* coalesced = as(expression, "CoalesceExpr");
    const auto parts = coalesced == nullptr ? std::vector<const Node*>{} : list(*coalesced, "args");
    if (parts.size() != 2 || !is_constant(parts.back())) return {};
    auto found = word_of(parts.front());
    const auto* column = table_.table->find(found.column);
    if (column != nullptr && !column->required) found.instead = constant_text(parts.back());
    return found;
  }

  /// SQL over the table's columns; nothing where it reads anything else.
  std::optional<std::string> over_the_table(const Node& expression) const {
    bool any = false;
    auto text = print(expression, [&](const boost::json::object& reference) -> std::optional<std::string> {
      const auto place = base(level_, reference);
      if (place.item != &table_) return std::nullopt;
      any = true;
      return quote_identifier(place.column);
    });
    return any ? text : std::nullopt;
  }

  /// array_agg(t.c order by …)
  bool add_gathered(const Output& output) {
    const auto* call = as(output.expression, "FuncCall");
    if (call == nullptr || last_name(*call, "funcname") != "array_agg" || call->contains("agg_filter") || call->contains("agg_distinct")) return false;
    const auto arguments = list(*call, "args");
    const auto column = arguments.size() == 1 ? own(level_, arguments.front()) : "";
    if (column.empty()) return false;
    std::string order;
    for (const auto* each : list(*call, "agg_order")) {
      const auto* sort = as(each, "SortBy");
      order += sort == nullptr ? "?" : say(*member(*sort, "node")) + word(*sort, "sortby_dir") + ", ";
    }
    made_.gathered.push_back({column, output.name, order});
    return true;
  }

  /// unnest(t.array) with ordinality
  void find_elements(const Item& item) {
    const auto* call = item.kind == Item::Kind::kFunction && item.node != nullptr ? first_call(*item.node) : nullptr;
    if (call == nullptr || last_name(*call, "funcname") != "unnest" || gathers(level_)) return;
    const auto arguments = list(*call, "args");
    const auto array = arguments.size() == 1 ? own(level_, arguments.front()) : "";
    if (array.empty()) return;
    Elements found{array, column_of(item, 0), column_of(item, 1)};
    if (!found.of.empty()) made_.elements.push_back(std::move(found));
  }

  /// The view's column that hands the function's column through.
  std::string column_of(const Item& item, std::size_t number) const {
    if (number >= item.columns.size()) return "";
    for (const auto& output : outputs_) {
      const auto* reference = as(without_casts(output.expression), "ColumnRef");
      const auto place = reference == nullptr ? Place{} : resolve(level_, *reference);
      if (place.item == &item && place.column == item.columns[number]) return output.name;
    }
    return "";
  }

  template <typename Each>
  void for_each_equality(const Each& each) const {
    const auto all = [&](const std::vector<const Node*>& conditions) {
      for (const auto* condition : conditions) {
        for (const auto& [left, right] : equalities(*condition)) each(*uncast_text(left), *uncast_text(right));
      }
    };
    all(level_.where);
    for (const auto& join : level_.joins) all(join.conditions);
  }

  /// t.genre_id = g.id, and the view has g.name.
  void look_up(const Node& mine, const Node& theirs) {
    const auto column = own(level_, &mine);
    const auto* reference = as(&theirs, "ColumnRef");
    const auto place = column.empty() || reference == nullptr ? Place{} : base(level_, *reference);
    if (place.item == nullptr || !place.item->is_table() || place.item == &table_) return;
    const auto& keys = place.item->table->keys;
    const auto is_key = [&](const std::string& name) { return std::find(keys.begin(), keys.end(), std::vector<std::string>{name}) != keys.end(); };
    if (!is_key(place.column) || gathers(level_)) return;
    for (const auto& output : outputs_) {
      const auto* shown = as(output.expression, "ColumnRef");
      const auto there = shown == nullptr ? Place{} : base(level_, *shown);
      if (there.item == place.item && is_key(there.column)) made_.looked_up.push_back({column, place.item->table->name, place.column, there.column, output.name});
    }
  }

  const Level& level_;
  const std::vector<Output> outputs_;
  const Item& table_;
  Aspect made_;
};

/// A select's columns by the names that the view has for them.
std::vector<Output> named(const Level& root, const Level& select) {
  auto outputs = select.outputs;
  for (std::size_t n = 0; n < outputs.size() && n < root.outputs.size(); ++n) outputs[n].name = root.outputs[n].name;
  return outputs;
}

/// Rows of one select are told from those of another by a column that is another constant in each.
bool told_apart(const Level& root, const std::vector<const Level*>& selects, const Level* one, Aspect& aspect) {
  std::map<std::string, std::string> telling;
  for (std::size_t n = 0; n < root.outputs.size(); ++n) {
    const auto value = aspect.constants.find(root.outputs[n].name);
    if (value == aspect.constants.end() || selects.size() == 1) continue;
    const auto tells = std::all_of(selects.begin(), selects.end(), [&](const Level* other) {
      const auto* theirs = n < other->outputs.size() ? other->outputs[n].expression : nullptr;
      return other == one || (theirs != nullptr && is_constant(theirs) && constant_text(theirs) != value->second);
    });
    if (tells) telling.insert(*value);
  }
  aspect.constants = std::move(telling);
  return selects.size() == 1 || !aspect.constants.empty();
}

}  // namespace

const Word* Aspect::find(const std::string& column) const {
  const auto better = [](const Word& left, const Word& right) { return left.instead.empty() && !right.instead.empty(); };
  const Word* best = nullptr;
  for (const auto& each : words) {
    if (each.column == column && (best == nullptr || better(each, *best))) best = &each;
  }
  return best;
}

Trees trees_of(const Reading& reading) {
  Trees trees;
  for (const auto& [target, view] : reading.views) {
    const auto found = reading.facts.relations.find(view);
    if (found == reading.facts.relations.end() || found->second.view.empty()) continue;
    try {
      trees.emplace(target, std::make_unique<QueryTree>(reading.facts, found->second));
    } catch (const std::runtime_error&) {
      // What the parser does not know is said where rules are derived.
      continue;
    }
  }
  return trees;
}

std::vector<Aspect> aspects_of(const Trees& trees, const RelationFacts& table) {
  std::vector<Aspect> aspects;
  for (const auto& [target, tree] : trees) {
    std::vector<const Level*> selects;
    add_selects(tree->root(), selects);
    for (const auto* select : selects) {
      std::vector<const Item*> tables;
      add_tables(*select, tables);
      for (const auto* item : tables) {
        if (item->table->name != table.name) continue;
        auto aspect = Reader(target, *select, named(tree->root(), *select), *item).read();
        aspect.apart = told_apart(tree->root(), selects, select, aspect);
        aspects.push_back(std::move(aspect));
      }
    }
  }
  return aspects;
}

}  // namespace crossfade::mapping::views
