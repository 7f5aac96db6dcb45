#include "sync/engine/receiver.h"

#include <boost/asio/post.hpp>

#include "base/telemetry/log.h"
#include "wal/stream.h"

namespace crossfade::sync {
namespace {

using namespace std::chrono_literals;

/// Messages that are taken before others get their turn on this thread.
constexpr int kMessagesInARow = 512;

asio::awaitable<wal::Stream> start_stream(Runtime& run) {
  wal::Stream::Options options;
  options.endpoint = run.settings.endpoint;
  options.endpoint.application_name = "crossfade " + run.model.name + " stream";
  options.slot = run.settings.slot;
  options.publication = run.settings.publication;
  options.start = run.settled;
  // The server may not have noticed yet that our last session is gone.
  for (int attempt = 0;; ++attempt) {
    std::optional<Failure> busy;
    try {
      co_return co_await wal::Stream::start(options);
    } catch (const Failure& failure) {
      if (failure.sqlstate() != "55006" || attempt == 100) throw;
      busy = failure;
    }
    if (attempt == 5) log::warn("slot is in use, waiting", {{"slot", options.slot}, {"because", busy->what()}});
    co_await run.control_changed.wait(100ms);
  }
}

/// Between the look at the slot and its use somebody may have moved it. Now that it is ours nobody can, and nothing of it has been
/// taken yet: what it forgot and we never settled can only be known by comparing, which the next run does.
asio::awaitable<void> expect_where_it_was(const Runtime& run, int walsender) {
  pg::Connection connection = co_await open_engine_session(run.settings, run.model.name, "look");
  const auto slot = co_await wal::inspect_slot(connection, run.settings.slot);
  if (slot && slot->active_pid == walsender && slot->confirmed_flush <= run.settled) co_return;
  Failure::Facts facts;
  facts.message = "the slot was moved or made anew while the stream began";
  facts.sqlstate = "08006";
  facts.connection_lost = true;
  throw Failure(std::move(facts));
}

/// Whoever asks when the stream is gone asks nobody.
struct Answering {
  Answering(Runtime& the_run, wal::Stream& stream) : run(the_run) {
    run.ask_for_position = [&stream] { stream.ask_for_position(); };
  }
  Answering(const Answering&) = delete;
  Answering& operator=(const Answering&) = delete;
  ~Answering() {
    run.ask_for_position = [] {};
  }

  Runtime& run;
};

}  // namespace

asio::awaitable<void> receive(Runtime& run) {
  const auto executor = co_await asio::this_coro::executor;
  wal::Stream stream = co_await start_stream(run);
  co_await expect_where_it_was(run, stream.walsender());
  run.metrics.connected("stream", true);
  const Answering answering(run, stream);
  run.follow.restart();
  int in_a_row = 0;
  while (!run.stopping) {
    stream.confirm(run.settled);
    if (run.queue.bytes() >= run.settings.queue_bytes) {
      run.offered.notify_all();
      co_await stream.tick();
      co_await run.applied.wait(100ms);
      continue;
    }
    const bool arrived = co_await stream.next(Clock::now() + 1s);
    if (arrived) run.follow.take(stream.message());
    if (arrived && stream.message().kind == wal::MessageKind::kRelation) {
      run.shape_due = run.untold = true;
      run.control_changed.notify_all();
    }
    const bool moved = stream.received() > run.received;
    if (moved) {
      run.received = stream.received();
      run.flushed(run.received);
      run.offered.notify_all();
    }
    if (++in_a_row == kMessagesInARow) {
      in_a_row = 0;
      co_await asio::post(executor, asio::use_awaitable);
    }
  }
  // The last word: what is settled by now is confirmed, so that the next start need not see it again.
  stream.confirm(run.settled);
  co_await stream.stop();
}

}  // namespace crossfade::sync
