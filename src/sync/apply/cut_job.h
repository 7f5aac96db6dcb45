#pragma once

#include <functional>

#include "sync/state/runtime.h"

namespace crossfade::sync {

/// Runs `read` inside the next consistent cut, after its writes and before its commit, and returns when it has run. There
/// every change that the snapshot sees is in the shadow tables but those of targets that are parked, so view and shadow must be equal: what
/// differs is no race.
/// Waits as long as targets are being filled or work is paused. `read` may only read, must own what it uses (the caller can
/// be cancelled before it ends), and what it throws comes out here. The caller is part of the run, and is cancelled with it.
asio::awaitable<void> read_at_cut(Runtime& run, std::function<asio::awaitable<void>(pg::Connection&)> read);

/// The refresher's side: runs what waits. A job that fails does not spoil the cut.
asio::awaitable<void> run_cut_jobs(Runtime& run, pg::Connection& connection);

}  // namespace crossfade::sync
