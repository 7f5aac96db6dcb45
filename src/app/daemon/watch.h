#pragma once

#include <deque>
#include <optional>

#include "app/daemon/observers.h"
#include "async/notify.h"
#include "crossfade/v1/page.pb.h"
#include "setup/state/editions.h"

namespace crossfade::app {

namespace asio = boost::asio;

/// What the status page shows. It is read once however many look, and not at all while nobody does; the lag of the last
/// hour is kept in memory all the time, so that a page that is opened has it at once, and in the database, so that it outlives
/// the daemon.
class Watch {
 public:
  using Folder = std::function<std::vector<setup::ScriptChange>()>;

  /// `now` says what is to be looked at: the direction may turn meanwhile. `folder`: in what the daemon's folder differs.
  Watch(std::function<Observed()> now, Folder folder, asio::any_io_executor executor)
      : now_(std::move(now)), folder_(std::move(folder)), look_(executor), news_(std::move(executor)) {}

  /// Until cancelled. An outage of the database is part of what is shown and ends nothing.
  asio::awaitable<void> loop();

  /// An answer that goes on: an event at once, then one each time there is something new.
  api::Response events();

  /// The status as it is now. Whoever asks at the same time is answered by the same look at the database.
  asio::awaitable<v1::Status> status();

 private:
  static constexpr std::uint64_t kBeforeAll = 1'000'000;

  /// One page, as long as its answer goes on.
  struct Viewer {
    explicit Viewer(Watch& of) : watch(of) { ++watch.viewers_; }
    ~Viewer() { --watch.viewers_; }
    Watch& watch;
    std::uint64_t seen = 0;        ///< edition, or a look that began before this
    std::uint64_t next_sample = 0; ///< number of the first sample that it has not
    std::uint64_t restored = 0;    ///< how often an earlier hour had been restored when it was told
  };

  /// Somebody waits for the status.
  struct Asking {
    explicit Asking(Watch& of) : watch(of) { ++watch.asking_; }
    ~Asking() { --watch.asking_; }
    Watch& watch;
  };
  /// The number of a look that has not begun.
  std::uint64_t next_look();

  asio::awaitable<void> sample();
  asio::awaitable<void> keep_history();
  asio::awaitable<void> restore(pg::Connection& connection, std::string migration);
  asio::awaitable<void> keep(pg::Connection& connection, std::string migration);
  asio::awaitable<void> look(std::optional<pg::Connection>& connection);
  asio::awaitable<void> read();
  asio::awaitable<v1::Page> read_page(pg::Connection& connection);
  asio::awaitable<std::string> next(std::shared_ptr<Viewer> viewer);

  std::function<Observed()> now_;
  Folder folder_;
  async::Notify look_;              ///< somebody began to look
  async::Notify news_;
  int viewers_ = 0;
  int asking_ = 0;
  v1::Page page_;                  ///< as last read, without samples
  std::optional<Failure> failure_; ///< of the last look
  std::uint64_t begun_ = 0;        ///< looks so far
  std::uint64_t wanted_ = 0;       ///< the look that somebody waits for
  std::uint64_t edition_ = 0;      ///< the last look that is over
  std::deque<v1::Page::Sample> samples_;
  std::uint64_t samples_gone_ = kBeforeAll; ///< number of the first one here; those of an earlier daemon go before the first of this one
  std::uint64_t kept_up_to_ = kBeforeAll;   ///< number of the first one that the database does not have
  std::uint64_t restored_ = 0;              ///< how often what an earlier daemon knew has come before the first one here
};

}  // namespace crossfade::app
