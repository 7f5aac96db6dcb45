#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "support/program.h"
#include "support/server.h"

namespace crossfade::test {

/// A pgbouncer in front of a server, on a Unix socket of its own.
class Pooler {
 public:
  /// `mode` as pool_mode has it; `ignored` are start-up parameters that it takes and forgets.
  Pooler(ThrowawayServer& server, const std::string& mode, const std::string& ignored);

  /// Its folder with the socket, and the port that the socket is named after.
  const std::filesystem::path& directory() const { return directory_; }
  static constexpr int kPort = 6432;
  const std::string& mode() const { return mode_; }
  std::string conninfo(const std::string& dbname) const;

 private:
  std::string mode_;
  std::filesystem::path directory_;
  std::unique_ptr<Program> program_;
};

}  // namespace crossfade::test
