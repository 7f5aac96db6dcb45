#pragma once

#include "mapping/model/model.h"
#include "pg/connection.h"

namespace crossfade::verify {

namespace asio = boost::asio;

/// The same model with its targets in temporary tables, which are nobody else's and gone with the transaction: the shadow
/// tables may be in use. Tables keep their names.
mapping::Model in_sandbox(mapping::Model model);

/// Makes the tables of in_sandbox(model). They have nothing but their primary keys that could refuse a row: the rules are
/// tested, not the data.
asio::awaitable<void> make_sandbox(pg::Connection& connection, const mapping::Model& model);

/// Every row of the views, in the caller's transaction: into a sandbox, or into v2 for the way back to have something to begin from.
asio::awaitable<void> fill_targets(pg::Connection& connection, const mapping::Model& model);

}  // namespace crossfade::verify
