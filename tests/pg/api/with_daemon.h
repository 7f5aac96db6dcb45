#pragma once

#include <google/protobuf/util/json_util.h>

#include "api/client.h"
#include "base/error/failure.h"
#include "crossfade/v1/status.pb.h"
#include "support/move.h"
#include "support/scrape.h"

namespace crossfade::test {

/// The real daemon on a server of its own, asked by its socket.
class WithDaemon : public testing::Test {
 protected:
  WithDaemon() = default;
  explicit WithDaemon(ThrowawayServer::Options options) : server(std::move(options)) {}

  std::string get(const std::string& path) { return api::ask(control, {"GET", path, ""}).body; }
  std::string post(const std::string& path) { return api::ask(control, {"POST", path, ""}).body; }

  v1::Status status() {
    v1::Status status;
    const auto read = google::protobuf::util::JsonStringToMessage(get("/status"), &status);
    EXPECT_TRUE(read.ok()) << read.message();
    return status;
  }
  /// What a request is refused with; kOk if it is not.
  ExitCode refusal_of(const std::string& path) {
    try {
      get(path);
      return ExitCode::kOk;
    } catch (const Failure& failure) {
      return failure.exit();
    }
  }
  double metric(const std::string& series) { return value_of(series, get("/metrics")); }
  void start(const std::vector<std::string>& more = {}) {
    move.start_daemon(more);
    move.expect_caught_up();
    // What waits for a position is let go before the phase is written down, and many a reply names the phase.
    const auto filled = [&] { return move.sql().value("select phase in ('prepared', 'backfilling') from crossfade.migration") == "f"; };
    ASSERT_TRUE(eventually(filled)) << "caught up, and called that by nobody";
  }
  /// A call that must succeed.
  void expect_done(const std::vector<std::string>& words) {
    const auto [exit, text] = move.call(words);
    EXPECT_EQ(exit, 0) << words.front() << ": " << text;
  }
  /// The words of a flip of the writes.
  std::vector<std::string> flip_of_writes(const std::string& group) {
    return {group, "writes", "--confirm", "gym", "--evidence", (server.directory() / "evidence").string()};
  }

  ThrowawayServer server;
  Move move{test_migration("gym"), server};
  std::string control = move.control();
};

}  // namespace crossfade::test
