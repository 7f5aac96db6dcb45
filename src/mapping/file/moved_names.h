#pragma once

#include <string>

#include "crossfade/v1/migration.pb.h"
#include "mapping/file/directed_migration.h"

namespace crossfade::mapping {

/// A user's statement as it has to be where the tables are now. It names them as before the cutover of the writes, with their
/// schemas; afterwards public.exercises is public.exercises_v1 and gym_v2.exercises is public.exercises. Strings and comments stay
/// as they are. Pure.
std::string with_moved_names(const std::string& sql, const v1::Migration& file, Naming naming);

}  // namespace crossfade::mapping
