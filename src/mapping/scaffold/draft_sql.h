#pragma once

#include <string>

#include "mapping/scaffold/draft.h"

namespace crossfade::mapping {

std::string draft_v2_sql(const Draft& draft);
std::string draft_mapping_sql(const Draft& draft);
std::string draft_reverse_sql(const Draft& draft);
/// A check that counts the rows which refer to nothing; "" where no table refers to another.
std::string draft_references_sql(const Draft& draft);

}  // namespace crossfade::mapping
