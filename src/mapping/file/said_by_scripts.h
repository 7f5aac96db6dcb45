#pragma once

#include <map>
#include <string>

#include "crossfade/v1/migration.pb.h"

namespace crossfade::mapping {

/// Adds to a migration's file what its scripts (by their names, "mapping.sql") say by themselves: as targets the views of mapping.sql that
/// have a table of their name in v2.sql, as `reverse` the views of reverse.sql that have one among the old tables, and, where it names none,
/// as sources the tables that the views and their functions in SQL read. What PostgreSQL's parser, as it is built in, does not understand says
/// nothing. Pure.
void add_what_scripts_say(v1::Migration& yaml, const std::map<std::string, std::string>& scripts);

}  // namespace crossfade::mapping
