#pragma once

#include <string>
#include <vector>

#include "mapping/model/table_name.h"

namespace crossfade::mapping::views {

/// Whether a rule's select finds the changed row itself by its key: once that is deleted it finds nothing. `parameters`: the source's
/// columns that $1…$n are the values of. Pure.
bool looks_for_own_row(const std::string& select, const TableName& source, const std::vector<std::string>& key, const std::vector<std::string>& parameters);

}  // namespace crossfade::mapping::views
