#include <gmock/gmock.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "support/move.h"

namespace crossfade::test {
namespace {

using testing::HasSubstr;

int free_port() {
  using tcp = boost::asio::ip::tcp;
  boost::asio::io_context io;
  tcp::acceptor finder(io, {boost::asio::ip::address_v4::loopback(), 0});
  return finder.local_endpoint().port();
}

/// A daemon with its page, and Chromium that looks at it. A look fails on a message of an error in the browser and on anything
/// that is wider than the window.
class PageTest : public testing::Test {
 protected:
  void start() {
    move.start_daemon({"--http", "127.0.0.1:" + std::to_string(port)});
    move.expect_caught_up();
  }
  /// Opens the page and waits there until `expression` is true.
  Program& look(const std::string& expression, const std::vector<std::string>& more = {}) {
    std::vector<std::string> words{"/usr/bin/node", CROSSFADE_LOOK, "http://127.0.0.1:" + std::to_string(port) + "/", "--until", expression};
    words.insert(words.end(), more.begin(), more.end());
    const auto log = server.directory() / ("look-" + std::to_string(looks_.size()) + ".log");
    looks_.push_back(std::make_unique<Program>(words, log));
    return *looks_.back();
  }
  void expect_seen(Program& look) { EXPECT_EQ(look.exit_within(kLimit * 2), 0) << look.output(); }
  bool loaded(Program& look) {
    return eventually([&] { return look.output().starts_with("loaded\n") || !look.running(); }, kLimit) && look.running();
  }
  static std::string says(const std::string& part, const std::string& text) {
    return "document.querySelector('" + part + "').innerText.includes(`" + text + "`)";
  }

  ThrowawayServer server;
  Move move{test_migration("gym"), server};
  int port = free_port();

 private:
  std::vector<std::unique_ptr<Program>> looks_;
};

TEST_F(PageTest, ItShowsTheStateOfTheMigrationOnAScreenAndOnAPhone) {
  start();
  const auto whole = says("h1", "gym") + " && " + says("#phases [aria-current]", "following") + " && " + says("#targets", "exercises") + " && " +
                     says("#slot", "_gym") + " && " + says("#checklist", "crossfade verify") + " && " + says("#next", "crossfade account") +
                     " && document.querySelector('#lag svg').getAttribute('aria-label').includes('now')";
  expect_seen(look(whole));
  expect_seen(look(whole, {"--width", "360", "--scheme", "dark"}));
  move.stop_daemon();
}

TEST_F(PageTest, WhatHappensIsSeenWithoutLoadingThePageAgain) {
  start();
  auto& page = look(says("#audit", "pause") + " && " + says("#headline", "Held back by hand") + " && " + says("#proof", "0 drifted") + " && " +
                    says("#proof", "of 2 sources accounted for"));
  ASSERT_TRUE(loaded(page)) << page.output();
  EXPECT_EQ(move.call({"verify"}).first, 0);
  EXPECT_EQ(move.call({"account"}).first, 0);
  EXPECT_EQ(move.call({"pause"}).first, 0);
  expect_seen(page);
  EXPECT_EQ(move.call({"resume"}).first, 0);
  move.stop_daemon();
}

TEST_F(PageTest, AQuarantinedKeyIsShownWithItsReasonAndMarkupInItIsText) {
  move.sql().exec(R"(create function refuse() returns trigger language plpgsql as $$ begin
                       if new.title = 'bad' then raise exception '<script>document.title = "taken over"</script>'; end if; return new; end $$)");
  start();
  move.sql().exec("create trigger refuse before insert or update on gym_v2.exercises for each row execute function refuse()");
  move.sql().exec("update exercises set title = 'bad' where id = 17");
  const auto first = " && document.querySelector('#first #quarantine') && " + says("#headline", "1 key is refused; all else is up to date");
  expect_seen(look(says("#quarantine", "id 17") + " && " + says("#quarantine", "P0001: <script>document.title") +
                   " && !document.querySelector('#quarantine script') && document.title.startsWith('⚠ gym')" + first));
  // Trouble is in sight without scrolling, on a phone too.
  expect_seen(look("document.querySelector('#quarantine').getBoundingClientRect().top < 900 && " + says("#quarantine", "id 17"), {"--width", "390"}));
  move.stop_daemon();
}

TEST_F(PageTest, AfterTheDaemonWasAwayThePageGoesOnByItself) {
  start();
  auto& page = look("document.querySelector('#line').dataset.state === 'live'", {"--cut"});
  ASSERT_TRUE(loaded(page)) << page.output();
  move.stop_daemon();
  ASSERT_TRUE(eventually([&] { return page.output().find("cut\n") != std::string::npos; }, kLimit)) << page.output();
  start();
  expect_seen(page);
  move.stop_daemon();
}

TEST_F(PageTest, ADatabaseThatIsAwayIsSaidAndThenComesBack) {
  start();
  auto& page = look("(window.told = window.told || !document.querySelector('#trouble').hidden) && document.querySelector('#trouble').hidden");
  ASSERT_TRUE(loaded(page)) << page.output();
  auto& other = look("!document.querySelector('#trouble').hidden");
  ASSERT_TRUE(loaded(other)) << other.output();
  server.stop(ThrowawayServer::Stop::kImmediate);
  expect_seen(other);
  server.start();
  expect_seen(page);
  move.stop_daemon();
}

}  // namespace
}  // namespace crossfade::test
