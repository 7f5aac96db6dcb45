#pragma once

#include <string>
#include <vector>

#include "crossfade/v1/migration.pb.h"
#include "mapping/catalog.h"
#include "mapping/course.h"
#include "mapping/preflight.h"

namespace crossfade::mapping {

/// "crossfade"."gym_day_id": where the ids of surrogate day_id of migration gym stand, one row a natural key: its columns,
/// named and typed as in the view that lists them, and `id`.
TableName surrogate_table(const std::string& migration, const std::string& surrogate);

/// Throws a usage Failure where the file contradicts itself.
void require_surrogates(const v1::Migration& yaml);

/// SQL that creates the tables of ids, once the views of natural keys are there.
std::string create_surrogate_tables(const v1::Migration& yaml);

/// The file's surrogates as the catalog has them.
std::vector<Surrogate> check_surrogates(const Course& course, const Catalog& catalog, std::vector<Finding>& findings);

/// In the reverse direction: whether reverse.sql says which ids v2 has given, so that a rollback keeps them.
void check_ids_come_back(const Catalog& catalog, std::vector<Finding>& findings);

/// Places in `surrogates` of those that the view of `target` reads.
std::vector<std::uint16_t> used_surrogates(const Catalog& catalog, const std::vector<Surrogate>& surrogates, const Target& target,
                                           std::vector<Finding>& findings);

}  // namespace crossfade::mapping
