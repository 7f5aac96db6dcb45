#include "app/status/long_work.h"

#include <gmock/gmock.h>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <csignal>

namespace crossfade::app {
namespace {

using namespace std::chrono_literals;
namespace asio = boost::asio;

TEST(LongWork, ItsLineSaysWhatHowFarAndHowLong) {
  EXPECT_EQ(progress_line("verify", {"target 2 of 5: days", 25, 100}, 30), "verify 25 %, target 2 of 5: days, 30.0 s, about 90.0 s left");
  EXPECT_EQ(progress_line("verify", {"target 2 of 5: days", 25, 100}, 1), "verify 25 %, target 2 of 5: days, 1.0 s") << "too early to say what is left";
  EXPECT_EQ(progress_line("verify", {"target 2 of 5: days", 1, 100}, 30), "verify 1 %, target 2 of 5: days, 30.0 s") << "too little to say what is left";
  EXPECT_EQ(progress_line("lint", {"the views are filled into a sandbox"}, 4), "lint, the views are filled into a sandbox, 4.0 s");
  EXPECT_EQ(progress_line("lint", {"", 120, 100}, 4), "lint 100 %, 4.0 s") << "never over 100 %";
}

TEST(LongWork, ItsEventHasNullForWhatIsNotKnown) {
  EXPECT_EQ(progress_event("lint", {"change 3 of 9", 2, 8}, 30),
            R"({"event":"progress","command":"lint","what":"change 3 of 9","done":2,"all":8,"seconds":30,"eta_seconds":90})");
  EXPECT_EQ(progress_event("lint", {}, 0.5), R"({"event":"progress","command":"lint","what":"","done":0,"all":null,"seconds":0.5,"eta_seconds":null})");
}

asio::awaitable<void> last_for(std::chrono::milliseconds time, bool& done) {
  asio::steady_timer timer(co_await asio::this_coro::executor, time);
  co_await timer.async_wait(asio::use_awaitable);
  done = true;
}

TEST(LongWork, WhatEndsByItselfIsComplete) {
  bool done = false;
  LongWork work({}, "lint", 1min);
  EXPECT_EQ(work.to_end(last_for(1ms, done)), LongWork::Ended::kByItself);
  EXPECT_TRUE(done);
}

TEST(LongWork, ItEndsWithItsTimeAndSaysSo) {
  bool done = false;
  LongWork work({}, "lint", 1ms);
  const auto ended = work.to_end(last_for(1h, done));
  EXPECT_EQ(ended, LongWork::Ended::kTimeOver);
  EXPECT_FALSE(done);
  EXPECT_EQ(exit_code(ended), ExitCode::kTimeout);
}

TEST(LongWork, CtrlCEndsItAndItsExitCodeIsTheShells) {
  bool done = false;
  LongWork work({}, "lint");
  const auto interrupted = [](bool& was_done) -> asio::awaitable<void> {
    std::raise(SIGINT);
    auto rest = last_for(1h, was_done);
    co_await std::move(rest);
  };
  const auto ended = work.to_end(interrupted(done));
  EXPECT_EQ(ended, LongWork::Ended::kByHand);
  EXPECT_FALSE(done);
  EXPECT_EQ(static_cast<int>(exit_code(ended)), 130);
}

TEST(LongWork, WhatWasFoundUntilThenOutranksThatItWasEnded) {
  bool done = false;
  LongWork work({}, "account", 1ms);
  const auto ended = work.to_end(last_for(1h, done));
  work.at({"source 2 of 3: public.b", 1, 3});
  testing::internal::CaptureStdout();
  EXPECT_EQ(work.show_known(ended), ExitCode::kTimeout);
  EXPECT_THAT(testing::internal::GetCapturedStdout(), testing::HasSubstr("ended before it was done: account 33 %, source 2 of 3: public.b"));
  work.found("public.a: 2 of 9 rows are neither mapped nor rejected");
  testing::internal::CaptureStdout();
  EXPECT_EQ(work.show_known(ended), ExitCode::kMismatch);
  EXPECT_THAT(testing::internal::GetCapturedStdout(), testing::StartsWith("public.a: 2 of 9 rows"));
}

TEST(LongWork, AFailureOfItsOwnIsThrown) {
  LongWork work({}, "lint");
  const auto fails = []() -> asio::awaitable<void> {
    throw std::runtime_error("no");
    co_return;
  };
  EXPECT_THROW(work.to_end(fails()), std::runtime_error);
}

}  // namespace
}  // namespace crossfade::app
