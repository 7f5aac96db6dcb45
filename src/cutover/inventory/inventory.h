#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cutover/layout/blockers.h"
#include "cutover/layout/sides.h"
#include "mapping/model/table_name.h"
#include "pg/connection.h"

namespace crossfade::cutover {

/// Something that hangs on a table which a flip of the writes swaps, and that is no part of the migration.
struct Hanging {
  enum class Handling {
    kSaid,    ///< nothing has to be done, but somebody may want to know
    kCarry,   ///< goes along, by `sql` in the flip's transaction
    kKeep,    ///< stays with the old table: migration.yaml says so
    kAccept,  ///< is as it shall be: migration.yaml says so
    kBlock,   ///< holds the flip up until it is mended, or migration.yaml speaks of it
  };

  std::string kind;                                ///< "view", "foreign key", …: what migration.yaml may speak of as a whole
  std::string object;                              ///< "view public.report", its name in migration.yaml
  std::string way;                                 ///< how it names the table, or what it is to it
  Handling handling = Handling::kSaid;
  std::string flip;                                ///< what becomes of it when the writes move …
  std::string rollback;                            ///< … and when they move back
  std::string fix;                                 ///< of one that blocks
  std::string sql;                                 ///< statements, once tables bear their new names; "" nothing is carried
  std::optional<mapping::TableName> locked;        ///< a table outside that `sql` changes: locked as the flip's own are
  std::optional<mapping::TableName> referred;      ///< one that a key which `sql` makes refers to: its writers wait, its readers go on
};

/// All that hangs on the tables when the direction turns to `to`, as the catalog has it now, with what migration.yaml says of each.
/// A way back has nothing that blocks: whoever goes back is in a hurry, and what stays is named. Wants the engine's functions, and
/// both sides' tables where they are before the flip.
boost::asio::awaitable<std::vector<Hanging>> take_inventory(pg::Connection& connection, Followed followed, mapping::Direction to);

/// What keeps to v1's tables, which are called `old_tables` by now: whoever knows them by their identity.
boost::asio::awaitable<std::vector<Hanging>> kept_by_old_tables(pg::Connection& connection, const v1::Migration& file, const std::vector<mapping::TableName>& old_tables);

/// What is to be done about one that blocks.
std::string mend_of(const Hanging& hanging);

/// What of it is in the way, each by name; or the one condition that is met.
std::vector<Condition> conditions_of(const std::vector<Hanging>& inventory);

/// The statements for what is carried.
SwapStep carry_step(const v1::Migration& file, const std::vector<Hanging>& inventory, mapping::Direction to);

/// Tables outside that the flip changes …
std::vector<mapping::TableName> locked_outside(const std::vector<Hanging>& inventory);
/// … and those that what it makes refers to.
std::vector<mapping::TableName> referred_outside(const std::vector<Hanging>& inventory);

/// "view public.report: reads public.plans · in the flip: … · in a rollback: …", for --dry-run.
std::string line_of(const Hanging& hanging);

/// Objects, ways, handlings, flips and rollbacks, each as a parameter for text[]: for the audit.
std::vector<std::string> inventory_columns(const std::vector<Hanging>& inventory);

/// "carried", "kept by migration.yaml", …
const char* to_text(Hanging::Handling handling);

}  // namespace crossfade::cutover
