#pragma once

#include <filesystem>

namespace crossfade {

/// A directory that only we may look into, with a name short enough for the socket of a server; gone at the end with all in it.
struct TemporaryDirectory {
  TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory();
  std::filesystem::path path;
};

}  // namespace crossfade
