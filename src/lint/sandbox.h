#pragma once

#include "mapping/model/model.h"
#include "pg/connection.h"

namespace crossfade::lint {

namespace asio = boost::asio;

/// The same model with its targets in temporary tables, which are nobody else's and gone with the transaction: the shadow
/// tables may be in use. Tables keep their names.
mapping::Model in_sandbox(mapping::Model model);

/// Makes the tables of in_sandbox(model). Forward they have nothing but their primary keys that could refuse a row: the rules are
/// tested, not the data. On the way back they demand what v1 does.
asio::awaitable<void> make_sandbox(pg::Connection& connection, const mapping::Model& model);

/// On the way back: the sandbox demands of its rows from now on what v1 demands beside what a row says of itself. Those that are
/// in it stay.
asio::awaitable<void> demand_references(pg::Connection& connection, const mapping::Model& model);

/// Every row of the views, in the caller's transaction: into a sandbox, or into v2 for the way back to have something to begin from.
asio::awaitable<void> fill_targets(pg::Connection& connection, const mapping::Model& model);

}  // namespace crossfade::lint
