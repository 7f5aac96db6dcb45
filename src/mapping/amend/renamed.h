#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "crossfade/v1/migration.pb.h"
#include "mapping/file/migration_file.h"
#include "mapping/model/table_name.h"

/// What v1's team renames, moves and widens while a migration is under way. A view follows by itself; what was written does not.
namespace crossfade::mapping {

/// A table of v1 as it was when the edition in force was entered, and what it is called now.
struct Renamed {
  TableName was;
  TableName is;
  std::map<std::string, std::string> columns;  ///< those that are called otherwise: was → is

  bool moved() const { return !(was == is); }
};

/// A view as the server prints it by now.
struct PrintedView {
  std::string name;     ///< that the script made it under
  std::string create;   ///< the whole statement, without its semicolon
};

/// `sql` with each statement that creates one of the views replaced. Nothing where it lacks one of them, or where another statement has
/// one of `names`: what that means nobody knows. Pure.
std::optional<std::string> with_views(const std::string& sql, const std::vector<PrintedView>& views, const std::vector<std::string>& names);

/// The text of a migration.yaml by the new names, all else as it stands. Nothing where a select or a predicate in it has an old name.
std::optional<std::string> with_names(const std::string& yaml_text, const v1::Migration& yaml, const std::vector<Renamed>& renamed);

/// Whether a script of views says `select *`, and one of tables `like` another table: then both take what v1 gets over as they are. Pure.
bool takes_all(const std::string& mapping_sql, const std::string& v2_sql);

/// Whether each value of type `from` is one of type `to`, and the same: format_type()'s words. Pure.
bool widens(const std::string& from, const std::string& to);

}  // namespace crossfade::mapping
