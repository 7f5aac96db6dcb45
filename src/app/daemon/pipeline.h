#pragma once

#include <memory>

#include "app/daemon/observers.h"
#include "mapping/file/migration_file.h"
#include "sync/engine/engine.h"

namespace crossfade::app {

/// The daemon's work in one direction: from its start, or a turn of the direction, to the next turn or its end. Whoever still
/// looks at a pipeline that is over keeps it.
struct Pipeline : std::enable_shared_from_this<Pipeline> {
  /// After `last`, whose engine was up: its counters go on.
  Pipeline(mapping::Model the_model, sync::Settings the_settings, const Pipeline* last = nullptr);

  const mapping::Model model;
  const sync::Settings settings;
  Metrics metrics;
  sync::Engine engine;

  Observed observed() { return {engine, model, metrics, settings, shared_from_this()}; }
};

/// Thrown where there is nothing to follow any more: `crossfade complete` has ended the migration beside the daemon.
struct Completed {};

/// The pipeline after `last`, whose engine has ended with a Failure, if that is because the direction has turned: the flip makes
/// every write of the old direction's engine fail, for want of the lease or of the tables under their old names. The slot that
/// the last pipeline read is dropped then: it would retain WAL for nobody. `reshaped`: the same direction goes on with what the
/// catalog says now; so it does where the migration was amended. Nothing where none of this is so. Throws Completed.
boost::asio::awaitable<std::shared_ptr<Pipeline>> next_pipeline(const mapping::MigrationFile& file, const Pipeline& last, bool reshaped);

}  // namespace crossfade::app
