#pragma once

#include <memory>

#include "app/daemon/observers.h"
#include "mapping/file/migration_file.h"
#include "sync/engine/engine.h"

namespace crossfade::app {

/// The daemon's work in one direction: from its start, or a turn of the direction, to the next turn or its end. Whoever still
/// looks at a leg that is over keeps it.
struct Leg : std::enable_shared_from_this<Leg> {
  /// After `last`, whose engine was up: its counters go on.
  Leg(mapping::Model the_model, sync::Settings the_settings, const Leg* last = nullptr);

  const mapping::Model model;
  const sync::Settings settings;
  Metrics metrics;
  sync::Engine engine;

  Observed observed() { return {engine, model, metrics, settings, shared_from_this()}; }
};

/// The leg after `last`, whose engine has ended with a Failure, if that is because the direction has turned: the flip makes
/// every write of the old direction's engine fail, for want of the lease or of the tables under their old names. Nothing
/// where the direction is the same. The slot that the last leg read is dropped: it would retain WAL for nobody.
boost::asio::awaitable<std::shared_ptr<Leg>> next_leg(const mapping::MigrationFile& file, const Leg& last);

}  // namespace crossfade::app
