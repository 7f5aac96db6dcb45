#include <gmock/gmock.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <csignal>
#include <filesystem>
#include <fstream>

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
  /// On a wide screen in the light, and in the dark on a phone.
  void expect_everywhere(const std::string& expression) {
    expect_seen(look(expression, {"--width", "1440", "--scheme", "light"}));
    expect_seen(look(expression, {"--width", "390", "--scheme", "dark"}));
  }
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

TEST_F(PageTest, HowLongAFlipMadeApplicationsWaitIsWhatTheFlipItselfSays) {
  start();
  EXPECT_EQ(move.call({"verify"}).first, 0);
  EXPECT_EQ(move.call({"account"}).first, 0);
  EXPECT_EQ(move.call({"cutover", "reads"}).first, 0);
  expect_seen(look(says("#step-log", "nobody was made to wait") + " && !document.querySelector('#step-log .held')"));
  const auto [exit, text] = move.call({"cutover", "writes", "--confirm", "gym", "--evidence", (server.directory() / "evidence").string(), "--lock-timeout", "5s"});
  ASSERT_EQ(exit, 0) << text;
  expect_everywhere(says("#step-log", "Applications waited ") + " && ['hold', 'barrier', 'names', 'commit'].every((step) => document.querySelector(`#step-log .held[title^=\"${step}: \"]`))"
                   " && ['way back', 'quiet', 'tidy'].every((step) => !document.querySelector(`#step-log .held[title^=\"${step}: \"]`)) && " + says("#phases [aria-current]", "writes on v2"));
  EXPECT_EQ(move.call({"rollback", "writes", "--confirm", "gym", "--evidence", (server.directory() / "evidence").string()}).first, 0);
  move.expect_caught_up();
  expect_seen(look(says("#figures", "; it counts no more") + " && " + says("#proof", "; it counts no more")));
  move.stop_daemon();
}

TEST_F(PageTest, WhatOfThatWhichIsFollowedIsAmissIsInTheHeadline) {
  start();
  move.sql().exec("alter publication crossfade_gym drop table plans");
  expect_everywhere(says("#headline", "does not have table public.plans") + " && " + says("#headline", "nothing is called up to date meanwhile") + " && " +
                    says("#wrong", "alter publication crossfade_gym add table public.plans"));
  move.sql().exec("alter publication crossfade_gym add table plans");
  expect_seen(look(says("#headline", "Following: v2 is the views over v1")));
  move.stop_daemon();
}

TEST_F(PageTest, WhoHoldsTheBackfillUpIsInTheHeadlineAndIsNoCommandToCopy) {
  ASSERT_EQ(move.call({"prepare"}).first, 0);
  Sql holder(move.conninfo());
  holder.exec("begin; select count(*) from gym_v2.exercises");
  move.start_daemon({"--http", "127.0.0.1:" + std::to_string(port)});
  expect_everywhere(says("#headline", "waits for a lock") + " && " + says("#wrong", "select count(*) from gym_v2.exercises") + " && " + says("#next", "who keeps") +
                    " && [...document.querySelectorAll('#next button')].every((button) => button.innerText.startsWith('crossfade ')) && " + says("#phases [aria-current]", "backfilling"));
  holder.exec("rollback");
  move.expect_caught_up();
  expect_seen(look(says("#headline", "Following: v2 is the views over v1")));
  move.stop_daemon();
}

TEST_F(PageTest, ATargetThatIsParkedIsToldWithItsKeysAndItsNextTry) {
  start();
  move.sql().exec("alter table gym_v2.exercises drop column title cascade; update exercises set title = 'bad' where id <= 20");
  expect_everywhere(says("#wrong", "xercises is refused as a whole") + " && " + says("#wrong", "next try ") + " && /keys? waits?.*since /.test(document.querySelector('#wrong').innerText)");
  move.stop_daemon();
}

TEST_F(PageTest, AFlipThatWasGivenUpIsShownWithItsLastAttempts) {
  start();
  EXPECT_EQ(move.call({"verify"}).first, 0);
  EXPECT_EQ(move.call({"account"}).first, 0);
  Sql reader(move.conninfo());
  reader.exec("begin; select count(*) from exercises");
  EXPECT_NE(move.call({"cutover", "writes", "--confirm", "gym", "--evidence", (server.directory() / "evidence").string(), "--lock-timeout", "10ms"}).first, 0);
  reader.exec("commit");
  expect_everywhere(says("#step-log", "; an attempt was given up.") + " && document.querySelector('#step-log .failed') && " + says("#step-log", "held by pid ") + " && " + says("#audit", "gave up"));
  move.stop_daemon();
}

TEST_F(PageTest, AFolderThatDiffersIsInTheHeadline) {
  ASSERT_EQ(move.call({"prepare"}).first, 0);
  const auto folder = server.directory() / "edited" / "gym";
  std::filesystem::create_directories(folder);
  std::filesystem::copy(move.folder(), folder, std::filesystem::copy_options::recursive);
  std::ofstream(folder / "mapping.sql", std::ios::app) << "-- and more\n";
  const auto daemon = move.start({"run", "--migration", folder.string(), "--http", "127.0.0.1:" + std::to_string(port)});
  expect_everywhere(says("#headline", "apping.sql is not as the database has it") + " && " + says("#wrong", "crossfade amend --dry-run"));
  daemon->signal(SIGTERM);
  EXPECT_EQ(daemon->exit_within(kLimit), 0) << daemon->output();
}

TEST_F(PageTest, TheHourOfTheDaemonBeforeComesToATabThatWasOpenAlready) {
  start();
  move.stop_daemon();
  move.sql().exec("insert into crossfade.lag_history (migration, at, lag_seconds, phase) select 'gym', clock_timestamp() - n * interval '1 minute', 0.5, 'following' from generate_series(20, 40) n");
  // It is read once this daemon leads; the tab has been told of what it sampled itself by then.
  Sql holder(move.conninfo());
  holder.exec("begin; lock table crossfade.lag_history in access exclusive mode");
  start();
  auto& page = look("samples.length > 20 && samples[0].at < last - 1800 && samples.every((sample, n) => n === 0 || samples[n - 1].at < sample.at)");
  ASSERT_TRUE(loaded(page)) << page.output();
  holder.exec("rollback");
  expect_seen(page);
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
