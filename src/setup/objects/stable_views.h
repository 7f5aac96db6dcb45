#pragma once

#include <string>
#include <vector>

#include "mapping/model/model.h"
#include "pg/connection.h"

/// Views in v2's shape that applications read throughout: over the mapping as long as v1 is read, over the shadow tables
/// once everybody reads v2; and beside them, for the part of an application that goes first, views of the same names that show v2
/// throughout. A reader of the shadow table may read them, with the same row-level security.
namespace crossfade::setup {

/// What makes them as they are before any flip, one script a target; none where the migration names no schema for them.
/// The stable one is made over the shadow table first: that a view can be turned is proved here and not on the day. Pure.
ByTarget<std::string> create_stable_views(const mapping::Model& model);

/// Turns one to the shadow table, or back to the mapping. Pure.
std::string turn_stable_view(const mapping::Model& model, const mapping::Target& target, bool on_v2);

/// Drops them, for a migration that is cancelled; their schemas stay.
boost::asio::awaitable<void> drop_stable_views(pg::Connection& connection, std::string migration);

}  // namespace crossfade::setup
