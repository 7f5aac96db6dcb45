#pragma once

#include <string>
#include <vector>

#include "mapping/file/directed_migration.h"
#include "mapping/file/written_rule.h"
#include "mapping/views/unsaid.h"

namespace crossfade::cutover {

/// A migration, and what follows what in it.
struct Followed {
  const v1::Migration& file;
  const mapping::RulesInForce& rules;
  std::vector<mapping::views::HandedThrough> back = {};  ///< columns of v1 that the way back takes from one of v2, before the writes have moved
};

/// The tables of a migration by the side they belong to, as they are called before or after the writes have moved. Both lists
/// of one migration are in the same order whatever `naming` says. Pure.
struct Sides {
  std::vector<mapping::TableName> v1;
  std::vector<mapping::TableName> v2;
  std::vector<mapping::TableName> shared;  ///< both sides use them; they stay where they are
};
Sides sides_of(const v1::Migration& file, mapping::Naming naming);

/// Where the tables are while `direction` is followed.
mapping::Naming naming_of(mapping::Direction direction);
mapping::Direction opposite(mapping::Direction direction);

/// The direction's model as far as it follows from the file alone: names of targets and their tables. Enough for fences and
/// stable views, at a moment when the tables do not have these names yet.
mapping::Model outline(const v1::Migration& file, mapping::Direction direction);

/// One statement of the swap, called as the step log shows it.
struct SwapStep {
  std::string name;
  std::string sql;   ///< any number of statements
  std::string says;  ///< in words, for --dry-run
};

/// What happens to tables, fences, stable views and sequences when the direction turns to `to`, in order. `lock_order` are both
/// sides' tables as they are called before, parents first; `forward` is outline() with the columns of the stable views.
std::vector<SwapStep> swap_steps(const Followed& followed, mapping::Direction to, const mapping::Model& forward,
                                 const std::string& lock_order);

}  // namespace crossfade::cutover
