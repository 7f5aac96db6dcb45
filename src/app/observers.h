#pragma once

#include <vector>

#include "api/server.h"
#include "sync/engine.h"

namespace crossfade::app {

/// What the daemon's endpoints look at.
struct Observed {
  sync::Engine& engine;
  const mapping::Model& model;
  Metrics& metrics;
  const sync::Settings& settings;
};

/// The table of endpoints. /livez runs no SQL: an outage of the database must not have us restarted.
std::vector<api::Endpoint> endpoints(Observed observed);

/// Numbers of the targets called so; throws a usage Failure for a name that there is not.
std::vector<std::uint16_t> target_numbers(const mapping::Model& model, const std::vector<std::string>& names);

}  // namespace crossfade::app
