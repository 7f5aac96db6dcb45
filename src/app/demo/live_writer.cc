#include "app/demo/live_writer.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <fstream>
#include <random>
#include <sstream>

#include "base/error/failure.h"
#include "base/telemetry/log.h"
#include "pg/connection.h"

namespace crossfade::app {

namespace asio = boost::asio;

namespace {

std::vector<std::string> read_all(const std::filesystem::path& workload) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(workload)) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  std::vector<std::string> transactions;
  for (const auto& file : files) {
    std::ifstream in(file);
    std::ostringstream text;
    text << in.rdbuf();
    transactions.push_back(text.str());
  }
  return transactions;
}

/// No such column, no such table, or a fence: the tables are not what they were.
bool of_the_other_side(std::string_view sqlstate) { return sqlstate == "42703" || sqlstate == "42P01" || sqlstate == "CF001"; }

}  // namespace

LiveWriter::LiveWriter(std::string conninfo, const std::filesystem::path& workload, int per_second) : transactions_(read_all(workload)) {
  const auto of_v2 = workload.string() + "_v2";
  if (std::filesystem::exists(of_v2)) transactions_of_v2_ = read_all(of_v2);
  thread_ = std::thread([this, conninfo, per_second] { write(conninfo, per_second); });
}

void LiveWriter::stop() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
}

void LiveWriter::write(std::string conninfo, int per_second) {
  asio::io_context io;
  const auto loop = [&]() -> asio::awaitable<void> {
    pg::Endpoint endpoint;
    endpoint.conninfo = conninfo;
    endpoint.application_name = "live writer";
    pg::Connection connection = co_await pg::Connection::open(endpoint);
    // What it rolls back may have been over already.
    connection.on_notice([](std::string_view, std::string_view) {});
    std::mt19937 random(1);
    asio::steady_timer pause(io);
    auto next = pg::Clock::now();
    bool on_v2 = false;
    while (!stopping_) {
      bool refused = false;
      const auto& transactions = on_v2 ? transactions_of_v2_ : transactions_;
      try {
        co_await connection.script(transactions[random() % transactions.size()]);
        ++committed_;
      } catch (const Failure& failure) {
        if (failure.connection_lost()) throw;
        refused = true;
        if (of_the_other_side(failure.sqlstate()) && !transactions_of_v2_.empty()) on_v2 = !on_v2;
      }
      if (refused) {
        ++refused_;
        co_await connection.script("rollback");
      }
      next = std::max(next + std::chrono::microseconds(1'000'000 / per_second), pg::Clock::now() - std::chrono::seconds(1));
      pause.expires_at(next);
      co_await pause.async_wait(asio::use_awaitable);
    }
  };
  std::exception_ptr thrown;
  asio::co_spawn(io, loop(), [&](std::exception_ptr error) { thrown = error; });
  io.run();
  try {
    if (thrown) std::rethrow_exception(thrown);
  } catch (const Failure& failure) {
    log::warn("the live writer ended", {{"because", failure.what()}});
  }
}

}  // namespace crossfade::app
