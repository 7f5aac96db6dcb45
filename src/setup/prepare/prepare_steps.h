#pragma once

#include <string>
#include <vector>

#include "mapping/file/migration_file.h"
#include "mapping/model/model.h"

/// A preparation as one list, which is performed, printed as SQL and told to people alike. Pure.
namespace crossfade::setup {

/// One step. `sql` is performed and printed as it stands; "" where nothing is left to do.
struct PrepareStep {
  std::string says;
  std::string sql;
  std::string of_owner = {};     ///< what it makes, if only the owner of v1's tables can: "publication p"
  std::string file = {};         ///< of the migration that it runs; "" where the SQL is crossfade's own
  std::string schema = {};       ///< that the file makes its things in
  std::string unless_true = {};  ///< what is warned of where the first value that `sql` returns is not true
};
using PrepareSteps = std::vector<PrepareStep>;

/// What there is before anything is done.
struct There {
  int layout = 0;                       ///< of schema crossfade; 0: it is not there
  std::vector<std::string> schemas;     ///< of the migration's own
};

/// Schema crossfade, and the migration's scripts: each schema that is not there yet is made and filled. One that is there is the
/// user's own and is left as it is.
PrepareSteps install_steps(const mapping::MigrationFile& file, const There& there);
/// The schemas that these steps make.
std::vector<std::string> schemas_made(const mapping::MigrationFile& file, const There& there);

/// The schemas of the views that applications read.
std::vector<std::string> schemas_of_views(const mapping::Model& model);

/// What there is already of what would be made.
struct Found {
  std::vector<std::string> made;        ///< schemas that install_steps() made, which cancel drops
  mapping::Texts texts = {};            ///< of the folder
  std::vector<std::string> schemas_of_views = {};  ///< of those for stable views and canaries
  bool publication = false;             ///< one of the name, and it is what it must be
};
/// Fences, publication, stable views and the rows that say the migration is there.
PrepareSteps enter_steps(const mapping::Model& model, const Found& found);

/// The same for a target on another server than its source: publication, stable views and what gives ids are the source's.
PrepareSteps enter_target_steps(const mapping::Model& model, const Found& found);

/// Takes back what default privileges gave others of relations in these.
std::string close_schemas(const std::vector<std::string>& schemas);

/// What v1's tables are called by now, with their columns, so that it is seen when they are called otherwise.
std::string know_sources(const std::string& migration, const std::vector<mapping::TableName>& tables);
std::string know_sources(const mapping::Model& model);

/// The row that says how a target is to be filled, by what locator it is touched.
std::string enter_target(const mapping::Model& model, const mapping::Target& target);

/// The slot and its first checkpoint; waits for every transaction that is running.
PrepareSteps stream_steps(const std::string& migration, const std::string& slot, int server_version);

/// The whole: `together` in one transaction, then `alone`.
struct PrepareLists {
  PrepareSteps together;
  PrepareSteps alone;
};
std::string to_sql(const PrepareLists& lists);
/// The same so that all that is made belongs to `role`: run by whoever is a member of it and owns v1's tables, or is a superuser.
std::string to_sql_for(const PrepareLists& lists, const std::string& role, const std::string& grants);
/// Numbered, a line a step.
std::string to_text(const PrepareLists& lists);

}  // namespace crossfade::setup
