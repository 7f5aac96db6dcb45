#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "crossfade/v1/migration.pb.h"
#include "mapping/model/model.h"

namespace crossfade::mapping {

/// Where the tables of both sides are. The cutover of the writes has them swap: `exercises` becomes `exercises_v1`, and the
/// shadow table takes its place and name.
enum class Naming { kOriginal, kSwapped };

/// A migration in one direction. Whoever reads it need not know which: v2's tables are the sources of the reverse one, v1's
/// its targets, and the views of reverse.sql its mapping.
struct DirectedMigration {
  Direction direction = Direction::kForward;
  v1::Migration yaml;                       ///< complete; sources, targets, schemas.source and schemas.mapping are the direction's
  std::map<std::string, TableName> tables;  ///< the table that each target fills
  std::string rejects_schema;               ///< in reverse: of the views that name rows which v1 alone has; else ""

  /// What the file and the folder call things, for advice.
  const char* section() const { return direction == Direction::kForward ? "targets" : "reverse"; }
  const char* views_file() const { return direction == Direction::kForward ? "mapping.sql" : "reverse.sql"; }
};

DirectedMigration forward_migration(const v1::Migration& file, Naming naming = Naming::kOriginal);

/// The file's word for a source, made to name its table as it is called at `naming`.
std::string source_word(const v1::Migration& file, const std::string& written, Naming naming);

/// A shared source keeps its place, and may be a source of this direction too: by its whole name.
DirectedMigration reverse_migration(const v1::Migration& file, Naming naming);

/// "exercises_v1": what an old table is called once the new one has its name. One that has no room for the suffix is cut, and its whole
/// name's hash tells it from others that begin alike. crossfade.retired_name() in the database says the same.
std::string retired_name(const std::string& table);

/// The table of v1 that goes by `name` in `reverse`; nothing where no source that is not shared has that name.
std::optional<TableName> old_table(const v1::Migration& file, const std::string& name);

/// Sources that nothing fills once the writes have moved, though they are not shared: they would be lost to a rollback.
std::vector<std::string> tables_without_reverse(const v1::Migration& file);

}  // namespace crossfade::mapping
