#include <fmt/format.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "support/move.h"
#include "support/terminal.h"

namespace crossfade::test {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;

/// What takes long is never mute, can be bounded, and keeps what it found.
class LongWorkTest : public testing::Test {
 protected:
  /// Waits for a table for as long as `holder` lives: so nothing here depends on how fast the machine is.
  std::unique_ptr<Sql> hold(const std::string& table) {
    auto holder = std::make_unique<Sql>(move.conninfo());
    holder->exec("begin; lock table " + table + " in access exclusive mode");
    return holder;
  }
  bool said(Program& program, const std::string& text) {
    return eventually([&] { return program.output().find(text) != std::string::npos; }, kLimit);
  }

  ~LongWorkTest() override { fs::remove_all(folder.parent_path()); }

  /// In a copy of the migration a file has another text at one place.
  void replace(const std::string& name, const std::string& was, const std::string& is) {
    if (!fs::exists(folder)) {
      fs::create_directories(folder.parent_path());
      fs::copy(test_migration("gym"), folder, fs::copy_options::recursive);
    }
    std::ifstream file(folder / name);
    std::string text{std::istreambuf_iterator<char>(file), {}};
    const auto place = text.find(was);
    ASSERT_NE(place, std::string::npos) << text;
    text.replace(place, was.size(), is);
    std::ofstream(folder / name) << text;
  }

  const fs::path folder = fs::path(testing::TempDir()) / fmt::format("long-work-{}", getpid()) / "gym";
  Move move{test_migration("gym")};
};

TEST_F(LongWorkTest, LintEndsWithItsTimeAndSaysThatItIsNotComplete) {
  const auto [exit, text] = move.call({"lint", "--for", "1ms"});
  EXPECT_EQ(exit, 10) << text;
  EXPECT_THAT(text, AllOf(HasSubstr("gym: its time was over "), HasSubstr("crossfade lint --for 30m takes longer")));
}

TEST_F(LongWorkTest, LintWithinItsTimeIsComplete) {
  const auto [exit, text] = move.call({"lint", "--json", "--for", "10m", "--samples", "2"});
  EXPECT_EQ(exit, 0) << text;
  EXPECT_THAT(text, AllOf(HasSubstr("\"complete\":true"), HasSubstr("\"ended_by\":\"\"")));
}

TEST_F(LongWorkTest, AFaultIsToldWhenItIsFoundAndNotAtTheEndAlone) {
  replace("migration.yaml", "exercises: {follow: {exercises: {id: id}, plans: {plan_id: id}}}", "exercises: {follow: {exercises: {id: id}, plans: {plan_id: duration}}}");
  move.sql().exec("alter table plans replica identity full");
  Terminal screen(move.command_line({"lint", "--migration", folder.string(), "--samples", "2"}), {{"TERM", "xterm"}});
  const auto shown = screen.to_end();
  const auto found = shown.find("found: exercises does not hear of changes of public.plans");
  EXPECT_NE(found, std::string::npos) << shown;
  EXPECT_THAT(shown, HasSubstr("\r\033[Klint "));
  EXPECT_LT(found, shown.find("the rules are not complete")) << shown;
}

/// A name that is put together no text has.
TEST_F(LongWorkTest, WhatAFunctionReadsIsComparedWhateverItIsDeclaredAs) {
  move.sql().exec("create function owner_of(plan int) returns text immutable language plpgsql as $$ declare found text; begin"
                  " execute format('select owner from public.%I where id = $1', 'plans') into found using plan; return found; end $$; analyze");
  replace("mapping.sql", "p.owner, e.title from public.exercises e join public.plans p on p.id = e.plan_id", "public.owner_of(e.plan_id) as owner, e.title from public.exercises e");
  replace("migration.yaml", "exercises: {follow: {exercises: {id: id}, plans: {plan_id: id}}}", "exercises: {follow: {exercises: {id: id}}}");
  const auto [exit, text] = move.call({"lint", "--migration", folder.string(), "--samples", "2"});
  EXPECT_EQ(exit, 4) << text;
  EXPECT_THAT(text, HasSubstr("exercises does not hear of changes of public.plans"));
}

TEST_F(LongWorkTest, CtrlCPrintsWhatIsKnown) {
  const auto holder = hold("exercises");
  auto lint = move.start({"lint", "--json"});
  ASSERT_TRUE(said(*lint, R"({"event":"progress","command":"lint")")) << lint->output();
  lint->signal(SIGINT);
  EXPECT_EQ(lint->exit_within(kLimit), 130) << lint->output();
  EXPECT_THAT(lint->output(), AllOf(HasSubstr("\"complete\":false"), HasSubstr("\"ended_by\":\"hand\"")));
}

TEST_F(LongWorkTest, AccountAndBackupSayWhatTheyWaitFor) {
  ASSERT_EQ(move.call({"prepare"}).first, 0);
  const auto holder = hold("exercises");
  for (const std::string command : {"account", "backup"}) {
    std::vector<std::string> words{command, "--json"};
    if (command == "backup") words.insert(words.end(), {"--dir", move.server().directory() / "held-backup"});
    auto program = move.start(words);
    ASSERT_TRUE(said(*program, R"({"event":"progress","command":")" + command)) << program->output();
    program->signal(SIGINT);
    EXPECT_EQ(program->exit_within(kLimit), 130) << program->output();
    EXPECT_THAT(program->output(), HasSubstr(R"({"command":")" + command + R"(","complete":false,"ended_by":"hand")"));
  }
}

TEST_F(LongWorkTest, AnImportAndACheckSayWhatTheyWaitFor) {
  move.sql().exec("create table landing (body jsonb)");
  const auto lines = move.server().directory() / "lines.ndjson";
  std::ofstream(lines) << "{}\n";
  replace("migration.yaml", "targets:", "checks: [{name: everything is there, when: before, sql: \"select 0 from exercises limit 1\"}]\ntargets:");
  const auto holder = hold("landing, exercises");
  for (const std::vector<std::string>& words : {std::vector<std::string>{"import", "landing", lines, "--json"}, {"check", "--json", "--migration", folder.string()}}) {
    auto program = move.start(words);
    ASSERT_TRUE(said(*program, R"({"event":"progress","command":")" + words.front())) << program->output();
    program->signal(SIGINT);
    EXPECT_EQ(program->exit_within(kLimit), 130) << program->output();
    EXPECT_THAT(program->output(), HasSubstr(R"({"command":")" + words.front() + R"(","complete":false,"ended_by":"hand")"));
  }
  EXPECT_EQ(Sql(move.conninfo()).value("select count(*) from pg_stat_activity where application_name like 'crossfade%' and wait_event_type = 'Lock'"), "0");
}

TEST_F(LongWorkTest, WaitSaysHowItIsMeanwhile) {
  auto wait = move.start({"wait", "--json", "--phase", "following"});
  ASSERT_TRUE(said(*wait, "crossfade prepare has not been yet")) << wait->output();
  ASSERT_EQ(move.call({"prepare"}).first, 0);
  ASSERT_TRUE(said(*wait, "phase prepared, and no daemon is at work, lag")) << wait->output();
  move.start_daemon();
  EXPECT_EQ(wait->exit_within(kLimit), 0) << wait->output();
  move.stop_daemon();
}

TEST_F(LongWorkTest, VerifyTellsWhatTheDaemonWaitsFor) {
  move.start_daemon();
  move.expect_caught_up();
  ASSERT_EQ(move.call({"pause"}).first, 0);
  move.sql().exec("update exercises set title = 'changed' where id = 17");
  auto verify = move.start({"verify", "--json"});
  ASSERT_TRUE(said(*verify, "rows that differ are looked at again")) << verify->output();
  verify->signal(SIGINT);
  EXPECT_EQ(verify->exit_within(kLimit), 130) << verify->output();
  EXPECT_THAT(verify->output(), AllOf(HasSubstr("\"complete\":false"), HasSubstr("target ")));
  ASSERT_EQ(move.call({"resume"}).first, 0);
  EXPECT_EQ(move.call({"verify"}).first, 0);
  move.stop_daemon();
}

TEST_F(LongWorkTest, TheHistoryOfTheLagOutlivesTheDaemon) {
  move.start_daemon();
  move.expect_caught_up();
  const auto samples = [&] { return std::stoi(move.sql().value("select count(*) from crossfade.lag_history where phase = 'following' and lag_seconds is not null")); };
  EXPECT_TRUE(eventually([&] { return samples() > 0; }, kLimit));
  move.stop_daemon();
  EXPECT_GT(samples(), 0);
}

}  // namespace
}  // namespace crossfade::test
