#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "api/server.h"
#include "sync/engine/engine.h"

namespace crossfade::app {

/// What the daemon's endpoints look at.
struct Observed {
  sync::Engine& engine;
  const mapping::Model& model;
  Metrics& metrics;
  const sync::Settings& settings;
  std::shared_ptr<const void> keeps;  ///< the others, for as long as a request looks at them
};

class Watch;

/// The table of endpoints. `now` says what a request is to look at: the direction may turn between two of them. /livez runs no
/// SQL: an outage of the database must not have us restarted.
std::vector<api::Endpoint> endpoints(std::function<Observed()> now, Watch& watch);

/// The engine's run that goes on; throws kNotReady where it has no connection.
std::shared_ptr<sync::Runtime> running(const Observed& observed);

/// Numbers of the targets called so; throws a usage Failure for a name that there is not.
std::vector<TargetId> target_numbers(const mapping::Model& model, const std::vector<std::string>& names);

}  // namespace crossfade::app
