#pragma once

#include <atomic>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

namespace crossfade::app {

/// The application that goes on writing while it is moved: runs the transactions of a migration's workload folder, one file
/// after the other, at random and about `per_second` of them. Where the tables turn out to have v2's shape it goes on with the
/// folder that has `_v2` at the end of its name, and the other way round. In a thread with a connection of its own.
class LiveWriter {
 public:
  LiveWriter(std::string conninfo, const std::filesystem::path& workload, int per_second);
  LiveWriter(const LiveWriter&) = delete;
  LiveWriter& operator=(const LiveWriter&) = delete;
  ~LiveWriter() { stop(); }

  /// Returns when the transaction that goes on is committed.
  void stop();
  std::uint64_t committed() const { return committed_; }
  /// Those the database refused, e.g. for a deadlock among writers; rolled back whole.
  std::uint64_t refused() const { return refused_; }

 private:
  void write(std::string conninfo, int per_second);

  std::vector<std::string> transactions_, transactions_of_v2_;
  std::atomic<bool> stopping_{false};
  std::atomic<std::uint64_t> committed_{0};
  std::atomic<std::uint64_t> refused_{0};
  std::thread thread_;
};

}  // namespace crossfade::app
