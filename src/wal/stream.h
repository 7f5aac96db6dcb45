#pragma once

#include <algorithm>
#include <string>

#include "pg/connection.h"
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
    Lsn start;                                     ///< a start below the slot's confirmed position is moved to it
    std::chrono::milliseconds status_interval{1000};
  };

  static asio::awaitable<Stream> start(Options options);

  /// Goes to the next message; false where none came until `until`.
  asio::awaitable<bool> next(pg::Clock::time_point until);
  /// Where next() stopped. Views in it are valid until the next call.
  const Message& message() const { return message_; }

  /// Sends a status update if one is due.
  asio::awaitable<void> tick();
  /// Has next() ask the server to answer at once with how far it has sent. For another coroutine, while next() waits.
  void ask_for_position();

  /// Tells the server, with the next status update, what it may forget. Never goes back.
  void confirm(Lsn settled_and_durable) {
    if (settled_and_durable > confirmed_) confirmed_ = settled_and_durable;
  }
  Lsn confirmed() const { return confirmed_; }

  /// Everything that committed before this position has come out of next(). Two variables are behind it, the end of the
  /// last commit and the last keepalive; the latter counts only while no transaction is open.
  Lsn received() const { return open_ ? data_position_ : std::max(data_position_, keepalive_position_); }

  /// Ends the COPY in an orderly way and the session with it.
  asio::awaitable<void> stop();

 private:
  Stream(pg::Connection connection, Lsn start, std::chrono::milliseconds interval);

  asio::awaitable<void> send_status(bool ask_for_reply);
  void follow_positions();

  pg::Connection connection_;
  std::chrono::milliseconds interval_;
  pg::Clock::time_point next_status_;
  std::optional<pg::CopyData> held_;  ///< the bytes that message_ points into
  Message message_;
  Lsn confirmed_;
  Lsn data_position_;
  Lsn keepalive_position_;
  bool open_ = false;
  bool position_wanted_ = false;
};

}  // namespace crossfade::wal
