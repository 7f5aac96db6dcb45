#pragma once

#include <string>
#include <vector>

#include "crossfade/v1/migration.pb.h"
#include "mapping/model/table_name.h"

namespace crossfade::mapping {

/// "crossfade"."gym_day_id": where the ids of surrogate day_id of migration gym stand, one row a natural key: its columns,
/// named and typed as in the view that lists them, and `id`.
TableName surrogate_table(const std::string& migration, const std::string& surrogate);

/// Throws a usage Failure where the file contradicts itself.
void require_surrogates(const v1::Migration& yaml);

/// The columns of its natural key, as migration.yaml orders them.
std::vector<std::string> natural_key(const v1::Surrogate& surrogate);

/// SQL that creates the table of ids of surrogate `name`, once the view of natural keys is there.
std::string create_surrogate_table(const v1::Migration& yaml, const std::string& name);

}  // namespace crossfade::mapping
