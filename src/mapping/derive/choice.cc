#include "mapping/derive/choice.h"

#include <algorithm>
#include <utility>

#include "base/text/sql_text.h"
#include "mapping/derive/trace.h"

namespace crossfade::mapping::derive {
namespace {

using Columns = std::vector<std::string>;

/// More tables than that nobody joins to find a row.
constexpr std::size_t kMostJoined = 4;
/// Trials for one table: a view of very many tables must not take minutes.
constexpr std::size_t kMostTrials = 300;

class Chooser {
 public:
  Chooser(const Asked& asked, const Item& table, const Assumed* assumed)
      : facts_(asked.facts), question_(asked.question), tree_(asked.tree), table_(table), taken_(asked.taken), thorough_(asked.thorough), assumed_(assumed) {
    for (std::size_t n = 0; n < tree_.root().outputs.size(); ++n) {
      const auto& name = tree_.root().outputs[n].name;
      order_.push_back(name);
      if (traceable(tree_.root(), n)) traceable_.insert(name);
      places_[name] = n;
    }
  }

  std::optional<Choice> choose() {
    auto own = pick({});
    if (own && own->worth == Choice::Worth::kNarrow) return own;
    // The rows of a group that is known in part: more by the one row that each changed row leads to, never by many.
    if (own && own->reached.grouped && own->worth == Choice::Worth::kWide) {
      auto whole = search(own->reached, true);
      return whole && whole->worth == Choice::Worth::kNarrow ? whole : own;
    }
    const auto first = own ? own->reached : follow({});
    auto found = search(first, false);
    if (!own || (found && found->worth < own->worth)) {
      // Columns that are known without any join need none.
      const bool same = own && found && std::all_of(found->columns.begin(), found->columns.end(), [&](const auto& each) { return own->reached.columns.contains(each); });
      if (!same) return found;
      own->columns = found->columns;
      own->worth = found->worth;
    }
    return own;
  }

  std::optional<Choice> alone() { return pick({}); }

 private:
  Reach follow(const std::vector<const Item*>& joined) const { return reach(facts_, table_, joined, assumed_); }

  /// Level by level: one table more joined each time, until one choice is narrow.
  std::optional<Choice> search(const Reach& first, bool to_one) {
    std::optional<Choice> best;
    std::vector<std::pair<std::vector<const Item*>, Reach>> open = {{{}, first}};
    std::size_t trials = 0;
    for (std::size_t joined = 1; joined <= kMostJoined; ++joined) {
      std::vector<std::pair<std::vector<const Item*>, Reach>> next;
      std::set<std::set<const Item*>> seen;
      for (const auto& [items, reached] : open) {
        for (const auto* near : reached.near) {
          if (to_one && !reached.to_one.contains(near)) continue;
          auto wider = items;
          wider.push_back(near);
          if (!seen.insert({wider.begin(), wider.end()}).second || ++trials > kMostTrials) continue;
          auto choice = pick(wider);
          if (choice && (!best || choice->worth < best->worth)) best = choice;
          next.emplace_back(wider, choice ? std::move(choice->reached) : follow(wider));
        }
      }
      if (best && best->worth == Choice::Worth::kNarrow) return thorough_ && !to_one ? filtered(std::move(*best), next, trials) : best;
      open = std::move(next);
    }
    return best;
  }

  using Tried = std::vector<std::pair<std::vector<const Item*>, Reach>>;

  /// The changed row may lead to the rows by more of its columns than the first way that was found takes: an exercise that all plans
  /// have, and the one plan. One table more that says so leaves out all the others' rows.
  Choice filtered(Choice found, const Tried& open, std::size_t trials) {
    const auto used = columns_in(found);
    if (contains_all(used, {found.reached.joined_by.begin(), found.reached.joined_by.end()})) return found;
    for (const auto& [items, reached] : open) {
      for (const auto* near : reached.near) {
        auto wider = items;
        wider.push_back(near);
        if (++trials > kMostTrials) return found;
        auto choice = pick(wider);
        if (!choice || choice->worth != Choice::Worth::kNarrow || !linked(choice->reached.bridges)) continue;
        choice->filtered = true;
        const auto more = columns_in(*choice);
        if (more.size() > used.size() && contains_all(more, {used.begin(), used.end()})) return std::move(*choice);
      }
    }
    return found;
  }

  /// Each to one before it: else every row of one would meet every row of the other.
  static bool linked(const std::vector<Bridge>& bridges) {
    return std::all_of(bridges.begin() + 1, bridges.end(), [](const Bridge& each) { return !each.through.empty(); });
  }

  /// Of the changed row.
  static std::set<std::string> columns_in(const Choice& choice) {
    std::set<std::string> used;
    for (const auto& bridge : choice.bridges()) used.insert(bridge.of.begin(), bridge.of.end());
    for (const auto& column : choice.columns) {
      const auto& of = choice.reached.columns.at(column).of;
      used.insert(of.begin(), of.end());
    }
    return used;
  }

  std::optional<Choice> pick(const std::vector<const Item*>& joined) {
    Choice choice;
    choice.reached = follow(joined);
    const auto reaches = [&](const Columns& columns) {
      return std::any_of(columns.begin(), columns.end(), [&](const auto& each) { return traceable_.contains(each); });
    };
    const auto take = [&](Columns columns, Choice::Worth worth) {
      choice.columns = std::move(columns);
      choice.worth = worth;
      return choice;
    };
    const auto exact = narrow(choice.reached, joined);
    if (exact && reaches(*exact)) return take(*exact, Choice::Worth::kNarrow);
    const auto shared = taken(choice.reached);
    if (shared && reaches(*shared)) return take(*shared, Choice::Worth::kWide);
    const auto more = wide(choice.reached);
    if (more && reaches(*more) && choice.reached.lost) return take(*more, Choice::Worth::kWide);
    if (exact) return take(*exact, Choice::Worth::kDear);
    if (more) return take(*more, Choice::Worth::kLast);
    return std::nullopt;
  }

  /// Columns that other tables are followed by already.
  std::optional<Columns> taken(const Reach& reached) const {
    for (const auto& columns : taken_) {
      if (all_of(reached, columns) && usable(reached, columns) && !constant(reached, columns)) return columns;
    }
    return std::nullopt;
  }

  /// Columns that tell the very rows.
  std::optional<Columns> narrow(const Reach& reached, const std::vector<const Item*>& joined) const {
    std::vector<std::optional<Columns>> ways;
    if (!table_.table->keys.empty()) ways.push_back(that_are(reached, table_.table->keys.front()));
    ways.push_back(all_of(reached, question_.key));
    for (const auto* item : joined) ways.push_back(by_key_of(reached, *item));
    const bool others_refer_to_it = !table_.table->keys.empty() && contains_all(reached.joined_by, table_.table->keys.front());
    if (!others_refer_to_it || reached.grouped) {
      for (const auto* item : equal_by_key(reached)) ways.push_back(by_key_of(reached, *item));
    }
    if (!reached.joined_by.empty() && !reached.grouped && joined.empty()) {
      ways.push_back(that_are(reached, {reached.joined_by.begin(), reached.joined_by.end()}));
    }
    if (reached.grouped && reached.whole) ways.push_back(everything(reached));
    std::optional<Columns> dear;
    for (auto& way : ways) {
      if (!way || way->empty() || !usable(reached, *way)) continue;
      if (std::any_of(way->begin(), way->end(), [&](const auto& each) { return traceable_.contains(each); })) return way;
      if (!dear) dear = way;
    }
    return dear;
  }

  /// Columns that tell these rows among others.
  std::optional<Columns> wide(const Reach& reached) const {
    if (reached.lost) {
      const auto all = everything(reached);
      if (all && usable(reached, *all)) return all;
      for (const auto& name : order_) {
        if (reached.columns.contains(name) && usable(reached, {name}) && traceable_.contains(name)) return Columns{name};
      }
      return std::nullopt;
    }
    for (const auto& column : reached.joined_by) {
      const auto one = that_are(reached, {column});
      if (one && usable(reached, *one)) return one;
    }
    std::optional<Columns> any;
    for (const auto& name : order_) {
      const auto value = reached.columns.find(name);
      if (value == reached.columns.end() || value->second.plain.empty() || !usable(reached, {name})) continue;
      if (traceable_.contains(name)) return Columns{name};
      if (!any) any = Columns{name};
    }
    return any;
  }

  static bool contains_all(const std::set<std::string>& set, const Columns& columns) {
    return std::all_of(columns.begin(), columns.end(), [&](const auto& each) { return set.contains(each); });
  }

  static bool constant(const Reach& reached, const Columns& columns) {
    return std::any_of(columns.begin(), columns.end(), [&](const auto& each) { return reached.columns.at(each).constant(); });
  }

  /// Columns of the view that are these columns of the changed row.
  std::optional<Columns> that_are(const Reach& reached, const Columns& of) const {
    Columns found;
    for (const auto& wanted : of) {
      std::string best;
      for (const auto& name : order_) {
        const auto value = reached.columns.find(name);
        if (value == reached.columns.end() || value->second.plain != wanted || !value->second.through.empty() || !question_.locatable({name})) continue;
        if (best.empty() || rank(name) < rank(best)) best = name;
      }
      if (best.empty()) return std::nullopt;
      found.push_back(best);
    }
    return found;
  }

  /// The target's own key first, then what conditions reach.
  int rank(const std::string& name) const {
    const bool key = question_.key.size() == 1 && question_.key.front() == name;
    return (traceable_.contains(name) ? 0 : 2) + (key ? 0 : 1);
  }

  static std::optional<Columns> all_of(const Reach& reached, const Columns& columns) {
    const bool all = std::all_of(columns.begin(), columns.end(), [&](const auto& each) { return reached.columns.contains(each); });
    return all && !columns.empty() ? std::optional<Columns>(columns) : std::nullopt;
  }

  std::vector<const Item*> equal_by_key(const Reach& reached) const {
    std::vector<const Item*> found;
    for (const auto& [column, plain] : reached.equal) {
      const auto* item = column.first;
      if (!item->is_table() || item->table->keys.empty() || std::find(found.begin(), found.end(), item) != found.end()) continue;
      const auto& key = item->table->keys.front();
      if (std::all_of(key.begin(), key.end(), [&](const auto& each) { return reached.equal.contains({item, each}); })) found.push_back(item);
    }
    return found;
  }

  /// Columns of the view that hand the item's key through.
  std::optional<Columns> by_key_of(const Reach& reached, const Item& item) const {
    if (item.table->keys.empty()) return std::nullopt;
    Columns found;
    for (const auto& wanted : item.table->keys.front()) {
      const auto name = std::find_if(order_.begin(), order_.end(), [&](const std::string& each) {
        const auto place = origin(tree_.root(), places_.at(each));
        const auto value = reached.columns.find(each);
        if (value == reached.columns.end()) return false;
        return (place.item == &item && place.column == wanted) || value->second.sql == quote_identifier(item.name) + "." + quote_identifier(wanted);
      });
      if (name == order_.end()) return std::nullopt;
      found.push_back(*name);
    }
    return found;
  }

  /// All that is known, but for what is made of the rest or says the same twice.
  std::optional<Columns> everything(const Reach& reached) const {
    Columns found;
    std::set<std::string> said;
    for (const bool plain : {true, false}) {
      for (const auto& name : order_) {
        const auto value = reached.columns.find(name);
        if (value == reached.columns.end() || value->second.constant() || made_of_others(reached, name)) continue;
        if (traceable_.contains(name) != plain || !question_.locatable({name}) || !said.insert(value->second.sql).second) continue;
        found.push_back(name);
      }
    }
    return found.empty() ? std::nullopt : std::optional<Columns>(found);
  }

  bool made_of_others(const Reach& reached, const std::string& name) const { return made_of_others(tree_.root(), reached, name); }

  bool made_of_others(const Level& level, const Reach& reached, const std::string& name) const {
    for (const auto& branch : level.branches) {
      if (made_of_others(*branch, reached, name)) return true;
    }
    if (!level.branches.empty()) return false;
    const auto* expression = level.outputs[places_.at(name)].expression;
    if (as(expression, "ColumnRef") != nullptr) return false;
    std::set<std::string> shown;
    for (std::size_t n = 0; n < level.outputs.size(); ++n) {
      const auto text = as(level.outputs[n].expression, "ColumnRef") != nullptr && reached.columns.contains(order_[n]) ? print(*level.outputs[n].expression) : std::nullopt;
      if (text) shown.insert(*text);
    }
    return made_of(*expression, shown);
  }

  bool usable(const Reach& reached, const Columns& columns) const {
    if (!question_.locatable(columns)) return false;
    const bool direct = std::all_of(columns.begin(), columns.end(), [&](const auto& each) {
      const auto& value = reached.columns.at(each);
      return !value.plain.empty() && value.through.empty();
    });
    // A select's result is compared by =, which finds no null; and an array cannot be told from another in an array of them.
    return direct || std::all_of(columns.begin(), columns.end(), [&](const auto& each) {
             const auto& value = reached.columns.at(each);
             const bool arrays = std::any_of(value.of.begin(), value.of.end(), [&](const auto& of) { return table_.table->find(of)->type.ends_with("[]"); });
             return !arrays && !value.constant() && (value.required || question_.never_null.contains(each));
           });
  }

  const Facts& facts_;
  const Question& question_;
  const QueryTree& tree_;
  const Item& table_;
  const std::set<Columns>& taken_;
  const bool thorough_;
  const Assumed* assumed_;
  Columns order_;
  std::set<std::string> traceable_;
  std::map<std::string, std::size_t> places_;
};

/// Of the selects in which the table's rows are taken, from the table outwards.
std::vector<std::pair<const Level*, const Node*>> conditions_around(const Item& table) {
  std::vector<std::pair<const Level*, const Node*>> all;
  for (const auto* level = table.level; level != nullptr;) {
    for (const auto* each : level->where) all.emplace_back(level, each);
    for (const auto& join : level->joins) {
      for (const auto* each : join.conditions) all.emplace_back(level, each);
    }
    while (level->whole != nullptr) level = level->whole;
    level = level->as_item == nullptr ? level->outer : level->as_item->level;
  }
  return all;
}

}  // namespace

std::vector<Bridge> Choice::bridges() const {
  if (filtered) return reached.bridges;
  std::set<const Item*> needed;
  for (const auto& column : columns) {
    const auto& through = reached.columns.at(column).through;
    needed.insert(through.begin(), through.end());
  }
  std::vector<Bridge> used;
  for (auto bridge = reached.bridges.rbegin(); bridge != reached.bridges.rend(); ++bridge) {
    if (!needed.contains(bridge->item)) continue;
    needed.insert(bridge->through.begin(), bridge->through.end());
    used.insert(used.begin(), *bridge);
  }
  return used;
}

bool Choice::direct() const {
  return std::all_of(columns.begin(), columns.end(), [&](const auto& each) {
    const auto& value = reached.columns.at(each);
    return !value.plain.empty() && value.through.empty();
  });
}

Choice::Worth worth(const Choices& choices) {
  return std::max_element(choices.begin(), choices.end(), [](const Choice& one, const Choice& other) { return one.worth < other.worth; })->worth;
}

Choices choose(const Asked& asked, const Item& table) {
  Choices best;
  if (auto whole = Chooser(asked, table, nullptr).choose()) best = {std::move(*whole)};
  if (!best.empty() && worth(best) < Choice::Worth::kDear) return best;
  for (const auto& [level, condition] : conditions_around(table)) {
    const auto ways = alternatives(*condition);
    Choices each;
    for (const auto& way : ways) {
      const Assumed assumed{level, condition, &way};
      if (auto choice = Chooser(asked, table, &assumed).choose()) each.push_back(std::move(*choice));
    }
    if (!ways.empty() && each.size() == ways.size() && (best.empty() || worth(each) < worth(best))) best = std::move(each);
  }
  return best;
}

std::optional<Choice> choose_alone(const Asked& asked, const Item& table) { return Chooser(asked, table, nullptr).alone(); }

}  // namespace crossfade::mapping::derive
