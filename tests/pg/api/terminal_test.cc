#include <gmock/gmock.h>

#include <algorithm>

#include "support/move.h"
#include "support/terminal.h"

namespace crossfade::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

/// Begins every colour, and nothing else that we write but the clearing of the screen.
constexpr auto kColour = "\033[3";

class TerminalTest : public testing::Test {
 protected:
  TerminalTest() { EXPECT_EQ(move.call({"prepare"}).first, 0); }

  /// What `words` writes on a terminal where nothing is said against colours.
  std::string shown(const std::vector<std::string>& words, const Environment& more = {}) {
    Environment environment{{"TERM", "xterm"}, {"NO_COLOR", ""}};
    environment.insert(environment.end(), more.begin(), more.end());
    return Terminal(move.command_line(words), environment).to_end();
  }

  Move move{test_migration("gym")};
};

TEST_F(TerminalTest, ColoursAreForTerminalsAndForThoseWhoWantThem) {
  for (const std::string command : {"status", "plan"}) {
    EXPECT_THAT(shown({command}), HasSubstr(kColour)) << command;
    EXPECT_THAT(shown({command, "--no-color"}), Not(HasSubstr("\033"))) << command;
    EXPECT_THAT(shown({command}, {{"NO_COLOR", "1"}}), Not(HasSubstr("\033"))) << command;
    EXPECT_THAT(shown({command}, {{"TERM", "dumb"}}), Not(HasSubstr("\033"))) << command;
    EXPECT_THAT(move.call({command}).second, Not(HasSubstr("\033"))) << command;
  }
}

TEST_F(TerminalTest, WhatPlanFoundHasTheColourOfItsLevel) {
  EXPECT_THAT(shown({"plan"}), HasSubstr("\033[32mok  \033[0m  "));
  move.sql().exec("drop view gym_map.plans cascade");
  EXPECT_THAT(shown({"plan"}), HasSubstr("\033[31mFAIL\033[0m  target plans: "));
}

TEST_F(TerminalTest, AChecklistHasColoursToo) {
  const auto text = shown({"cutover", "reads", "--dry-run"});
  EXPECT_THAT(text, HasSubstr("\033[31m✗\033[0m leader: no daemon keeps v2 true\r\n  mend: crossfade run\r\n"));
  EXPECT_THAT(text, HasSubstr("\033[32m✓\033[0m quarantine: "));
}

TEST_F(TerminalTest, AWatchedStatusIsShownAnewWithItsColours) {
  Terminal screen(move.command_line({"status", "--watch"}), {{"TERM", "xterm"}, {"NO_COLOR", ""}});
  EXPECT_TRUE(screen.shows("\033[H\033[2Jmigration    gym\r\ndatabase     "));
  EXPECT_TRUE(screen.shows("\r\nphase        \033[33mprepared\033[0m, for "));
  Terminal plain(move.command_line({"status", "--watch"}), {{"TERM", "xterm"}, {"NO_COLOR", "1"}});
  EXPECT_TRUE(plain.shows("\r\nphase        prepared, for "));
}

TEST_F(TerminalTest, WhatIsWatchedHasNoEscapesWhereNobodyCouldReadThem) {
  Terminal dumb(move.command_line({"status", "--watch"}), {{"TERM", "dumb"}});
  EXPECT_TRUE(dumb.shows("\r\nprepared")) << "a line a second, as in a pipe";
  EXPECT_FALSE(dumb.has_shown("\033"));
  Terminal script(move.command_line({"status", "--watch", "--json"}), {{"TERM", "xterm"}});
  EXPECT_TRUE(script.shows("}\r\n{\"migration\":"));
  EXPECT_FALSE(script.has_shown("\033"));
}

TEST_F(TerminalTest, AWatchedStatusEndsWithItsReader) {
  std::string typed = "set -o pipefail; ";
  for (const auto& word : move.command_line({"status", "--watch"})) typed += "'" + word + "' ";
  Program pipe({"/bin/bash", "-c", typed + "| head -n 2"}, move.control().string() + ".lines");
  EXPECT_EQ(pipe.exit_within(kLimit), 0) << pipe.output();
  const auto lines = pipe.output();
  EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 2) << lines;
}

TEST_F(TerminalTest, EveryShortAnswerIsThereAsJson) {
  const auto answer = [&](std::vector<std::string> words) {
    words.emplace_back("--json");
    return move.call(std::move(words)).second;
  };
  EXPECT_EQ(answer({"quarantine"}), "{\"keys\":[],\"next_steps\":[]}\n");
  EXPECT_EQ(answer({"quarantine", "retry"}), "{\"keys\":0,\"next_steps\":[]}\n");
  EXPECT_EQ(answer({"refresh", "plans", "1", "2"}), "{\"keys\":2,\"next_steps\":[]}\n");
  EXPECT_EQ(answer({"throttle", "--sessions", "7", "--retained-wal", "8MB"}), "{\"sessions\":7,\"replica_lag_seconds\":null,\"retained_wal_bytes\":8388608,\"next_steps\":[]}\n");
  EXPECT_EQ(answer({"throttle"}), "{\"sessions\":7,\"replica_lag_seconds\":null,\"retained_wal_bytes\":8388608,\"next_steps\":[]}\n");
  EXPECT_THAT(answer({"doctor"}), AllOf(HasSubstr("{\"state\":\""), HasSubstr("\",\"next\":\"")));
  EXPECT_THAT(answer({"cutover", "reads", "--dry-run"}),
              AllOf(HasSubstr("{\"ready\":false,\"checklist\":[{\"reason\":\""), HasSubstr("\"fix\":\"crossfade run\""), HasSubstr("\"steps\":[\""), HasSubstr("\"hold\":null,\"next_steps\":[\"crossfade run\",\"crossfade verify\",\"crossfade account\"]}")));
  EXPECT_THAT(answer({"rollback", "reads", "--dry-run"}), HasSubstr("{\"ready\":true,\"checklist\":[],\"steps\":[\""));
  EXPECT_THAT(answer({"cutover", "writes", "--dry-run"}), AllOf(HasSubstr("{\"ready\":false,\"checklist\":["), HasSubstr("\"limit_milliseconds\":1000")));
  EXPECT_THAT(answer({"rollback", "writes", "--dry-run"}), HasSubstr("\"steps\":[\"nothing: the writes are on v1 already\"],\"inventory\":[],\"hold\":null,\"next_steps\":[]}"));
}

}  // namespace
}  // namespace crossfade::test
