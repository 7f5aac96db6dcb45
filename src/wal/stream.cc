#include "wal/stream.h"

#include <fmt/format.h>


#include "base/sql_text.h"
#include "wal/replication_message.h"

namespace crossfade::wal {
namespace {

/// PostgreSQL counts microseconds from 2000-01-01.
std::int64_t postgres_clock() {
  using namespace std::chrono;
  constexpr auto kEpoch = sys_days{year{2000} / 1 / 1};
  return duration_cast<microseconds>(system_clock::now() - kEpoch).count();
}

}  // namespace

Stream::Stream(pg::Connection connection, Lsn start, std::chrono::milliseconds interval)
    : connection_(std::move(connection)),
      interval_(interval),
      next_status_(pg::Clock::now() + interval),
      confirmed_(start),
      data_position_(start) {}

asio::awaitable<Stream> Stream::start(Options options) {
  options.endpoint.replication = true;
  pg::Connection connection = co_await pg::Connection::open(options.endpoint);
  const auto timeout = co_await connection.script("select setting::bigint from pg_catalog.pg_settings where name = 'wal_sender_timeout'");
  // 0 turns the server's patience off; then our own interval is enough.
  if (const auto patience = std::chrono::milliseconds(timeout.number(0, 0)); patience.count() > 0) {
    options.status_interval = std::min(options.status_interval, patience / 2);
  }
  // The publication's name is an identifier in a list inside a literal, and quoted as both.
  const auto command = fmt::format(
      "START_REPLICATION SLOT {} LOGICAL {} (proto_version '1', publication_names {}, messages 'true')",
      quote_identifier(options.slot), to_string(options.start), quote_literal(quote_identifier(options.publication)));
  co_await connection.start_copy_both(command);
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
      if (position_wanted_) co_await send_status(true);
      if (pg::Clock::now() >= until) co_return false;
      continue;
    }
    const auto received = read_replication_message(held_->view());
    if (received.kind == ReplicationMessage::Kind::kKeepalive) {
      keepalive_position_ = std::max(keepalive_position_, received.sent);
      if (received.reply_requested) co_await send_status(false);
      // A keepalive is progress as well: the owner looks at received().
      if (!open_) co_return false;
      continue;
    }
    decode(received.data, message_);
    follow_positions();
    if (pg::Clock::now() >= next_status_) co_await send_status(false);
    co_return true;
  }
}

void Stream::follow_positions() {
  if (message_.kind == MessageKind::kBegin) open_ = true;
  if (message_.kind == MessageKind::kCommit) {
    open_ = false;
    data_position_ = std::max(data_position_, message_.end_lsn);
  }
}

asio::awaitable<void> Stream::tick() {
  // Idle, the server is asked where it is: on a quiet database nothing else moves the position.
  if (pg::Clock::now() >= next_status_) co_await send_status(true);
}

void Stream::ask_for_position() {
  position_wanted_ = true;
  connection_.interrupt();
}

asio::awaitable<void> Stream::send_status(bool ask_for_reply) {
  next_status_ = pg::Clock::now() + interval_;
  if (ask_for_reply) position_wanted_ = false;
  StatusUpdate update;
  update.received = std::max(received(), confirmed_);
  update.flushed = confirmed_;
  update.clock = postgres_clock();
  update.ask_for_reply = ask_for_reply;
  auto bytes = write_status_update(update);
  co_await connection_.send(std::move(bytes));
}

asio::awaitable<void> Stream::stop() {
  co_await send_status(false);
  co_await connection_.end_copy_both();
}

}  // namespace crossfade::wal
