#include "wal/stream.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text/sql_text.h"
#include "base/value/duration.h"
#include "wal/replication_message.h"

namespace crossfade::wal {
namespace {

using namespace std::chrono_literals;

/// In normal times the server asks for an answer once in half its wal_sender_timeout. Questions closer than this are
/// those of a server that shuts down.
constexpr auto kHurry = 100ms;
/// How long the owner may go on settling while the server waits for us to shut down.
constexpr auto kPatienceOfAShutdown = 2s;

/// PostgreSQL counts microseconds from 2000-01-01.
std::int64_t postgres_clock() {
  using namespace std::chrono;
  constexpr auto kEpoch = sys_days{year{2000} / 1 / 1};
  return duration_cast<microseconds>(system_clock::now() - kEpoch).count();
}

/// A literal of the replication grammar, which knows no E'' and takes a backslash for itself.
std::string quote_for_walsender(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) quoted.append(c == '\'' ? 2 : 1, c);
  return quoted + "'";
}

[[noreturn]] void leave_a_server_that_shuts_down() {
  Failure::Facts facts;
  facts.message = "the server is shutting down and waits for the stream to end";
  facts.exit = ExitCode::kSourceUnreachable;
  facts.connection_lost = true;
  throw Failure(std::move(facts));
}

}  // namespace

Stream::Stream(pg::Connection connection, Lsn start, std::chrono::milliseconds interval)
    : connection_(std::move(connection)),
      interval_(interval),
      next_status_(pg::Clock::now() + interval),
      progress_(start) {}

asio::awaitable<Stream> Stream::start(Options options) {
  options.endpoint.replication = true;
  pg::Connection connection = co_await pg::Connection::open(options.endpoint);
  const auto timeout = co_await connection.script("SHOW wal_sender_timeout");
  // 0 turns the server's patience off; then our own interval is enough.
  if (const auto patience = parse_duration(timeout.text(0, 0)); patience > 0ms) {
    options.status_interval = std::min(options.status_interval, patience / 2);
  }
  // The publication's name is an identifier in a list inside a literal, and quoted as both.
  const auto publications = quote_for_walsender(quote_identifier(options.publication));
  auto command =
      fmt::format("START_REPLICATION SLOT {} LOGICAL {} (proto_version '1', publication_names {}{})",
                  quote_identifier(options.slot), to_string(options.start), publications, options.messages ? ", messages 'true'" : "");
  co_await connection.start_copy_both(std::move(command));
  Stream stream(std::move(connection), options.start, options.status_interval);
  co_return stream;
}

asio::awaitable<bool> Stream::next(pg::Clock::time_point until) {
  for (;;) {
    held_ = connection_.receive_at_once();
    if (!held_) {
      co_await tick();
      held_ = co_await connection_.receive(std::min(until, next_status_));
    }
    if (!held_) {
      if (pg::Clock::now() >= until) co_return false;
      continue;
    }
    const auto received = read_replication_message(held_->view());
    if (received.kind == ReplicationMessage::Kind::kKeepalive) {
      const auto before = progress_.received();
      progress_.take_keepalive(received.sent);
      if (received.reply_requested) co_await answer();
      if (received.reply_requested || progress_.received() > before) co_return false;
      continue;
    }
    decode(received.data, message_);
    progress_.take(message_);
    // A flood leaves no idle moment for tick().
    if (pg::Clock::now() >= next_status_) co_await send_status(false);
    co_return true;
  }
}

asio::awaitable<void> Stream::tick() {
  // Idle, the server is asked where it is: on a quiet database nothing else moves the position.
  if (position_wanted_ || pg::Clock::now() >= next_status_) co_await send_status(true);
}

void Stream::ask_for_position() {
  position_wanted_ = true;
  connection_.interrupt();
}

/// The server gets its answer at once. A shutdown of the server waits until everything sent is confirmed, asking again
/// as soon as we have answered; if that cannot be settled any more it would wait for ever, so we leave.
asio::awaitable<void> Stream::answer() {
  const auto now = pg::Clock::now();
  if (now - last_answer_ > kHurry) hurried_since_ = now;
  if (now - hurried_since_ > kPatienceOfAShutdown && !progress_.transaction_open()) leave_a_server_that_shuts_down();
  last_answer_ = now;
  co_await send_status(false);
}

asio::awaitable<void> Stream::send_status(bool ask_for_reply) {
  next_status_ = pg::Clock::now() + interval_;
  if (ask_for_reply) position_wanted_ = false;
  StatusUpdate update;
  update.received = progress_.received();
  update.flushed = progress_.confirmed();
  update.clock = postgres_clock();
  update.ask_for_reply = ask_for_reply;
  auto bytes = write_status_update(update);
  co_await connection_.send(std::move(bytes));
}

asio::awaitable<void> Stream::stop() {
  co_await send_status(false);
  // In the midst of a transaction the server would first send the rest of it, however much that is; then the session's
  // end is all the order there is.
  if (!progress_.transaction_open()) co_await connection_.end_copy_both();
}

}  // namespace crossfade::wal
