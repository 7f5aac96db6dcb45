#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "app/ephemeral/temporary_directory.h"

namespace crossfade {

/// A PostgreSQL of one's own for a demo, a rehearsal or a test: made by initdb in a temporary directory, reached through a
/// Unix socket in it, gone without a trace when the object goes.
///
/// Any number of them can run at once. As root the server runs as `postgres` (else `nobody`), because it refuses root.
/// When this process is killed the kernel stops the server too. The kernel watches the thread that called start(): that
/// thread must live as long as the server.
///
/// Every call throws Failure, with the end of the server's log where there is one.
class ThrowawayServer {
 public:
  using Setting = std::pair<std::string, std::string>;  ///< {"wal_sender_timeout", "1s"}

  struct Options {
    bool durable = false;           ///< fsync on: for tests in which the server crashes
    bool tcp = false;               ///< listen on 127.0.0.1 as well, on a free port
    std::vector<Setting> settings = {};  ///< on top of ours: wal_level logical, ten slots, ten walsenders
    std::string standby_of = {};    ///< conninfo: a copy of that server, which follows it
    std::filesystem::path copy_of = {};  ///< a data directory that stands still; "" one is made
  };

  enum class Stop {
    kSmart,      ///< waits until every session has left
    kFast,       ///< ends the sessions; waits until the walsenders have sent everything
    kImmediate,  ///< as after a crash: the next start recovers
  };

  /// Makes the cluster and starts it.
  explicit ThrowawayServer(Options options);
  ThrowawayServer() : ThrowawayServer(Options{}) {}
  ThrowawayServer(const ThrowawayServer&) = delete;
  ThrowawayServer& operator=(const ThrowawayServer&) = delete;
  ~ThrowawayServer();

  /// Returns once the server accepts sessions.
  void start();
  /// Returns once the server has ended. One that has not after a minute is stopped immediately.
  void stop(Stop mode = Stop::kFast);
  void restart(Stop mode = Stop::kFast);

  /// From the next start() or reload() on; outranks earlier values, not those of ALTER SYSTEM.
  void set(std::string_view setting, std::string_view value);
  /// Tells the server to read its settings again. It does so a moment later.
  void reload();

  /// As superuser, through the Unix socket. `dbname` is a plain name.
  std::string conninfo(std::string_view dbname = "postgres") const;
  /// The port on 127.0.0.1 if options.tcp was given.
  int port() const { return port_; }
  bool running() const { return postmaster_ > 0; }

  const std::filesystem::path& directory() const { return directory_.path; }
  /// initdb and postgres live here, and where the server came whole, pg_dump, pg_restore and psql of the same version.
  const std::filesystem::path& binaries() const { return binaries_; }
  /// The last lines of the server's log.
  std::string log_tail(std::size_t lines = 20) const;

 private:
  std::filesystem::path data() const { return directory_.path / "data"; }
  std::filesystem::path log() const { return directory_.path / "log"; }
  void initialise(const Options& options);
  pid_t spawn(const std::vector<std::string>& command) const;
  bool ended_within(std::chrono::milliseconds limit);

  std::filesystem::path binaries_;
  TemporaryDirectory directory_;
  int port_ = 5432;
  pid_t postmaster_ = 0;
};

}  // namespace crossfade
