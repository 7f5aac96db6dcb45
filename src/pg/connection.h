#pragma once

#include <libpq-fe.h>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pg/result.h"

namespace crossfade::pg {

namespace asio = boost::asio;

using Clock = std::chrono::steady_clock;

/// Whom to connect to and as what.
struct Endpoint {
  std::string conninfo;                  ///< libpq's key=value or URI; empty means the PG* variables alone
  std::string application_name;          ///< shown in pg_stat_activity
  bool replication = false;              ///< a walsender session (replication=database)
  std::chrono::milliseconds deadline{10'000};
  ExitCode unreachable = ExitCode::kSourceUnreachable;
  std::string source = {};               ///< the same words for the server that has v1, where v2 stands on another one; "": on the same

  /// That of v1 alone.
  Endpoint of_source() const;
};

/// One parameter of a statement, in text form; nothing is NULL.
using Parameter = std::optional<std::string>;
using Parameters = std::vector<Parameter>;

/// A statement's text: one of sql/ as it is embedded, or one that is made. Owned, as a coroutine's arguments have to be.
struct Sql {
  Sql(std::string made) : text(std::move(made)) {}       // NOLINT(google-explicit-constructor): what it is for
  Sql(std::string_view embedded) : text(embedded) {}     // NOLINT(google-explicit-constructor)
  Sql(const char* literal) : text(literal) {}            // NOLINT(google-explicit-constructor)
  std::string text;
};

/// A statement that is sent with others.
struct Statement {
  std::string sql;
  Parameters parameters = {};
  bool prepared = true;  ///< as execute() does it, else as query()
};

/// How many bytes they are on the way.
std::size_t bytes_of(const Parameters& parameters);

/// What came of it, and how long after the one before it.
struct Answer {
  Result result;
  Clock::duration took{};
};

/// One session on the server. All of libpq that blocks or waits happens in here, and in one place: wait_until_ready().
///
/// A connection is used by one coroutine at a time. Every call throws Failure: with the server's SQLSTATE where it
/// answered, with connection_lost() where the session is gone (then only destruction is left).
class Connection {
 public:
  /// Connects, pins everything that changes how values print, and returns a session whose search_path is empty. Where the endpoint names
  /// two servers the session is v2's, and has one on v1's beside it.
  static asio::awaitable<Connection> open(Endpoint endpoint);

  /// Where v1 is: the session that views, sources and their stream are asked by. This one, unless v2 stands on another server. Whoever asks
  /// says by this which server a statement is for; all else is v2's.
  Connection& source();
  /// v2 stands on another server than v1.
  bool apart() const;
  /// In an open transaction.
  bool in_transaction() const;
  /// Ends the transaction that the session on the source has open beside the one here: by "commit" or "rollback". script() and together() do it
  /// with theirs, before a commit and after a rollback, so that what rows here may rest on, an id that was given there, is there for good.
  asio::awaitable<void> end_at_source(std::string how);
  /// The other way round, for what the source may only be told once it is so here.
  asio::awaitable<void> commit_before_source();

  Connection(Connection&&) noexcept;
  Connection& operator=(Connection&&) noexcept;
  ~Connection();

  /// PQsendQueryParams. One statement, its parameters as text.
  asio::awaitable<Result> query(Sql sql, Parameters parameters = {});

  /// Like query(), prepared on first use and kept for the session (PQsendPrepare, PQsendQueryPrepared).
  asio::awaitable<Result> execute(Sql sql, Parameters parameters = {});

  /// PQsendQuery: any number of statements, no parameters. Returns the last result.
  asio::awaitable<Result> script(Sql sql);

  /// libpq's pipeline mode: all are sent at once, and the server does them in their order. The first that fails fails the call, and none
  /// after it is done: `commit` as the last one ends what the others have begun only if all went well. For a handful of statements; what
  /// is sent is not bounded otherwise.
  asio::awaitable<std::vector<Answer>> together(std::vector<Statement> statements);

  /// COPY … FROM STDIN in text format. `next` appends lines to the buffer it is given and returns false when there are
  /// no more. Returns the number of rows.
  asio::awaitable<std::uint64_t> copy_in(Sql sql, std::function<bool(std::string&)> next);

  /// COPY … TO STDOUT; `line` gets each row as it came, its newline included.
  asio::awaitable<std::uint64_t> copy_out(Sql sql, std::function<void(std::string_view)> line);

  /// The two halves of a walsender's COPY BOTH. receive() returns the next message, or nothing once `until` has passed;
  /// it throws when the server ends the stream.
  asio::awaitable<void> start_copy_both(std::string command);
  asio::awaitable<std::optional<CopyData>> receive(Clock::time_point until);
  /// A message that is already here, without waiting.
  std::optional<CopyData> receive_at_once();
  /// Ends a wait in receive() early, as if its time had come. For another coroutine that wants the owner's attention.
  void interrupt();
  asio::awaitable<void> send(std::string message);
  asio::awaitable<void> end_copy_both();

  /// Asks the server to give up what this session is doing (PQcancel, on a connection of its own; blocks for a round
  /// trip). Harmless when it does nothing.
  void cancel() noexcept;

  int backend_pid() const;
  int server_version() const;
  bool usable() const;

  /// Gets every NOTICE and WARNING that the server sends; by default they are logged.
  void on_notice(std::function<void(std::string_view severity, std::string_view message)> handler);

  /// "host=… port=… dbname=… user=…", without a password.
  std::string describe() const;

 private:
  struct State;
  explicit Connection(std::unique_ptr<State> state);
  static asio::awaitable<Connection> open_one(Endpoint endpoint);

  asio::awaitable<bool> wait_until_ready(int events, std::optional<Clock::time_point> until);
  asio::awaitable<void> flush();
  asio::awaitable<ResultHandle> next_result();
  asio::awaitable<Result> finish(std::string_view statement);
  std::vector<std::string> send_together(const std::vector<Statement>& statements);
  asio::awaitable<void> begin_copy(std::string_view sql, ExecStatusType expected);
  [[noreturn]] void lost(std::string_view statement) const;

  std::unique_ptr<State> state_;
};

}  // namespace crossfade::pg
