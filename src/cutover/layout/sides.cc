#include "cutover/layout/sides.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/text/sql_text.h"
#include "cutover/layout/links.h"
#include "mapping/file/migration_file.h"
#include "mapping/file/surrogates.h"
#include "setup/objects/fence.h"
#include "setup/objects/stable_views.h"

namespace crossfade::cutover {
namespace {

using mapping::Direction;
using mapping::Naming;
using mapping::TableName;

std::string joined(const std::vector<std::string>& statements) {
  std::string script;
  for (const auto& statement : statements) script += statement + ";\n";
  return script;
}

std::string called(const std::vector<TableName>& tables) {
  std::string text;
  for (const auto& table : tables) text += (text.empty() ? "" : ", ") + table.schema + "." + table.name;
  return text;
}

/// Tables change schema with their partitions.
std::string set_schema(const std::vector<TableName>& from, const std::vector<TableName>& to) {
  std::string script;
  for (std::size_t n = 0; n < from.size(); ++n) {
    script += fmt::format("select crossfade.relocate({}, {});\n", quote_literal(from[n].quoted()), quote_literal(to[n].schema));
  }
  return script;
}

SwapStep retire(const std::string& migration, const Sides& before, const Sides& after) {
  SwapStep step{"names", "", ""};
  std::vector<std::optional<std::string>> tables;
  for (const auto& table : before.v1) tables.emplace_back(table.quoted());
  step.sql = fmt::format("select crossfade.retire({}, variadic {}::regclass[]);\n", quote_literal(migration), quote_literal(array_text(tables)));
  step.sql += set_schema(before.v2, after.v2);
  step.says = fmt::format("{} become {}, with their indexes and sequences; {} become {}", called(before.v1), called(after.v1),
                          called(before.v2), called(after.v2));
  return step;
}

SwapStep reinstate(const std::string& migration, const Sides& before, const Sides& after) {
  return {"names",
          set_schema(before.v2, after.v2) + fmt::format("select crossfade.reinstate({});\n", quote_literal(migration)),
          fmt::format("{} become {}; {} become {} again, with their indexes and sequences", called(before.v2), called(after.v2),
                      called(before.v1), called(after.v1))};
}

/// A view keeps showing the table it was made over, wherever that goes. It is turned while v2's tables have the names that the
/// statements use: before they leave the shadow schema, or after they are back.
SwapStep stable_views(const mapping::Model& forward, bool on_v2) {
  SwapStep step{"views", "", fmt::format("the views of schema {} show {}", forward.stable_schema, on_v2 ? "v2" : "v1 through the mapping")};
  for (const auto& target : forward.targets) step.sql += setup::turn_stable_view(forward, target, on_v2) + ";\n";
  return step;
}

SwapStep sequences(const Followed& followed, Direction to) {
  SwapStep step{"sequences", "", ""};
  step.says = fmt::format("sequences of {} go beyond what either side has given out", to == Direction::kReverse ? "v2" : "v1");
  step.sql = fmt::format("select crossfade.advance_sequences({});\n", quote_literal(json_of(column_pairs(followed, to, naming_of(to)))));
  return step;
}

/// The view of reverse.sql that has a surrogate's name knows the ids as v2 has them.
SwapStep ids(const v1::Migration& file, Direction to) {
  SwapStep step{"ids", "", ""};
  for (const auto& [name, surrogate] : std::map(file.surrogates().begin(), file.surrogates().end())) {
    const auto table = quote_literal(mapping::surrogate_table(file.migration(), name).quoted());
    const auto listed = quote_literal(quote_qualified(file.schemas().reverse(), name));
    const std::vector<std::optional<std::string>> columns(surrogate.of().begin(), surrogate.of().end());
    step.sql += to == Direction::kReverse ? fmt::format("select crossfade.continue_ids_of_surrogates({}, {});\n", table, listed)
                                          : fmt::format("select crossfade.import_surrogate_ids({}, {}, {});\n", table, listed, quote_literal(array_text(columns)));
    step.says += (step.says.empty() ? "" : ", ") + name;
  }
  step.says += to == Direction::kReverse ? ": v2 gives ids beyond those that crossfade gave" : ": ids that v2 gave stay, and crossfade gives those beyond";
  return step;
}

}  // namespace

Sides sides_of(const v1::Migration& file, Naming naming) {
  Sides sides;
  const bool swapped = naming == Naming::kSwapped;
  for (const auto& [written, source] : file.sources()) {
    auto table = mapping::source_table(file, written);
    if (!source.shared() && swapped) table.name = mapping::retired_name(table.name);
    (source.shared() ? sides.shared : sides.v1).push_back(std::move(table));
  }
  for (const auto& [name, target] : file.targets()) {
    sides.v2.push_back({swapped ? file.schemas().source() : file.schemas().shadow(), name});
  }
  // A map of protobuf has no order of its own. Both places sort alike: all of v1 or none of it carries the suffix.
  const auto by_name = [](const TableName& left, const TableName& right) {
    return std::pair(left.schema, left.name) < std::pair(right.schema, right.name);
  };
  for (auto* tables : {&sides.v1, &sides.v2, &sides.shared}) std::sort(tables->begin(), tables->end(), by_name);
  return sides;
}

Naming naming_of(Direction direction) { return direction == Direction::kReverse ? Naming::kSwapped : Naming::kOriginal; }

Direction opposite(Direction direction) { return direction == Direction::kForward ? Direction::kReverse : Direction::kForward; }

mapping::Model outline(const v1::Migration& file, Direction direction) {
  const auto directed = direction == Direction::kReverse ? mapping::reverse_migration(file, Naming::kSwapped) : mapping::forward_migration(file);
  mapping::Model model;
  model.name = file.migration();
  model.direction = direction;
  model.shadow_schema = file.schemas().shadow();
  model.mapping_schema = file.schemas().mapping();
  model.stable_schema = file.schemas().stable();
  for (const auto& [name, table] : directed.tables) {
    mapping::Target target;
    target.name = name;
    target.table = table;
    model.targets.push_back(std::move(target));
  }
  return model;
}

std::vector<SwapStep> swap_steps(const Followed& followed, Direction to, const mapping::Model& forward, const std::string& lock_order) {
  const auto& file = followed.file;
  const bool to_v2 = to == Direction::kReverse;
  const auto from = to_v2 ? Direction::kForward : Direction::kReverse;
  const auto before = sides_of(file, naming_of(from));
  const auto after = sides_of(file, naming_of(to));
  std::vector<SwapStep> steps;
  steps.push_back({"exclusive lock", "lock table " + lock_order + " in access exclusive mode", "readers wait too from here on: all tables of both sides are locked"});
  const auto owner = outline(file, from);
  const auto follower = outline(file, to);
  steps.push_back({"fences off",
                   joined(setup::enable_triggers(owner)) + joined(setup::drop_fences(owner)) + fmt::format("select crossfade.free_detached({});\n", quote_literal(file.migration())),
                   fmt::format("applications may write {0}; triggers of {0} wake", to_v2 ? "v2" : "v1")});
  if (to_v2 && !forward.stable_schema.empty()) steps.push_back(stable_views(forward, true));
  steps.push_back(to_v2 ? retire(file.migration(), before, after) : reinstate(file.migration(), before, after));
  if (!to_v2 && !forward.stable_schema.empty()) steps.push_back(stable_views(forward, false));
  steps.push_back({"fences on", joined(setup::create_fences(follower)) + joined(setup::disable_triggers(follower)),
                   fmt::format("{0} is written by the engine alone; triggers of {0} rest", to_v2 ? "v1" : "v2")});
  steps.push_back(sequences(followed, to));
  if (!file.surrogates().empty()) steps.push_back(ids(file, to));
  return steps;
}

}  // namespace crossfade::cutover
