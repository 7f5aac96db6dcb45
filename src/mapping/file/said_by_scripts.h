#pragma once

#include <map>
#include <string>
#include <vector>

#include "crossfade/v1/migration.pb.h"

namespace crossfade::mapping {

/// Adds to a migration's file what its scripts (by their names, "mapping.sql") say by themselves: as targets the views of mapping.sql that
/// have a table of their name in v2.sql, as `reverse` the views of reverse.sql that have one among the old tables, and, where it names none,
/// as sources the tables that the views and their functions in SQL read. What PostgreSQL's parser, as it is built in, does not understand says
/// nothing. Pure.
void add_what_scripts_say(v1::Migration& yaml, const std::map<std::string, std::string>& scripts);

/// A view that fills no table and is named nowhere else, misspelt perhaps.
struct IdleView {
  std::string script;               ///< "mapping.sql"
  std::string view;
  std::string wanted;               ///< what there is none of: "no table of v2.sql has its name"
  std::string near;                 ///< the name that was meant, perhaps; ""
};
/// Of mapping.sql, reverse.sql and rejects.sql. `yaml` with what the scripts say. Pure.
std::vector<IdleView> idle_views(const v1::Migration& yaml, const std::map<std::string, std::string>& scripts);

}  // namespace crossfade::mapping
