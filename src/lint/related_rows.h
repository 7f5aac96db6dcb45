#pragma once

#include <cstddef>
#include <vector>

#include "lint/source_shape.h"
#include "mapping/model/model.h"
#include "pg/connection.h"

namespace crossfade::lint {

namespace asio = boost::asio;

/// Makes the temporary tables of rows of each source to be changed (seeds_of) and of the keys of what may hang on them (near_of):
/// a few steps along the foreign keys of the sources, and along columns that follow rules hold equal. The rules alone would
/// not do: what is to be found is the rule that is missing.
asio::awaitable<void> find_related_rows(pg::Connection& connection, const mapping::Model& model, const ById<SourceId, SourceShape>& shapes,
                                        std::size_t seeds);

}  // namespace crossfade::lint
