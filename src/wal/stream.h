#pragma once

#include <optional>
#include <string>

#include "pg/connection.h"
#include "wal/confirm.h"
#include "wal/pgoutput.h"

namespace crossfade::wal {

namespace asio = boost::asio;

/// A slot as a sequence of messages.
///
/// The owner calls next() as long as it has room, and tick() while it has none: status updates leave on time either
/// way, because a walsender that hears nothing for wal_sender_timeout ends the session.
class Stream {
 public:
  struct Options {
    pg::Endpoint endpoint;
    std::string slot;
    std::string publication;
    Lsn start;  ///< a start below the slot's confirmed position is moved to it
    std::chrono::milliseconds status_interval{1000};
    bool messages = true;  ///< logical ones, which anybody may write
  };

  /// Throws what the server says where it refuses: SQLSTATE 55006 while another session, perhaps our own of before that
  /// the server has not missed yet, reads the slot.
  static asio::awaitable<Stream> start(Options options);

  /// Goes to the next message. False where none came until `until`, or where instead of one received() moved or the
  /// server asked for an answer: a chance to confirm. Throws, with connection_lost(), when the server goes.
  asio::awaitable<bool> next(pg::Clock::time_point until);
  /// Where next() stopped. Views in it are valid until the next call.
  const Message& message() const { return message_; }
  /// Its bytes.
  std::size_t size() const { return held_ ? held_->view().size() : 0; }

  /// Sends a status update if one is due or wanted.
  asio::awaitable<void> tick();
  /// Has next() ask the server to answer at once with how far it has sent. For another coroutine, while next() waits.
  void ask_for_position();

  /// Tells the server, with the next status update, what it may forget. Never goes back.
  void confirm(Lsn settled_and_durable) { progress_.confirm(settled_and_durable); }
  Lsn confirmed() const { return progress_.confirmed(); }

  /// Everything that committed before this position has come out of next(). Never goes back.
  Lsn received() const { return progress_.received(); }

  /// The process that serves it, as the slot names it.
  int walsender() const { return connection_.backend_pid(); }

  /// Says the last word on what is confirmed and ends the stream in an orderly way.
  asio::awaitable<void> stop();

 private:
  Stream(pg::Connection connection, Lsn start, std::chrono::milliseconds interval);

  asio::awaitable<void> send_status(bool ask_for_reply);
  asio::awaitable<void> answer();

  pg::Connection connection_;
  std::chrono::milliseconds interval_;
  pg::Clock::time_point next_status_;
  std::optional<pg::CopyData> held_;  ///< the bytes that message_ points into
  Message message_;
  Progress progress_;
  bool position_wanted_ = false;
  pg::Clock::time_point last_answer_;    ///< when the server last asked for one
  pg::Clock::time_point hurried_since_;  ///< the first of the questions that followed each other at once
};

}  // namespace crossfade::wal
