#include "app/ephemeral/temporary_directory.h"

#include <fmt/format.h>
#include <stdlib.h>

#include <cerrno>
#include <cstring>

#include "base/error/failure.h"

namespace crossfade {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kLongestBase = 70;  // a socket's path has room for 107 bytes

}  // namespace

TemporaryDirectory::TemporaryDirectory() {
  fs::path base = fs::temp_directory_path();
  if (base.string().size() > kLongestBase) base = "/tmp";
  std::string pattern = base / "crossfade-XXXXXX";
  if (!mkdtemp(pattern.data())) {
    throw precondition_failure(fmt::format("cannot make a temporary directory in {}: {}", base.string(), std::strerror(errno)),
                               "look at its permissions and free space, or name another: TMPDIR");
  }
  path = pattern;
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;  // a leftover in the temporary directory is no reason to end a process
  fs::remove_all(path, ignored);
}

}  // namespace crossfade
