#include "app/live_writer.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <fstream>
#include <random>
#include <sstream>

#include "base/failure.h"
#include "base/log.h"
#include "pg/connection.h"

namespace crossfade::app {

namespace asio = boost::asio;

LiveWriter::LiveWriter(std::string conninfo, const std::filesystem::path& workload, int per_second) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(workload)) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  for (const auto& file : files) {
    std::ifstream in(file);
    std::ostringstream text;
    text << in.rdbuf();
    transactions_.push_back(text.str());
  }
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
    std::mt19937 random(1);
    std::uniform_int_distribution<std::size_t> choose(0, transactions_.size() - 1);
    asio::steady_timer pause(io);
    auto next = pg::Clock::now();
    while (!stopping_) {
      bool refused = false;
      try {
        co_await connection.script(transactions_[choose(random)]);
        ++committed_;
      } catch (const Failure& failure) {
        if (failure.connection_lost()) throw;
        refused = true;
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
