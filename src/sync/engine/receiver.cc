#include "sync/engine/receiver.h"

#include <embedded_sql.h>

#include <algorithm>
#include <array>
#include <boost/asio/post.hpp>

#include "base/memory/largest_message.h"
#include "base/telemetry/log.h"
#include "sync/state/store.h"
#include "wal/stream.h"

namespace crossfade::sync {
namespace {

namespace queries = sql::queries;
using namespace std::chrono_literals;

/// Messages that are taken before others get their turn on this thread.
constexpr int kMessagesInARow = 512;

/// So often the server is asked for what it cannot send.
constexpr int kInVain = 3;

/// Of what is received. A row may be larger, and costs a second look then.
constexpr std::size_t kLargest = 16 << 20;

/// That of the stream, or of the server, which cannot send what has a gigabyte.
bool is_too_large(const Failure& failure) {
  constexpr std::array kStates = {kTooLarge, "53200", "54000", "XX000"};
  return std::any_of(kStates.begin(), kStates.end(), [&](const char* state) { return failure.sqlstate() == state; });
}

asio::awaitable<void> go_deaf(Runtime& run, Hearing& hearing) {
  pg::Connection connection = co_await open_engine_session(run.settings, run.model.name, "look");
  const auto end = co_await store::end_of_wal(connection);
  hearing.deaf_until = parse_lsn(end);
  hearing.too_large = false;
  log::warn("a logical message or a row is too large to be received; none of the messages is listened to until it is past",
            {{"more_than_bytes", kLargest}, {"until", end}});
}

/// The server's encoding has a byte that UTF-8 has nothing for, or the row is longer as text than a message can be.
bool cannot_be_sent(const Failure& failure) { return failure.sqlstate().starts_with("22") || is_too_large(failure); }

/// Invariant 7: the slot goes past what cannot be sent, which is a gap like any other. What is there is read by the views, within the server.
asio::awaitable<void> pass_over(Runtime& run, Hearing& hearing) {
  pg::Connection connection = co_await open_engine_session(run.settings, run.model.name, "look");
  pg::Parameters slot = {run.settings.slot};
  co_await connection.source().query(queries::slot_pass_over, std::move(slot));
  hearing.in_vain = 0;
  hearing.deaf_until.reset();
  log::warn("the server cannot send a change; the slot goes past it, and everything is compared anew", {{"behind", to_string(hearing.behind)}});
}

[[noreturn]] void hear_again(Hearing& hearing) {
  hearing.deaf_until.reset();
  Failure::Facts facts;
  facts.message = "what was too large to be received is past; logical messages are listened to again";
  facts.sqlstate = kTooLarge;
  facts.connection_lost = true;
  throw Failure(std::move(facts));
}

asio::awaitable<wal::Stream> start_stream(Runtime& run, const Hearing& hearing) {
  take_messages_up_to(hearing.deaf_until || hearing.rows_are_large ? kUnbounded : kLargest);
  wal::Stream::Options options;
  options.messages = !hearing.deaf_until;
  options.endpoint = run.settings.endpoint.of_source();
  options.endpoint.application_name = "crossfade " + run.model.name + " stream";
  options.slot = run.settings.slot;
  options.publication = run.settings.publication;
  options.start = run.applied.settled;
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
  const auto slot = co_await wal::inspect_slot(connection.source(), run.settings.slot);
  // Whoever has ended by now, for what he could not send, says so himself.
  const bool ours = slot && (slot->active_pid == walsender || !slot->active);
  if (ours && slot->confirmed_flush <= run.applied.settled) co_return co_await store::end_trying(connection, run.model.name);
  Failure::Facts facts;
  facts.message = "the slot was moved or made anew while the stream began";
  facts.sqlstate = "08006";
  facts.connection_lost = true;
  throw Failure(std::move(facts));
}

/// Whoever asks when the stream is gone asks nobody.
struct Answering {
  Answering(Runtime& the_run, wal::Stream& stream) : run(the_run) {
    run.stream.ask_for_position = [&stream] { stream.ask_for_position(); };
  }
  Answering(const Answering&) = delete;
  Answering& operator=(const Answering&) = delete;
  ~Answering() {
    run.stream.ask_for_position = [] {};
  }

  Runtime& run;
};

}  // namespace

asio::awaitable<void> receive(Runtime& run, Hearing& hearing) {
  const auto executor = co_await asio::this_coro::executor;
  if (hearing.in_vain >= kInVain) co_await pass_over(run, hearing);
  else if (hearing.too_large) co_await go_deaf(run, hearing);
  // What was touched meanwhile is looked for among what is spilled.
  if (hearing.deaf_until) run.applied.catching_up = true;
  wal::Stream stream = co_await start_stream(run, hearing);
  co_await expect_where_it_was(run, stream.walsender());
  run.metrics.connected("stream", true);
  run.stream.running = true;
  const Answering answering(run, stream);
  run.follow.restart();
  int in_a_row = 0;
  while (!run.control.stopping) {
    stream.confirm(run.applied.settled);
    if (hearing.deaf_until && run.applied.settled >= *hearing.deaf_until) {
      // The next one begins behind it.
      co_await stream.stop();
      hear_again(hearing);
    }
    if (run.queue.bytes() >= run.settings.queue_bytes) {
      run.queue_changed.notify_all();
      co_await stream.tick();
      co_await run.progress_made.wait(100ms);
      continue;
    }
    bool arrived = false;
    try {
      arrived = co_await stream.next(Clock::now() + 1s);
    } catch (const Failure& failure) {
      hearing.too_large = !hearing.deaf_until && is_too_large(failure);
      if (cannot_be_sent(failure)) {
        hearing.in_vain = hearing.behind == run.applied.settled ? hearing.in_vain + 1 : 1;
        hearing.behind = run.applied.settled;
      }
      throw;
    }
    hearing.rows_are_large = hearing.rows_are_large || (hearing.deaf_until && arrived && stream.size() > kLargest);
    const auto touched = run.follow.touched();
    if (arrived) run.follow.take(stream.message());
    // Whoever refreshes them deletes what was spilled.
    run.dirty_keys += run.follow.touched() - touched;
    if (arrived && stream.message().kind == wal::MessageKind::kRelation) {
      run.shape.due = run.shape.missed = true;
      run.control_changed.notify_all();
    }
    const bool moved = stream.received() > run.stream.received;
    if (moved) {
      run.stream.received = stream.received();
      // Of the log of the server that both are on.
      if (!run.model.apart) run.applied.flushed(run.stream.received);
      run.queue_changed.notify_all();
    }
    if (++in_a_row == kMessagesInARow) {
      in_a_row = 0;
      co_await asio::post(executor, asio::use_awaitable);
    }
  }
  // The last word: what is settled by now is confirmed, so that the next start need not see it again.
  stream.confirm(run.applied.settled);
  co_await stream.stop();
}

}  // namespace crossfade::sync
