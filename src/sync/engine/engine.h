#pragma once

#include <memory>
#include <optional>

#include "async/backoff.h"
#include "sync/engine/receiver.h"
#include "sync/state/runtime.h"

namespace crossfade::sync {

/// The server answers, and does not let us in, does not let us write, or has taken a right away: somebody can give it back. Who begins is
/// told so; who was at work waits for it.
bool shut_out(const Failure& failure);

/// The daemon's heart. One run: take the lease, see whether the slot still fits the checkpoint, then receive, refresh,
/// backfill and beat side by side until something needs a new connection; then the next run starts over from what the
/// database knows. So a cut line, a restarted server and a lost slot take no path of their own.
class Engine {
 public:
  /// `was_up`: the database was worked with before, by another engine of this process; so a server that is away is waited for.
  Engine(const mapping::Model& model, Settings settings, Metrics& metrics, bool was_up = false)
      : model_(model), settings_(std::move(settings)), metrics_(metrics), was_up_(was_up) {}

  /// Returns after stop(); throws what a person must decide: not the leader, and, of what never worked, whatever is in its way.
  asio::awaitable<void> run();

  /// The round that goes on is finished, what is settled is confirmed, the lease is released.
  void stop();

  /// Ends by kReshaped, soon: the model is to be made again.
  void begin_with_another_model();

  /// The run that goes on, or the last one, which says that it is stopping. Whoever holds it may outlive it.
  std::shared_ptr<Runtime> runtime() { return runtime_; }
  bool stopping() const { return stopping_; }
  /// What keeps it from following, again and again; it goes on trying.
  const std::optional<Failure>& trouble() const { return trouble_; }
  /// Writes that down, for whoever asks the database who is at work.
  asio::awaitable<void> tell_trying(Failure failure);

 private:
  asio::awaitable<void> run_once();
  asio::awaitable<std::int64_t> take_lease(pg::Connection& connection);
  asio::awaitable<void> expect_direction(pg::Connection& connection);
  asio::awaitable<void> expect_edition(pg::Connection& connection);
  asio::awaitable<bool> republish(pg::Connection& connection);
  asio::awaitable<bool> is_misnamed();
  asio::awaitable<bool> explain(Failure& failure);
  asio::awaitable<void> stop_trying();
  asio::awaitable<void> bridge_gap(pg::Connection& connection, std::string why);
  asio::awaitable<void> until_stopped();

  const mapping::Model& model_;
  const Settings settings_;
  Metrics& metrics_;
  std::shared_ptr<Runtime> runtime_;
  LagGauge lag_;
  Hearing hearing_;
  std::shared_ptr<Suspects> suspects_ = std::make_shared<Suspects>();
  int in_a_row_ = 0;                ///< runs that ended before the slot was read …
  std::optional<Failure> trouble_;  ///< … and by what; nothing of a first one, which may have been a moment's
  async::Backoff backoff_;
  bool stopping_ = false;
  bool turned_ = false;  ///< the direction is another one; this engine has nothing more to do
  bool was_up_;  ///< a run got as far as following its slot, or as standing by
};

}  // namespace crossfade::sync
