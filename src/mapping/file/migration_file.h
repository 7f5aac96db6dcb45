#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "crossfade/v1/migration.pb.h"
#include "mapping/model/table_name.h"

namespace crossfade::mapping {

/// A migration's folder, read and found to be consistent in itself.
struct MigrationFile {
  std::filesystem::path folder;
  std::string yaml_text;    ///< migration.yaml as it stands, with its comments and without what it leaves out
  v1::Migration yaml;       ///< with what the file leaves out filled in: defaults, and the text of checks that name a file
  std::string v2_sql;       ///< the new schema
  std::string surrogates_sql;  ///< views of natural keys; "" where the migration has no surrogates
  std::string mapping_sql;  ///< the views
  std::string rejects_sql;  ///< "" where the folder has none
  std::string reverse_sql;  ///< "" where the folder has none
};

/// Reads `folder`. Throws a usage Failure for a file that is missing, does not parse, or contradicts itself.
MigrationFile load_migration(const std::filesystem::path& folder);

/// The same without the way back, whose script the folder may not have yet: nothing is said of its own in the file that comes.
MigrationFile load_without_way_back(const std::filesystem::path& folder);

/// The files of a folder that say what the data becomes, by name, as they stand: migration.yaml and the scripts that are there.
using Texts = std::map<std::string, std::string>;
Texts texts_of(const MigrationFile& file);

/// `file` as it would be with these texts. Checks, what a flip is told and whether v1 is followed by itself stay those of the folder: they
/// change no row.
MigrationFile with_texts(MigrationFile file, const Texts& texts);

/// migration.yaml has another text than one of these, and says the same but for those.
bool differs_in_checks_alone(const MigrationFile& file, const Texts& texts);

/// Like load_migration for a yaml text: parsed, completed and checked, also by what the scripts of its folder say, and with no file behind it.
v1::Migration read_migration_yaml(const std::string& file_name, const std::string& text, const Texts& scripts = {});

/// Where the file's word for a source leads: "exercises" → schemas.source, "other.exercises" → other.
TableName source_table(const v1::Migration& yaml, const std::string& written);

/// The statement that has names found in these schemas, and in those of the database's extensions: an operator of theirs that is
/// not found can give way to another one without a word.
std::string set_search_path(const std::vector<std::string>& schemas);

/// One step of setting a migration up. `sql` is whole: it makes the schema where there is none and runs the file with that
/// schema first in the search path, then the one whose tables it reads. To be run in a transaction, in the order given.
struct InstallScript {
  std::string file;    ///< "v2.sql"
  std::string schema;  ///< which it fills
  std::string sql;
};
/// Surrogates that are `there` keep their tables of ids.
std::vector<InstallScript> install_scripts(const MigrationFile& file, const std::set<std::string>& there = {});

}  // namespace crossfade::mapping
