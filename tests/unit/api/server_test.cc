#include "api/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <filesystem>
#include <fstream>
#include <future>
#include <optional>
#include <thread>
#include <utility>

#include "api/client.h"
#include "base/error/failure.h"

namespace crossfade::api {
namespace {

using testing::HasSubstr;
using testing::StartsWith;
using tcp = asio::ip::tcp;
using local = asio::local::stream_protocol;

asio::awaitable<Response> say(Response response) { co_return response; }

asio::awaitable<Response> refuse() {
  Failure::Facts facts;
  facts.exit = ExitCode::kNotReady;
  facts.message = "cannot reach host=db password=hunter2";
  facts.advice = "wait";
  facts.sqlstate = "08006";
  throw Failure(std::move(facts));
  co_return Response{};
}

asio::awaitable<Response> break_down() {
  throw std::runtime_error("a defect");
  co_return Response{};
}

/// A server on a free port and on a socket of its own, in a thread; clients write HTTP by hand.
class ServerTest : public testing::Test {
 protected:
  ServerTest() {
    std::string pattern = std::filesystem::temp_directory_path() / "crossfade-api-XXXXXX";
    folder = mkdtemp(pattern.data());
    socket_path = folder / "run" / "gym.sock";
  }
  ~ServerTest() override {
    if (thread.joinable()) stop();
    server.reset();
    std::filesystem::remove_all(folder);
  }

  std::vector<Endpoint> endpoints() {
    const auto echo = [](Request request) { return say({200, request.content_type, request.body}); };
    const auto hang = [this](Request) { return wait_forever(); };
    return {
        {"GET", "/metrics", Surface::kObserver,
         [](Request) {
           return say({200, "text/plain; version=0.0.4; charset=utf-8", "crossfade_up 1\n"});
         }},
        {"GET", "/refused", Surface::kObserver, [](Request) { return refuse(); }},
        {"GET", "/broken", Surface::kObserver, [](Request) { return break_down(); }},
        {"GET", "/count", Surface::kObserver,
         [this](Request) {
           Response response{200, "text/event-stream", "begin\n"};
           response.more = [this, n = std::make_shared<int>(0)] { return count(*n); };
           return say(std::move(response));
         }},
        {"GET", "/hang", Surface::kObserver, hang},
        {"POST", "/v1/echo", Surface::kControl, echo},
        {"POST", "/v1/hang", Surface::kControl, hang},
    };
  }

  void start(Limits limits = {}) {
    server.emplace(io, endpoints(), limits);
    server->listen_tcp("127.0.0.1:0");
    server->listen_unix(socket_path);
    auto ended = [](const std::exception_ptr&) {};
    asio::co_spawn(io, server->serve(), asio::bind_cancellation_slot(cancel.slot(), std::move(ended)));
    thread = std::thread([this] { io.run(); });
  }

  /// Returns when the server and every session of it have ended.
  void stop() {
    asio::post(io, [this] { cancel.emit(asio::cancellation_type::terminal); });
    thread.join();
  }

  tcp::socket connect_tcp() {
    tcp::socket socket(client_io);
    socket.connect({asio::ip::address_v4::loopback(), static_cast<std::uint16_t>(server->tcp_port())});
    return socket;
  }
  local::socket connect_unix() {
    local::socket socket(client_io);
    socket.connect(local::endpoint(socket_path));
    return socket;
  }

  /// Everything that comes until the server closes.
  template <typename Socket>
  static std::string rest_of(Socket& socket) {
    std::string answer;
    boost::system::error_code closed;
    asio::read(socket, asio::dynamic_buffer(answer), closed);
    return answer;
  }
  template <typename Socket>
  static std::string exchange(Socket socket, const std::string& request) {
    asio::write(socket, asio::buffer(request));
    return rest_of(socket);
  }
  static std::string request(const std::string& method, const std::string& path, const std::string& body = "") {
    return method + " " + path +
           " HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
           body;
  }
  std::string get(const std::string& path) { return exchange(connect_tcp(), request("GET", path)); }

  std::filesystem::path folder;
  std::string socket_path;
  asio::io_context client_io;
  std::promise<void> hanging;
  bool anybody_hangs = false;
  asio::io_context io;
  asio::cancellation_signal cancel;
  std::optional<Server> server;
  std::thread thread;

 private:
  /// 1, 2, and then nothing more for ever.
  asio::awaitable<std::string> count(int& n) {
    if (++n > 2) co_await wait_forever();
    co_return std::to_string(n) + "\n";
  }
  asio::awaitable<Response> wait_forever() {
    if (!std::exchange(anybody_hangs, true)) hanging.set_value();
    asio::steady_timer never(io, asio::steady_timer::time_point::max());
    co_await never.async_wait(asio::use_awaitable);
    co_return Response{};
  }
};

/// What `act` throws.
template <typename Act>
Failure failure_of(Act act) {
  try {
    act();
  } catch (const Failure& failure) {
    return failure;
  }
  ADD_FAILURE() << "nothing was thrown";
  return usage_failure("", "");
}

TEST_F(ServerTest, AScrapeIsAnsweredWithTheContentTypeOfTheExpositionFormat) {
  start();
  const auto answer = get("/metrics");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answer, HasSubstr("\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n"));
  EXPECT_THAT(answer, HasSubstr("\r\n\r\ncrossfade_up 1\n"));
}

TEST_F(ServerTest, AQueryDoesNotChangeThePath) {
  start();
  EXPECT_THAT(get("/metrics?name[]=up"), StartsWith("HTTP/1.1 200 "));
}

TEST_F(ServerTest, AConnectionServesOneRequestAfterAnother) {
  start();
  EXPECT_THAT(exchange(connect_tcp(), "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n" + request("GET", "/nothing")),
              testing::AllOf(HasSubstr("crossfade_up 1\n"), HasSubstr("HTTP/1.1 404 ")));
}

TEST_F(ServerTest, AnUnknownPathIsNotFound) {
  start();
  EXPECT_THAT(get("/nothing"), StartsWith("HTTP/1.1 404 "));
}

TEST_F(ServerTest, AProbeIsAnsweredWhateverElseIsConnected) {
  Limits limits;
  limits.sessions = 8;
  start(limits);
  std::vector<tcp::socket> clients;
  // Slow ones, ones that take an answer without end, and ones that never ask.
  for (int round = 0; round < 3; ++round) {
    for (const auto* asked : {"", "GET /met", "GET /count HTTP/1.1\r\nHost: x\r\n\r\n"}) {
      for (int each = 0; each < 8; ++each) {
        clients.push_back(connect_tcp());
        asio::write(clients.back(), asio::buffer(std::string(asked)));
      }
      EXPECT_THAT(get("/metrics"), HasSubstr("crossfade_up 1\n"));
    }
  }
}

TEST_F(ServerTest, WhoHasAskedStaysLongerThanWhoHasNot) {
  Limits limits;
  limits.sessions = 2;
  start(limits);
  auto asked = connect_tcp();
  asio::write(asked, asio::buffer(std::string("GET /count HTTP/1.1\r\nHost: x\r\n\r\n")));
  std::string answer;
  asio::read_until(asked, asio::dynamic_buffer(answer), "2\n");
  auto silent = connect_tcp();
  EXPECT_THAT(get("/metrics"), HasSubstr("crossfade_up 1\n"));
  EXPECT_EQ(rest_of(silent), "") << "it was sent away";
  asked.non_blocking(true);
  boost::system::error_code nothing;
  char byte = 0;
  asked.read_some(asio::buffer(&byte, 1), nothing);
  EXPECT_EQ(nothing, asio::error::would_block) << "it is still served";
}

TEST_F(ServerTest, AMethodThatDoesNotFitIsNotAllowed) {
  start();
  EXPECT_THAT(exchange(connect_tcp(), request("DELETE", "/metrics")), StartsWith("HTTP/1.1 405 "));
}

TEST_F(ServerTest, ByTcpNothingCanBeChanged) {
  start();
  const auto answer = exchange(connect_tcp(), request("POST", "/v1/echo", "{}"));
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 403 "));
  EXPECT_THAT(answer, HasSubstr(R"("exit_code":8)"));
}

TEST_F(ServerTest, ByTheUnixSocketCommandsAreTaken) {
  start();
  EXPECT_EQ(ask(socket_path, {"POST", "/v1/echo", R"({"targets":["days"]})"}).body, R"({"targets":["days"]})");
  EXPECT_EQ(ask(socket_path, {"POST", "/v1/echo",
                              "\n\x04"
                              "days",
                              "application/octet-stream"})
                .content_type,
            "application/octet-stream");
}

TEST_F(ServerTest, ByTheUnixSocketObserversAreServedToo) {
  start();
  EXPECT_EQ(ask(socket_path, {"GET", "/metrics", ""}).body, "crossfade_up 1\n");
}

TEST_F(ServerTest, AFailureIsAnsweredInItsOneShapeWithoutPasswords) {
  start();
  EXPECT_THAT(
      get("/refused"),
      HasSubstr("\r\n\r\n"
                R"({"exit_code":5,"message":"cannot reach host=db password=***","advice":"wait","sqlstate":"08006"})"));
}

TEST_F(ServerTest, TheClientThrowsWhatTheDaemonThrew) {
  start();
  const auto failure = failure_of([&] { ask(socket_path, {"GET", "/refused", ""}); });
  EXPECT_EQ(failure.exit(), ExitCode::kNotReady);
  EXPECT_EQ(failure.sqlstate(), "08006");
  EXPECT_EQ(failure.advice(), "wait");
}

TEST_F(ServerTest, WhatIsAskedAboutAnotherDatabaseIsRefusedByName) {
  start();
  server->serve_only("7391/16384", "shop");
  EXPECT_EQ(ask(socket_path, {"GET", "/metrics", "", "text/plain", "7391/16384"}).status, 200);
  EXPECT_EQ(ask(socket_path, {"GET", "/metrics", ""}).status, 200) << "who names none asks whichever is served";
  const auto failure = failure_of([&] { ask(socket_path, {"POST", "/v1/echo", "{}", "application/json", "7391/16385"}); });
  EXPECT_EQ(failure.exit(), ExitCode::kNotReady);
  EXPECT_THAT(failure.what(), HasSubstr("works on database shop, and not on the one that is meant"));
  EXPECT_THAT(std::string(failure.advice()), HasSubstr("--control PATH"));
}

TEST_F(ServerTest, ADefectInAHandlerEndsNothingButItsRequest) {
  start();
  EXPECT_THAT(get("/broken"), testing::AllOf(StartsWith("HTTP/1.1 500 "), HasSubstr("a defect")));
  EXPECT_THAT(get("/metrics"), StartsWith("HTTP/1.1 200 "));
}

TEST_F(ServerTest, ABodyBeyondTheLimitIsRefused) {
  Limits limits;
  limits.body = 100;
  start(limits);
  EXPECT_THAT(exchange(connect_unix(), request("POST", "/v1/echo", std::string(101, 'x'))),
              StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(exchange(connect_unix(), request("POST", "/v1/echo", std::string(100, 'x'))),
              StartsWith("HTTP/1.1 200 "));
}

TEST_F(ServerTest, EndlessHeadersAreRefused) {
  start();
  EXPECT_THAT(exchange(connect_tcp(), "GET /metrics HTTP/1.1\r\nX: " + std::string(10000, 'x')),
              StartsWith("HTTP/1.1 413 "));
}

TEST_F(ServerTest, WhatIsNotHttpIsHungUpOn) {
  start();
  EXPECT_EQ(exchange(connect_tcp(), "\x16\x03\x01 is how TLS begins\r\n\r\n"), "");
}

TEST_F(ServerTest, AnAnswerThatGoesOnIsSentAsItComesAndEndsWithTheServer) {
  start();
  auto socket = connect_tcp();
  asio::write(socket, asio::buffer(request("GET", "/count")));
  std::string answer;
  asio::read_until(socket, asio::dynamic_buffer(answer), "begin\n1\n2\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 "));
  hanging.get_future().wait();
  stop();
  EXPECT_EQ(rest_of(socket), "");
}

TEST_F(ServerTest, AnswersThatGoOnLeaveRoomForOthers) {
  Limits limits;
  limits.streams = 1;
  start(limits);
  auto socket = connect_tcp();
  asio::write(socket, asio::buffer(request("GET", "/count")));
  std::string answer;
  asio::read_until(socket, asio::dynamic_buffer(answer), "begin\n");
  EXPECT_THAT(get("/count"), StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(get("/metrics"), StartsWith("HTTP/1.1 200 "));
}

TEST_F(ServerTest, ABrowserIsToldToRunOurScriptsOnly) {
  start();
  EXPECT_THAT(get("/metrics"), HasSubstr("Content-Security-Policy: default-src 'none'; script-src 'self';"));
}

TEST_F(ServerTest, ASlowClientIsSentAway) {
  Limits limits;
  limits.patience = std::chrono::milliseconds(50);
  start(limits);
  EXPECT_EQ(exchange(connect_tcp(), "GET /metrics HTTP/1.1\r\nHos"), "");
  auto silent = connect_tcp();
  EXPECT_EQ(rest_of(silent), "");
}

TEST_F(ServerTest, AHandlerMayTakeLongerThanAClient) {
  Limits limits;
  limits.patience = std::chrono::milliseconds(50);
  start(limits);
  auto asking = connect_unix();
  asio::write(asking, asio::buffer(request("POST", "/v1/hang")));
  hanging.get_future().wait();
  // Another client's patience has run out meanwhile; this one is still served.
  auto silent = connect_unix();
  EXPECT_EQ(rest_of(silent), "");
  asking.non_blocking(true);
  char byte = 0;
  boost::system::error_code error;
  asking.read_some(asio::buffer(&byte, 1), error);
  EXPECT_EQ(error, asio::error::would_block);
}

TEST_F(ServerTest, OfObserversBeyondTheLimitTheOldestIsHungUpOnAndControlIsNot) {
  Limits limits;
  limits.sessions = 1;
  start(limits);
  auto first = connect_tcp();
  asio::write(first, asio::buffer(request("GET", "/hang")));
  hanging.get_future().wait();
  EXPECT_THAT(get("/metrics"), HasSubstr("crossfade_up 1\n"));
  EXPECT_EQ(rest_of(first), "");
  EXPECT_EQ(ask(socket_path, {"POST", "/v1/echo", "{}"}).body, "{}");
}

TEST_F(ServerTest, StoppingEndsConnectionsThatAreOpen) {
  start();
  auto silent = connect_tcp();
  auto halfway = connect_unix();
  asio::write(halfway, asio::buffer(std::string("POST /v1/echo HTTP/1.1\r\n")));
  get("/metrics");
  stop();
  EXPECT_EQ(rest_of(silent), "");
  EXPECT_EQ(rest_of(halfway), "");
}

TEST_F(ServerTest, StoppingEndsHandlersAtWorkAndTheirClientsAreInDoubt) {
  start();
  auto asked = std::async(std::launch::async, [&] {
    return failure_of([&] { ask(socket_path, {"POST", "/v1/hang", "{}"}); }).exit();
  });
  hanging.get_future().wait();
  stop();
  EXPECT_EQ(asked.get(), ExitCode::kOutcomeUnknown);
}

TEST_F(ServerTest, WhoOnlyAskedWhenTheDaemonEndedIsNotInDoubt) {
  start();
  auto asked = std::async(std::launch::async, [&] {
    return failure_of([&] { ask(socket_path, {"GET", "/hang", ""}); }).exit();
  });
  hanging.get_future().wait();
  stop();
  EXPECT_EQ(asked.get(), ExitCode::kNotReady);
}

TEST_F(ServerTest, TheSocketIsItsOwnersAlone) {
  start();
  struct stat found {};
  ASSERT_EQ(::stat(socket_path.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777U, 0600U);
}

TEST_F(ServerTest, ASecondDaemonIsToldWhichProcessServesTheSocket) {
  start();
  Server second(io, {});
  const auto failure = failure_of([&] { second.listen_unix(socket_path); });
  EXPECT_EQ(failure.exit(), ExitCode::kNotLeader);
  EXPECT_THAT(failure.what(), HasSubstr("process " + std::to_string(getpid()) + ","));
  EXPECT_EQ(ask(socket_path, {"POST", "/v1/echo", "{}"}).body, "{}");
}

TEST_F(ServerTest, ASocketThatAKilledDaemonLeftIsReplaced) {
  std::filesystem::create_directories(folder / "run");
  { const local::acceptor killed(io, local::endpoint(socket_path)); }
  ASSERT_TRUE(std::filesystem::exists(socket_path));
  start();
  EXPECT_EQ(ask(socket_path, {"POST", "/v1/echo", "{}"}).body, "{}");
}

TEST_F(ServerTest, AFileInTheSocketsPlaceIsLeftAlone) {
  std::filesystem::create_directories(folder / "run");
  std::ofstream(socket_path) << "precious";
  Server other(io, {});
  EXPECT_EQ(failure_of([&] { other.listen_unix(socket_path); }).exit(), ExitCode::kPrecondition);
  EXPECT_EQ(std::filesystem::file_size(socket_path), 8U);
}

TEST_F(ServerTest, TheSocketIsGoneAfterTheServer) {
  start();
  stop();
  server.reset();
  EXPECT_FALSE(std::filesystem::exists(socket_path));
}

TEST_F(ServerTest, WithoutADaemonTheClientSaysHowToStartOne) {
  const auto failure = failure_of([&] { ask(socket_path, {"POST", "/v1/echo", "{}"}); });
  EXPECT_EQ(failure.exit(), ExitCode::kNotReady);
  EXPECT_THAT(failure.advice(), HasSubstr("crossfade run"));
}

TEST_F(ServerTest, AnAddressInUseSaysWhatToDo) {
  start();
  Server second(io, {});
  const auto address = "127.0.0.1:" + std::to_string(server->tcp_port());
  const auto failure = failure_of([&] { second.listen_tcp(address); });
  EXPECT_EQ(failure.exit(), ExitCode::kPrecondition);
  EXPECT_THAT(failure.what(), HasSubstr(address));
  EXPECT_THAT(failure.advice(), HasSubstr("--http"));
}

TEST_F(ServerTest, AnAddressIsHostAndPort) {
  for (const auto* address : {"127.0.0.1:0", "localhost:0", ":0"}) {
    Server good(io, {});
    good.listen_tcp(address);
    EXPECT_GT(good.tcp_port(), 0) << address;
  }
  for (const auto* address :
       {"", "9187", "127.0.0.1", "127.0.0.1:", "127.0.0.1:port", "127.0.0.1:70000", "nowhere:1"}) {
    Server bad(io, {});
    EXPECT_EQ(failure_of([&] { bad.listen_tcp(address); }).exit(), ExitCode::kUsage) << address;
  }
}

}  // namespace
}  // namespace crossfade::api
