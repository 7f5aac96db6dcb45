#pragma once

#include <string>

#include "mapping/model/model.h"

namespace crossfade::verify {

/// The rows of a rule's source that lead to some values of its locator: each row as jsonb, then the rule's source columns as
/// text[]. Parameters: a text[] a column of the locator. Pure.
std::string source_rows_statement(const mapping::Model& model, const mapping::FollowRule& rule);

}  // namespace crossfade::verify
