#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "support/move.h"

namespace crossfade::test {

/// A server that outlives a crash, of the PostgreSQL that CROSSFADE_TARGET_POSTGRES names as CROSSFADE_POSTGRES does that of all others; else of the same.
std::unique_ptr<ThrowawayServer> newer_server();

/// v1 on the server of all tests, v2 on another one.
class TwoServers {
 public:
  explicit TwoServers(std::filesystem::path folder, ThrowawayServer& source = shared_server()) : move(std::move(folder), source) {
    move.target(database_.conninfo());
  }

  /// That of v2.
  ThrowawayServer& server() { return *server_; }
  std::string conninfo() const { return database_.conninfo(); }
  Sql& v2() { return *v2_; }
  /// After the server of v2 was restarted.
  void reconnect() { v2_ = std::make_unique<Sql>(conninfo()); }

  /// Starts the daemon, and returns once it follows.
  void follow();
  /// Returns once all that has committed by now can be read on the other server; fails the test if that does not come.
  void expect_caught_up();
  /// Each view on the one server is what its table is on the other, and nothing is set aside.
  void expect_equal();
  /// The lines in quarantine, once they are `count`; fails the test if that does not come.
  std::string set_aside(std::size_t count);

  std::pair<int, std::string> call(std::vector<std::string> words) { return move.call(std::move(words)); }

 private:
  std::unique_ptr<ThrowawayServer> server_ = newer_server();
  Database database_{*server_};
  std::unique_ptr<Sql> v2_ = std::make_unique<Sql>(database_.conninfo());

 public:
  Move move;
};

}  // namespace crossfade::test
