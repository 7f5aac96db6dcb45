#include "mapping/derive/derive.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <exception>
#include <map>
#include <set>

#include "base/text/sql_text.h"
#include "mapping/derive/choice.h"

namespace crossfade::mapping::derive {
namespace {

using Columns = std::vector<std::string>;

std::string table_as(const Item& item) {
  return fmt::format("{} as {}", item.table->name.quoted(), quote_identifier(item.name));
}

std::string joined_by(const Bridge& bridge) {
  auto conditions = bridge.conditions;
  conditions.insert(conditions.end(), bridge.restrictions.begin(), bridge.restrictions.end());
  return fmt::format(" join {} on {}", table_as(*bridge.item), fmt::join(conditions, " and "));
}

/// Nothing of the changed row is needed but one column, once: an index serves `= any` better than a join.
std::string by_array(const Choice& choice, const std::vector<Bridge>& bridges, Columns& parameters) {
  const auto& first = bridges.front();
  if (first.by_array.empty() || first.array_of.empty()) return "";
  const auto of_changed = [&](const auto& part) { return !part.of.empty(); };
  if (std::any_of(bridges.begin() + 1, bridges.end(), of_changed)) return "";
  if (std::any_of(choice.columns.begin(), choice.columns.end(), [&](const auto& each) { return of_changed(choice.reached.columns.at(each)); })) return "";
  parameters = {first.array_of};
  auto from = table_as(*first.item);
  for (auto bridge = bridges.begin() + 1; bridge != bridges.end(); ++bridge) from += joined_by(*bridge);
  Columns conditions = {first.by_array};
  conditions.insert(conditions.end(), first.restrictions.begin(), first.restrictions.end());
  return fmt::format("{} where {}", from, fmt::join(conditions, " and "));
}

/// Where something is computed of the changed row that may fail: not of one that the view leaves out, as far as the stream brings what
/// it is left out by, of the old row too.
Columns kept_out(const Item& table, const Choice& choice, const std::vector<Bridge>& bridges, std::set<std::string>& of) {
  const auto fails = [](const auto& part) { return part.may_fail; };
  const bool any = std::any_of(bridges.begin(), bridges.end(), fails) ||
                   std::any_of(choice.columns.begin(), choice.columns.end(), [&](const auto& each) { return fails(choice.reached.columns.at(each)); });
  if (!any) return {};
  Columns conditions;
  const auto there = of;
  for (const auto& each : choice.reached.restrictions) {
    const bool told = std::all_of(each.columns.begin(), each.columns.end(), [&](const auto& column) { return there.contains(column) || table.table->find(column)->old_value; });
    if (!told) continue;
    conditions.push_back(each.sql);
    of.insert(each.columns.begin(), each.columns.end());
  }
  return conditions;
}

std::string by_join(const Item& table, const Choice& choice, const std::vector<Bridge>& bridges, Columns& parameters) {
  std::set<std::string> of;
  for (const auto& bridge : bridges) of.insert(bridge.of.begin(), bridge.of.end());
  for (const auto& column : choice.columns) {
    const auto& value = choice.reached.columns.at(column);
    of.insert(value.of.begin(), value.of.end());
  }
  const auto conditions = kept_out(table, choice, bridges, of);
  parameters.assign(of.begin(), of.end());
  Columns arrays;
  Columns names;
  for (std::size_t n = 0; n < parameters.size(); ++n) {
    arrays.push_back(fmt::format("${}", n + 1));
    names.push_back(quote_identifier(parameters[n]));
  }
  auto from = fmt::format("unnest({}) as \"changed\" ({})", fmt::join(arrays, ", "), fmt::join(names, ", "));
  for (const auto& bridge : bridges) from += joined_by(bridge);
  return conditions.empty() ? from : fmt::format("{} where {}", from, fmt::join(conditions, " and "));
}

std::string described(const Item& item) { return item.alias == item.table->name.name ? item.alias : fmt::format("{} ({})", item.table->name.name, item.alias); }

std::string reason_of(const Item& table, const Choice& choice, const std::vector<Bridge>& bridges) {
  Columns ways;
  for (const auto& column : choice.columns) {
    const auto& value = choice.reached.columns.at(column);
    const auto said = value.plain.empty() || !value.through.empty() ? "a value of " + fmt::format("{}", fmt::join(value.of, ", ")) : value.plain;
    if (value.plain.empty()) continue;
    ways.push_back(fmt::format("{}.{} is {}", table.table->name.name, said, column));
  }
  if (ways.empty() && bridges.empty()) ways.push_back(fmt::format("{} is computed from {}", fmt::join(choice.columns, ", "), table.table->name.name));
  if (!bridges.empty()) {
    Columns names;
    for (const auto& bridge : bridges) names.push_back(bridge.item->table->name.name);
    ways.push_back(fmt::format("{} leads to {} through {}", described(table), fmt::join(choice.columns, ", "), fmt::join(names, ", ")));
  }
  auto text = fmt::format("{}", fmt::join(ways, " and "));
  if (!choice.reached.way.empty()) text += fmt::format(" ({})", choice.reached.way);
  if (choice.worth == Choice::Worth::kWide || choice.worth == Choice::Worth::kLast) text += "; more rows than change";
  return text;
}

Rule make_rule(const Item& table, const Choice& choice) {
  Rule rule;
  rule.source = table.table->name;
  rule.locator_columns = choice.columns;
  const auto bridges = choice.bridges();
  rule.reason = reason_of(table, choice, bridges);
  if (choice.direct()) {
    for (const auto& column : choice.columns) rule.source_columns.push_back(choice.reached.columns.at(column).plain);
    return rule;
  }
  Columns values;
  for (const auto& column : choice.columns) values.push_back(choice.reached.columns.at(column).sql);
  auto from = bridges.empty() ? "" : by_array(choice, bridges, rule.source_columns);
  if (from.empty()) from = by_join(table, choice, bridges, rule.source_columns);
  rule.lookup = fmt::format("select {} from {}", fmt::join(values, ", "), from);
  return rule;
}

using Chosen = std::map<const Item*, Choices>;

bool leads_through(const Choices& choices, const Item* item) {
  return std::any_of(choices.begin(), choices.end(), [&](const Choice& choice) {
    const auto bridges = choice.bridges();
    return std::any_of(bridges.begin(), bridges.end(), [&](const Bridge& each) { return each.item == item; });
  });
}

/// Tables that lead to each other would find nothing once both are gone: no ring may be among the tables that rules read.
/// Where there is none, the last of the changed rows on a way is found without reading any other changed one. In the view's order.
std::vector<const Item*> in_a_ring(const Chosen& choices, const std::vector<const Item*>& tables) {
  std::vector<const Item*> left;
  for (const auto* item : tables) {
    if (choices.contains(item)) left.push_back(item);
  }
  // What leads through none of the others, and what none of the others leads through.
  const auto outside = [&](const Item* item) {
    const bool rests = std::none_of(left.begin(), left.end(), [&](const Item* each) { return leads_through(choices.at(item), each); });
    return rests || std::none_of(left.begin(), left.end(), [&](const Item* each) { return leads_through(choices.at(each), item); });
  };
  for (auto found = std::find_if(left.begin(), left.end(), outside); found != left.end(); found = std::find_if(left.begin(), left.end(), outside)) left.erase(found);
  return left;
}

std::string why_in_a_ring(const Choices& choice, const std::vector<const Item*>& ring) {
  Columns through;
  for (const auto* item : ring) {
    if (leads_through(choice, item)) through.push_back(described(*item));
  }
  return fmt::format("it leads to the rows only through {0}, and {0} through it: once both are gone, neither does. A column of its own that the view shows would find them",
                     fmt::join(through, ", "));
}

/// What a row of a ring says by itself, though it be of more rows than change, needs no other table's row to be there.
bool open_ring(const Asked& asked, Chosen& choices, const std::vector<const Item*>& ring) {
  for (const auto* item : ring) {
    auto alone = choose_alone(asked, *item);
    if (!alone) continue;
    choices[item] = {std::move(*alone)};
    return true;
  }
  return false;
}

/// What is narrow for one table may serve another that has nothing of its own.
Chosen choices_of(Asked asked, const std::vector<const Item*>& tables) {
  Chosen choices;
  for (const bool again : {false, true}) {
    for (const auto* item : tables) {
      const auto known = choices.find(item);
      if (again && known != choices.end() && worth(known->second) == Choice::Worth::kNarrow) continue;
      auto found = choose(asked, *item);
      if (!found.empty()) choices[item] = std::move(found);
    }
    for (const auto& [item, found] : choices) {
      for (const auto& choice : found) {
        if (choice.worth == Choice::Worth::kNarrow) asked.taken.insert(choice.columns);
      }
    }
  }
  return choices;
}

/// A rule that another of the same source says more widely, and one that stands there twice, say nothing.
void drop_what_is_said(std::vector<Rule>& rules) {
  const auto says = [](const Rule& wide, const Rule& rule) {
    if (wide.source != rule.source) return false;
    if (wide.locator_columns == rule.locator_columns && wide.lookup == rule.lookup && wide.source_columns == rule.source_columns) return true;
    if (!wide.lookup.empty() || !rule.lookup.empty()) return false;
    return std::all_of(wide.locator_columns.begin(), wide.locator_columns.end(), [&](const std::string& column) {
      const auto mine = std::find(rule.locator_columns.begin(), rule.locator_columns.end(), column);
      if (mine == rule.locator_columns.end()) return false;
      const auto at = std::find(wide.locator_columns.begin(), wide.locator_columns.end(), column) - wide.locator_columns.begin();
      return wide.source_columns[static_cast<std::size_t>(at)] == rule.source_columns[static_cast<std::size_t>(mine - rule.locator_columns.begin())];
    });
  };
  std::vector<Rule> kept;
  for (const auto& rule : rules) {
    if (std::any_of(kept.begin(), kept.end(), [&](const Rule& each) { return says(each, rule); })) continue;
    std::erase_if(kept, [&](const Rule& each) { return says(rule, each); });
    kept.push_back(rule);
  }
  rules = std::move(kept);
}

/// What is known at a place, whatever was chosen there.
Seen seen_at(const Facts& facts, const Question& question, const Item& table, const Choices& choices) {
  Seen seen{table.table->name, fmt::format("{} in {}", described(table), question.view), {}, ""};
  for (const auto& [column, value] : reach(facts, table, {}).columns) {
    if (!value.plain.empty() && value.through.empty()) seen.known[column] = value.plain;
  }
  for (const auto& choice : choices) {
    seen.rule += (seen.rule.empty() ? "" : "; or ") + make_rule(table, choice).reason;
    for (const auto& bridge : choice.bridges()) {
      if (!bridge.of.empty()) seen.leads.insert(bridge.columns.begin(), bridge.columns.end());
    }
  }
  return seen;
}

Untold untold(const Item& table, const std::string& why, const Question& question) {
  const auto& name = table.table->name.name;
  const auto key = table.table->keys.empty() ? std::string("id") : table.table->keys.front().front();
  return {table.table->name, fmt::format("{} in {}", described(table), question.view), why,
          fmt::format("follow: {{{}: {{view_column: \"select … where … = any(${})\"}}}}", name, key)};
}

std::string why_not(const Facts& facts, const Item& table) {
  const auto reached = reach(facts, table, {});
  if (!reached.blocked.empty()) return reached.blocked;
  std::vector<std::string> known;
  for (const auto& [column, value] : reached.columns) known.push_back(column);
  return fmt::format("rows of the target cannot be found by what is known of them, which is {}: that has to be in the table, or in one that a foreign key "
                     "leads to, and may not be null where it is computed", fmt::join(known, ", "));
}

}  // namespace

Answer derive(const Facts& facts, const Question& question) {
  Answer answer;
  const auto view = facts.relations.find(question.view);
  if (view == facts.relations.end() || view->second.view.empty()) return {{}, {}, {}, "there is no such view"};
  try {
    const QueryTree tree(facts, view->second);
    answer.shown = shown(tree.root());
    std::vector<const Item*> tables;
    for (const auto* item : tree.tables()) {
      if (item->is_table() && !facts.settled.contains(item->table->name.quoted())) tables.push_back(item);
    }
    auto choices = choices_of({facts, question, tree}, tables);
    if (!in_a_ring(choices, tables).empty()) choices = choices_of({facts, question, tree, {}, false}, tables);
    std::map<const Item*, std::string> in_a_circle;
    for (auto ring = in_a_ring(choices, tables); !ring.empty(); ring = in_a_ring(choices, tables)) {
      if (open_ring({facts, question, tree}, choices, ring)) continue;
      const auto* first = ring.front();
      const auto& why = in_a_circle[first] = why_in_a_ring(choices.at(first), ring);
      answer.untold.push_back(untold(*first, why, question));
      choices.erase(first);
    }
    for (const auto* item : tables) {
      const auto choice = choices.find(item);
      answer.seen.push_back(seen_at(facts, question, *item, choice == choices.end() ? Choices{} : choice->second));
      if (choice == choices.end()) answer.seen.back().why = in_a_circle.contains(item) ? in_a_circle.at(item) : why_not(facts, *item);
      if (choice != choices.end()) {
        for (const auto& each : choice->second) answer.rules.push_back(make_rule(*item, each));
      } else if (std::none_of(answer.untold.begin(), answer.untold.end(), [&](const Untold& each) { return each.source == item->table->name; })) {
        answer.untold.push_back(untold(*item, why_not(facts, *item), question));
      }
    }
    drop_what_is_said(answer.rules);
  } catch (const std::exception& refused) {
    answer = {{}, {}, {}, refused.what()};
  }
  return answer;
}

}  // namespace crossfade::mapping::derive
