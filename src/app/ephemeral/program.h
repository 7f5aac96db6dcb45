#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace crossfade {

/// Names and values, e.g. {"PGHOST", "/tmp"}.
using Environment = std::vector<std::pair<std::string, std::string>>;

/// A child process, its output in a file. Killed at the end if it still runs, and by the kernel if we are killed.
class Program {
 public:
  /// `argv[0]` is the path of the executable. Output and errors are appended to `output`. `environment` outranks ours.
  Program(const std::vector<std::string>& argv, std::filesystem::path output, const Environment& environment = {});
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;
  ~Program();

  void signal(int number) const;
  /// The exit code, or 128 + the signal that ended it as shells count; nothing if it still runs after `limit`.
  std::optional<int> exit_within(std::chrono::milliseconds limit);
  bool running() { return !exit_within(std::chrono::milliseconds(0)); }
  pid_t pid() const { return pid_; }
  /// All that it has written.
  std::string output() const;

 private:
  std::filesystem::path output_;
  pid_t pid_ = 0;
  std::optional<int> exit_;
};

}  // namespace crossfade
