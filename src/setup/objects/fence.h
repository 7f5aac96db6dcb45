#pragma once

#include <string>
#include <vector>

#include "mapping/model/model.h"

/// What one direction of a migration needs in the database besides its tables. Pure: statements for the caller's transaction.
namespace crossfade::setup {

/// Each direction has a publication of its own, so that both can be there while one takes over from the other.
std::string publication_name(const std::string& migration, mapping::Direction direction);

/// A fence on each target: the side that does not own the data is written by the engine alone.
ByTarget<std::string> create_fences(const mapping::Model& model);
/// The opposite, for the side that is to own the data: where a target has no fence, nothing happens.
std::vector<std::string> drop_fences(const mapping::Model& model);

/// Triggers that users made on the targets rest as long as the engine alone writes them; crossfade.disabled_trigger has their names. Want
/// the migration to be entered.
ByTarget<std::string> disable_triggers(const mapping::Model& model);
/// The opposite, for the side that is to own the data.
std::vector<std::string> enable_triggers(const mapping::Model& model);

/// The tables of the publication, quoted.
std::vector<std::string> followed_sources(const mapping::Model& model);
/// The publication of the sources that are followed.
std::string create_publication(const mapping::Model& model);

}  // namespace crossfade::setup
