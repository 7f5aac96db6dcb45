#include <csignal>
#include <fstream>
#include <sstream>
#include <utility>

#include "base/error/exit_code.h"
#include "pg/cutover/gym_writes.h"

namespace crossfade::test {
namespace {

namespace fs = std::filesystem;

/// Migration gym with a hook that writes down what it is called with, and does what the file `does` says.
fs::path hooked() {
  const auto folder = shared_server().directory() / "hooked" / "gym";
  fs::remove_all(folder.parent_path());
  fs::create_directories(folder);
  fs::copy(test_migration("gym"), folder);
  std::ofstream(folder / "migration.yaml", std::ios::app) << fmt::format(
      "cutover:\n  hook: echo $CROSSFADE_HOOK $1 $CROSSFADE_ACTION $CROSSFADE_MIGRATION >>{0}/calls; . {0}/does\n  hook_timeout: 500ms\n", folder.parent_path().string());
  std::ofstream(folder.parent_path() / "does").flush();
  return folder;
}

class HookTest : public GymWrites {
 protected:
  HookTest() : GymWrites(shared_server(), hooked()) {}

  void does(const std::string& script) { std::ofstream(file("does")) << script; }
  std::string calls() {
    std::ostringstream text;
    text << std::ifstream(file("calls")).rdbuf();
    return text.str();
  }
  std::string slots() { return move.sql().value("select count(*) from pg_replication_slots where database = current_database()"); }
  std::string steps() { return move.sql().value("select string_agg(step, ' ' order by id) from crossfade.cutover_step where outcome = 'done' and step in ('pause', 'hold', 'commit', 'resume', 'tidy')"); }
  fs::path file(const std::string& name) { return move.folder().parent_path() / name; }
  static constexpr auto kTimeout = static_cast<int>(ExitCode::kTimeout);
  static constexpr auto kBothWays = "pause pause cutover writes gym\nresume resume cutover writes gym\n"
                                    "pause pause rollback writes gym\nresume resume rollback writes gym\n";
};

TEST_F(HookTest, KeepsApplicationsWaitingFromBeforeTheHoldToTheCommit) {
  const auto [exit, plan] = move.call({"cutover", "writes", "--dry-run"});
  EXPECT_EQ(exit, 0) << plan;
  EXPECT_NE(plan.find("pause: the hook keeps applications waiting"), std::string::npos) << plan;
  EXPECT_EQ(calls(), "");
  // One attempt, on a busy machine too.
  expect_done(flip("cutover", {"--lock-timeout", "5s"}));
  EXPECT_EQ(steps(), "pause hold commit resume tidy");
  expect_done(flip("rollback", {"--lock-timeout", "5s"}));
  EXPECT_EQ(calls(), kBothWays);
  expect_done({"doctor"});
}

/// The hook may take its time, in which nobody has a lock.
TEST_F(HookTest, IsNoPartOfTheHold) {
  does("sleep 0.1");
  expect_done(flip("cutover", {"--lock-timeout", "5s"}));
  EXPECT_EQ(move.sql().value("select count(*) from crossfade.cutover_step where step in ('pause', 'resume') and not held and milliseconds > 100"), "2");
  const auto held = move.sql().value("select sum(milliseconds) from crossfade.cutover_step where held");
  const std::string name = "\"last_milliseconds\":";
  const auto plan = move.call({"rollback", "writes", "--dry-run", "--json"}).second;
  const auto at = plan.find(name);
  ASSERT_NE(at, std::string::npos) << plan;
  EXPECT_NEAR(std::stod(plan.substr(at + name.size())), std::stod(held), 0.001) << plan;
}

/// Asked between the flip and the turn of the daemon, which does not know the names of the new direction yet.
TEST_F(HookTest, AVerificationWaitsForTheDaemonToTurn) {
  for (const auto* group : {"cutover", "rollback"}) {
    does(fmt::format("[ $1 = pause ] || kill -STOP {}", move.daemon().pid()));
    expect_done(flip(group, {"--lock-timeout", "5s"}));
    const auto verify = move.start({"verify"});
    move.daemon().signal(SIGCONT);
    EXPECT_EQ(verify->exit_within(kLimit), 0) << verify->output();
  }
}

TEST_F(HookTest, LetsApplicationsGoWithEachAttemptThatGivesWay) {
  // Somebody reads at any time, and nobody for so long that the flip would name him.
  Sql one(move.conninfo());
  Sql other(move.conninfo());
  auto* reads = &one;
  auto* next = &other;
  reads->exec("begin; select count(*) from exercises");
  const auto command = move.start(flip("cutover", {"--lock-timeout", "10ms"}));
  ASSERT_TRUE(eventually([&] {
    next->exec("begin; select count(*) from exercises");
    reads->exec("commit");
    std::swap(reads, next);
    return command->output().find("attempt=2") != std::string::npos;
  }, kLimit)) << command->output();
  reads->exec("commit");
  EXPECT_EQ(command->exit_within(kLimit), 0) << command->output();
  EXPECT_EQ(calls().find("pause pause cutover writes gym\nresume resume cutover writes gym\npause pause cutover writes gym\nresume"), 0U) << calls();
}

TEST_F(HookTest, IsRehearsedToo) {
  expect_done({"cutover", "writes", "--rehearse"});
  EXPECT_EQ(calls(), "pause pause cutover writes gym\nresume resume cutover writes gym\n");
}

TEST_F(HookTest, ThatFailsOrDoesNotEndKeepsTheFlipFromHappening) {
  for (const auto& [script, said] : {std::pair{"[ $CROSSFADE_HOOK = resume ] || { echo no such pool; exit 7; }", "exit code 7: no such pool"},
                                     std::pair{"[ $CROSSFADE_HOOK = resume ] || sleep 600", "it did not end within 500 ms"}}) {
    does(script);
    fs::remove(file("calls"));
    const auto [exit, text] = move.call(flip("cutover"));
    EXPECT_EQ(exit, kTimeout) << text;
    EXPECT_NE(text.find("nothing has changed: the hook could not keep the applications waiting: " + std::string(said)), std::string::npos) << text;
    EXPECT_EQ(calls(), "pause pause cutover writes gym\nresume resume cutover writes gym\n");
    EXPECT_EQ(direction(), "forward");
    EXPECT_EQ(slots(), "1");
  }
  expect_done({"doctor"});
}

TEST_F(HookTest, ThatIsGivenUpDoesNotPauseLater) {
  does("[ $CROSSFADE_HOOK = resume ] || { sleep 600 & echo $! >" + file("begun").string() + "; wait; }");
  EXPECT_EQ(move.call(flip("cutover")).first, kTimeout);
  pid_t begun = 0;
  std::ifstream(file("begun")) >> begun;
  ASSERT_GT(begun, 0);
  EXPECT_TRUE(eventually([&] { return kill(begun, 0) != 0; }, kLimit)) << "what the hook had begun goes on";
}

TEST_F(HookTest, ThatCannotBeRunKeepsTheFlipFromHappening) {
  const auto command = move.start(flip("cutover"), {{"TMPDIR", file("nowhere").string()}});
  EXPECT_EQ(command->exit_within(kLimit), kTimeout) << command->output();
  EXPECT_NE(command->output().find("it could not be run: "), std::string::npos) << command->output();
  EXPECT_EQ(direction(), "forward");
}

TEST_F(HookTest, ThatCannotLetGoIsSaidAndCalledAgainByTheSameCommand) {
  does("[ $CROSSFADE_HOOK = pause ]");
  const auto [exit, text] = move.call(flip("cutover"));
  EXPECT_EQ(exit, kTimeout) << text;
  EXPECT_NE(text.find("could not let the applications go"), std::string::npos) << text;
  EXPECT_EQ(direction(), "reverse");
  const auto [sick, said] = move.call({"doctor"});
  EXPECT_NE(sick, 0);
  EXPECT_NE(said.find("while its hook kept the applications waiting"), std::string::npos) << said;
  does("");
  expect_done(flip("cutover"));
  EXPECT_EQ(calls(), "pause pause cutover writes gym\nresume resume cutover writes gym\nresume resume cutover writes gym\n");
  EXPECT_TRUE(eventually([&] { return move.call({"doctor"}).first == 0; }, kLimit)) << move.call({"doctor"}).second;
}

TEST_F(HookTest, OfACommandThatIsKilledIsKnownToDoctor) {
  const auto gate = move.server().directory() / "hook_gate";
  std::ofstream(gate).put('1');
  const auto command = move.start(flip("cutover"), {{"CROSSFADE_FAILPOINT", "barrier:" + gate.string()}});
  ASSERT_TRUE(eventually([&] { return command->output().find("failpoint") != std::string::npos; }, kLimit)) << command->output();
  command->signal(SIGTERM);
  EXPECT_TRUE(command->running()) << "the applications would go on waiting";
  command->signal(SIGKILL);
  command->exit_within(kLimit);
  fs::remove(gate);
  std::string said;
  const auto known = [&] {
    said = move.call({"doctor"}).second;
    return said.find("while its hook kept the applications waiting") != std::string::npos;
  };
  EXPECT_TRUE(eventually(known, kLimit)) << said;
  EXPECT_NE(said.find("crossfade rollback writes --confirm gym: v1 owns the data already, so it only lets them go"), std::string::npos) << said;
  expect_done(flip("rollback"));
  EXPECT_EQ(calls(), "pause pause cutover writes gym\nresume resume rollback writes gym\n");
  expect_done({"doctor"});
}

/// A flip is killed in the hold; then somebody takes the hook out of migration.yaml.
class HookTakenOutTest : public HookTest {
 protected:
  HookTakenOutTest() {
    const auto gate = move.server().directory() / "hook_gate";
    std::ofstream(gate).put('1');
    const auto command = move.start(flip("cutover"), {{"CROSSFADE_FAILPOINT", "barrier:" + gate.string()}});
    EXPECT_TRUE(eventually([&] { return command->output().find("failpoint") != std::string::npos; }, kLimit)) << command->output();
    command->signal(SIGKILL);
    command->exit_within(kLimit);
    fs::remove(gate);
    fs::copy(test_migration("gym") / "migration.yaml", move.folder() / "migration.yaml", fs::copy_options::overwrite_existing);
  }
};

TEST_F(HookTakenOutTest, IsKnownToDoctorAndItsOneNextStepGetsOut) {
  std::string said;
  const auto known = [&] {
    said = move.call({"doctor"}).second;
    return said.find("migration.yaml has no `cutover: hook:` any more") != std::string::npos;
  };
  ASSERT_TRUE(eventually(known, kLimit)) << said;
  EXPECT_NE(said.find("let the applications go by hand, as that hook did with CROSSFADE_HOOK=resume; then crossfade rollback writes --confirm gym"), std::string::npos) << said;
  const auto [exit, text] = move.call(flip("rollback"));
  EXPECT_EQ(exit, 0) << text;
  EXPECT_NE(text.find("if they still wait, let them go by hand"), std::string::npos) << text;
  EXPECT_EQ(calls(), "pause pause cutover writes gym\n") << "nobody could call it";
  expect_done({"doctor"});
  expect_done(flip("cutover"));
  EXPECT_EQ(direction(), "reverse");
}

}  // namespace
}  // namespace crossfade::test
