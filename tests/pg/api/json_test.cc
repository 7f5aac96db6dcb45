#include <fmt/format.h>
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "app/commands/commands.h"
#include "app/ephemeral/server_programs.h"
#include "pg/api/with_daemon.h"

namespace crossfade::test {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

/// What commands print with --json is what docs/replies.schema.json says, with what to do next.
class JsonTest : public WithDaemon {
 protected:
  /// The answer, which stands behind what was told meanwhile.
  std::string answer(std::vector<std::string> words, const std::string& definition, int exit = 0) {
    words.emplace_back("--json");
    const auto [ended, text] = move.call(words);
    EXPECT_EQ(ended, exit) << words.front() << ": " << text;
    std::string json;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
      if (line.starts_with('{') && !line.starts_with(R"({"event")")) json = line;
    }
    const auto file = server.directory() / "answer.json";
    std::ofstream(file) << json;
    const auto schema = std::string(CROSSFADE_REPLIES_SCHEMA) + "#" + definition;
    Program held({"/bin/sh", "-c", "exec python3 \"$1\" \"$2\" <\"$3\"", "sh", CROSSFADE_VALIDATE, schema, file}, server.directory() / "faults");
    EXPECT_EQ(held.exit_within(kLimit), 0) << words.front() << ": " << held.output() << text;
    return json;
  }
  static testing::Matcher<std::string> says_next(const std::string& step) { return HasSubstr(R"("next_steps":[")" + step); }
};

TEST_F(JsonTest, BeforeAnythingIsPrepared) {
  EXPECT_THAT(answer({"version"}, "version"), HasSubstr(R"("next_steps":[])"));
  EXPECT_THAT(answer({"plan"}, "plan"), says_next("crossfade lint"));
  EXPECT_THAT(answer({"lint", "--samples", "1"}, "lint"), HasSubstr(R"("next_steps":[])"));
  EXPECT_THAT(answer({"lint", "--for", "1ms"}, "lint", 10), says_next("crossfade lint --for 30m"));
  EXPECT_THAT(answer({"prepare", "--dry-run"}, "dry-run of prepare"), says_next("crossfade prepare"));
  EXPECT_EQ(move.call({"prepare"}).first, 0);
  EXPECT_THAT(answer({"prepare", "--dry-run"}, "dry-run of prepare"), says_next("crossfade run"));
}

TEST_F(JsonTest, BeforeTheBackfillWhatIsToBeAppliedBeginsWhereTheSlotDoes) {
  ASSERT_EQ(move.call({"prepare"}).first, 0);
  v1::Status before;
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(move.call({"status", "--json"}).second, &before).ok());
  EXPECT_EQ(before.phase(), "prepared");
  EXPECT_LE(before.lag().bytes().applied(), before.slot().retained_bytes()) << "not all that was ever written";
}

TEST_F(JsonTest, WhereAPlanHasToBeMended) {
  move.sql().exec("alter table plans replica identity nothing");
  EXPECT_THAT(answer({"plan"}, "plan", 3), says_next("crossfade plan --print-fixes | psql"));
}

TEST_F(JsonTest, WhatThePlanPrintsToMendMendsIt) {
  CROSSFADE_NEEDS("psql");
  move.sql().exec("alter table plans replica identity nothing; alter table exercises replica identity nothing");
  const auto [refused, fixes] = move.call({"plan", "--print-fixes", "--log-level", "error"});
  EXPECT_EQ(refused, 3) << fixes;
  const auto script = server.directory() / "fixes.sql";
  std::ofstream(script) << fixes;
  Program psql({client_program("psql").string(), "--no-psqlrc", "--set=ON_ERROR_STOP=1", "--quiet", "--file=" + script.string(), "--dbname=" + move.conninfo()}, server.directory() / "psql.log");
  EXPECT_EQ(psql.exit_within(kLimit), 0) << psql.output() << fixes;
  EXPECT_EQ(move.call({"plan"}).first, 0);
}

TEST_F(JsonTest, WhileItFollows) {
  start();
  EXPECT_THAT(answer({"verify"}, "verify"), HasSubstr(R"("next_steps":[])"));
  EXPECT_THAT(answer({"account"}, "account"), HasSubstr(R"("next_steps":[])"));
  answer({"check"}, "check");
  EXPECT_THAT(answer({"doctor"}, "doctor"), HasSubstr(R"("next_steps":[])"));
  EXPECT_THAT(answer({"throttle", "--sessions", "500"}, "throttle"), HasSubstr(R"("sessions":500)"));
  EXPECT_THAT(answer({"cutover", "reads", "--dry-run"}, "dry-run of a flip"), says_next("crossfade cutover reads"));
  EXPECT_THAT(answer({"cutover", "writes", "--dry-run"}, "dry-run of a flip"), says_next("crossfade cutover writes"));
  answer({"explain", "exercises", "6"}, "explain KEY");
  const auto cost = answer({"explain", "--target", "exercises"}, "explain TARGET");
  EXPECT_THAT(cost, HasSubstr(R"("key":"id )"));
  EXPECT_THAT(cost, HasSubstr("actual time="));
  EXPECT_THAT(answer({"amend", "--dry-run"}, "amend"), HasSubstr(R"("next_steps":[])"));
  EXPECT_THAT(answer({"history"}, "history"), HasSubstr(R"("how":"prepared")"));
  answer({"refresh", "exercises", "6"}, "keys changed: quarantine retry, quarantine accept, refresh");
  EXPECT_THAT(answer({"quarantine"}, "quarantine"), HasSubstr(R"({"keys":[],"next_steps":[]})"));
  move.stop_daemon();
}

TEST_F(JsonTest, WhatACommandDoesIsAnswered) {
  const std::string did = "did: prepare, pause, resume, complete, cancel";
  const std::string flip = "flip: cutover, rollback";
  const auto evidence = (server.directory() / "evidence").string();
  EXPECT_THAT(answer({"prepare"}, did), says_next("crossfade run: "));
  EXPECT_THAT(answer({"cutover", "reads"}, flip, 5), AllOf(HasSubstr(R"({"done":false,"action":"cutover reads","flip":"","percent":0,)"), HasSubstr(R"("in_the_way":[{"reason":"leader")"), says_next("crossfade run")));
  start();
  EXPECT_THAT(answer({"prepare"}, did), AllOf(HasSubstr(R"("message":"already prepared")"), says_next("crossfade run: ")));
  EXPECT_THAT(answer({"pause"}, did), says_next("crossfade resume"));
  answer({"resume"}, did);
  EXPECT_THAT(answer({"wait", "--phase", "following", "--lag", "60s"}, "wait"), HasSubstr(R"({"phase":"following","lag_seconds":)"));
  EXPECT_THAT(answer({"report"}, "report"), HasSubstr(R"(# Who did what)"));
  EXPECT_THAT(answer({"cutover", "writes", "--confirm", "gym"}, flip, 5), AllOf(HasSubstr(R"("writes":"v1","attempts":)"), HasSubstr(R"("reason":"verification")")));
  answer({"verify"}, "verify");
  answer({"account"}, "account");
  EXPECT_THAT(answer({"cutover", "reads", "--percent", "10"}, flip), AllOf(HasSubstr(R"("percent":10,"percent_before":0,"writes":"v1","attempts":1,"hold_milliseconds":null)"), says_next("crossfade cutover reads --dry-run")));
  EXPECT_THAT(answer({"rollback", "reads"}, flip), HasSubstr(R"("percent":0,"percent_before":10,)"));
  EXPECT_THAT(answer({"cutover", "writes", "--rehearse"}, flip), AllOf(HasSubstr(R"({"done":false,"action":"cutover writes","flip":"",)"), HasSubstr(R"("writes":"v1",)")));
  EXPECT_THAT(answer({"cutover", "writes", "--confirm", "gym", "--evidence", evidence}, flip), AllOf(HasSubstr(R"({"done":true,"action":"cutover writes","flip":")"), HasSubstr(R"("writes":"v2",)"), HasSubstr(evidence)));
  EXPECT_THAT(answer({"cutover", "writes", "--confirm", "gym"}, flip), AllOf(HasSubstr(R"({"done":true,"action":"cutover writes","flip":"",)"), HasSubstr(R"("writes":"v2",)")));
  EXPECT_THAT(answer({"complete", "--confirm", "gym"}, did), HasSubstr("stay under their names with _v1"));
  EXPECT_EQ(move.daemon().exit_within(kLimit), 0) << move.daemon_log();
}

TEST_F(JsonTest, WhatAPlanHasAgainstItIsAnsweredToo) {
  move.sql().exec("alter table plans replica identity nothing");
  for (const auto& words : std::vector<std::vector<std::string>>{{"lint"}, {"prepare"}, {"prepare", "--dry-run"}}) {
    EXPECT_THAT(answer(words, "plan", 3), says_next("crossfade plan --print-fixes | psql")) << words.back();
  }
}

/// Of a file of two queries, with the first keys of the plans.
class JsonProofTest : public JsonTest {
 protected:
  std::string written(const std::string& name, const std::string& text) {
    const auto file = server.directory() / name;
    std::ofstream(file) << text;
    return file.string();
  }
  std::string query(const std::string& on_v2) { return written("query.sql", "-- v1\nselect owner from plans where id = $1::int\n-- v2\n" + on_v2 + "\n-- keys\nselect id from plans limit 3\n"); }
  /// The yaml says one check more, in the folder that the migration has.
  std::string with_check(const std::string& when, const std::string& sql) {
    const auto folder = server.directory() / (when + "-checked") / "gym";
    std::filesystem::create_directories(folder);
    std::filesystem::copy(move.folder(), folder, std::filesystem::copy_options::recursive | std::filesystem::copy_options::overwrite_existing);
    std::ofstream(folder / "migration.yaml", std::ios::app) << "\nchecks: [{name: it holds, when: " << when << ", sql: \"" << sql << "\"}]\n";
    return folder.string();
  }
};

TEST_F(JsonProofTest, WhatAProofFindsSaysWhatToDo) {
  const auto after = with_check("after", "select 1");
  EXPECT_THAT(answer({"check", "--migration", after}, "check", 4), says_next("crossfade run --prepare: "));
  EXPECT_THAT(answer({"check", "--migration", with_check("before", "select 1")}, "check", 4), says_next("mend the rows of v1"));
  EXPECT_THAT(answer({"check", "--migration", with_check("before", "select 0")}, "check"), HasSubstr(R"("next_steps":[])"));
  start();
  EXPECT_THAT(answer({"check", "--migration", after}, "check", 4), says_next("crossfade verify: "));
  EXPECT_THAT(answer({"compare", "--query", query("select owner from plans where id = $1::int")}, "compare"), HasSubstr(R"("next_steps":[])"));
  EXPECT_THAT(answer({"compare", "--query", query("select 'nobody' as owner where $1 <> ''")}, "compare", 4), says_next("crossfade verify: "));
  EXPECT_THAT(answer({"explain", "exercises", "6"}, "explain KEY"), HasSubstr(R"("next_steps":[])"));
  move.stop_daemon();
  move.sql().exec("update exercises set title = 'nobody applies it' where id = 6");
  EXPECT_THAT(answer({"explain", "exercises", "6"}, "explain KEY", 4), says_next("crossfade run: "));
}

TEST_F(JsonProofTest, ThePageSaysThatTheDaemonsFolderIsAnotherOne) {
  ASSERT_EQ(move.call({"prepare"}).first, 0);
  const auto folder = with_check("after", "select 0");
  std::ofstream(folder + "/mapping.sql", std::ios::app) << "-- and more\n";
  const auto daemon = move.start({"run", "--migration", folder});
  const auto says_so = [&] {
    try {
      return get("/status").find("mapping.sql is not as the database has it") != std::string::npos;
    } catch (const Failure&) {
      return false;
    }
  };
  EXPECT_TRUE(eventually(says_so, kLimit)) << daemon->output();
  EXPECT_THAT(get("/status"), HasSubstr("crossfade amend --dry-run: mapping.sql is not what"));
  EXPECT_THAT(move.call({"status", "--json"}).second, Not(HasSubstr("mapping.sql"))) << "whoever asks has another folder";
}

/// What is edited in the folder is not in force before it is amended, and what has to be done is told so.
TEST_F(JsonProofTest, AFolderThatWasEditedIsToldWherePreparingOrMendingIsAsked) {
  const auto folder = with_check("after", "select 0");
  std::ofstream(folder + "/mapping.sql", std::ios::app) << "create or replace view gym_map.exercises as select e.id, e.plan_id, p.owner, e.title from public.exercises e join public.plans p on p.id = e.plan_id where e.id > 10;\n";
  ASSERT_EQ(move.call({"prepare", "--migration", folder}).first, 0);
  EXPECT_THAT(answer({"account", "--migration", folder}, "account", 4), says_next("public.exercises: mend the views, or name the rows in rejects.sql; then crossfade amend"));
  const std::string did = "did: prepare, pause, resume, complete, cancel";
  EXPECT_THAT(answer({"prepare", "--migration", folder}, did), says_next("crossfade run: "));
  std::ofstream(folder + "/mapping.sql", std::ios::app) << "-- mended\n";
  EXPECT_THAT(answer({"account", "--migration", folder}, "account", 4), says_next("crossfade amend --dry-run: mapping.sql is not as the database has it"));
  EXPECT_THAT(answer({"prepare", "--migration", folder}, did), AllOf(HasSubstr(R"("message":"already prepared")"), says_next("crossfade amend --dry-run")));
  EXPECT_THAT(move.call({"prepare", "--migration", folder}).second, HasSubstr("the folder is not what the migration was prepared with"));
}

TEST_F(JsonProofTest, WhatABackupLeavesToDo) {
  CROSSFADE_NEEDS("pg_dump");
  const auto folder = (server.directory() / "json-backup").string();
  EXPECT_THAT(answer({"backup", "--dir", folder}, "backup"), says_next("crossfade backup --verify --dir " + folder));
  EXPECT_THAT(answer({"backup", "--dir", folder, "--verify"}, "backup"), HasSubstr(R"("next_steps":[])"));
}

/// Whatever is asked, of whatever state: what comes to standard output is lines of JSON or nothing.
TEST_F(JsonProofTest, WhateverIsAskedForAsJsonIsNothingElse) {
  ASSERT_EQ(move.call({"prepare"}).first, 0);
  const std::map<std::string, std::vector<std::string>> needed = {
      {"init", {"drafted", "--from-schema", "public"}}, {"compare", {"--query", query("select owner from plans where id = $1::int")}}, {"refresh", {"exercises", "5"}}, {"explain", {"exercises", "5"}},
      {"import", {"nowhere", "a.json"}}, {"completion", {"bash"}}, {"wait", {"--phase", "prepared"}}, {"lint", {"--samples", "1"}}, {"backup", {"--dir", "kept"}}, {"cancel", {"--confirm", "gym"}}};
  const auto here = server.directory() / "asked";
  std::filesystem::create_directories(here);
  for (const auto& command : app::all_commands()) {
    // A daemon's results are in its log.
    if (command.name == "run") continue;
    std::vector<std::string> words;
    std::istringstream split(command.name);
    for (std::string word; split >> word;) words.push_back(word);
    if (needed.contains(command.name)) words.insert(words.end(), needed.at(command.name).begin(), needed.at(command.name).end());
    words.emplace_back("--json");
    std::string typed = "cd " + here.string() + " && ";
    for (const auto& word : move.command_line(words)) typed += "'" + word + "' ";
    Program asked({"/bin/sh", "-c", typed + " 2>errors | python3 -c 'import json, sys; [json.loads(line) for line in sys.stdin]'"}, here / "output");
    EXPECT_EQ(asked.exit_within(kLimit), 0) << command.name << ": " << asked.output();
    std::filesystem::remove(here / "output");
  }
}

TEST_F(JsonProofTest, WhatARehearsalHasMeasured) {
  CROSSFADE_NEEDS("pg_dump");
  EXPECT_THAT(answer({"rehearse"}, "rehearse"), AllOf(HasSubstr(R"("migration":"gym")"), HasSubstr(R"("backfilled_rows":1)"), HasSubstr(R"("checks_after_passed":true,"next_steps":[])")));
  const auto failing = with_check("after", "select 1");
  EXPECT_THAT(answer({"rehearse", "--migration", failing}, "rehearse", 4), says_next("crossfade check --when after: "));
}

/// Whatever fails, before the command line is read and after it.
TEST_F(JsonProofTest, WhatFailsIsOneObjectOnStandardError) {
  const std::string error = "error: what failed, on stderr";
  EXPECT_THAT(answer({"stauts"}, error, 2), AllOf(HasSubstr(R"("message":"unknown command stauts: did you mean status?")"), HasSubstr(R"("exit":2)")));
  EXPECT_THAT(answer({"status"}, error, 5), AllOf(HasSubstr(R"("what_to_do":"run `crossfade prepare`)"), HasSubstr(R"("exit":5)")));
  EXPECT_THAT(answer({"plan", "--source", server.conninfo("no_such_database")}, error, 3),
              AllOf(HasSubstr(R"("sqlstate":"3D000")"), HasSubstr(R"("what_to_do":"check the database's name in the connection")")));
  EXPECT_THAT(answer({"plan", "--source", "host=127.0.0.1 port=1 password=Topsecret"}, error, 6), AllOf(HasSubstr(R"("exit":6)"), Not(HasSubstr("Topsecret"))));
  EXPECT_THAT(answer({"plan", "--migration", "/nowhere"}, error, 2), HasSubstr("/nowhere"));
  // Nothing of it is in the way of a result.
  const auto file = server.directory() / "stdout";
  std::string typed;
  for (const auto& word : move.command_line({"status", "--json"})) typed += "'" + word + "' ";
  Program status({"/bin/sh", "-c", typed + " >" + file.string()}, server.directory() / "stderr");
  EXPECT_EQ(status.exit_within(kLimit), 5);
  EXPECT_EQ(std::filesystem::file_size(file), 0U);
  EXPECT_THAT(status.output(), testing::StartsWith(R"({"message":)"));
}

TEST_F(JsonProofTest, WhatAnImportLeavesToDo) {
  move.sql().exec("create table landing (id bigint generated always as identity primary key, body jsonb)");
  const auto good = written("good.ndjson", "{\"n\": 1}\n");
  const auto bad = written("bad.ndjson", "{\"n\": 1}\n{\n");
  EXPECT_THAT(answer({"import", "landing", good}, "import"), HasSubstr(R"("next_steps":[])"));
  EXPECT_THAT(answer({"import", "landing", bad}, "import", 4), says_next("mend the bad lines and import them alone"));
  move.sql().exec("alter table landing add digest text generated always as (md5(body::text)) stored; delete from landing a using landing b where a.id > b.id;"
                  "alter table landing add unique (digest)");
  EXPECT_THAT(answer({"import", "landing", bad}, "import", 4), says_next("mend the bad lines and import their file again"));
}

TEST_F(JsonTest, WhatIsRefusedSaysWhatToDo) {
  start();
  // The new table wants what the old one does not.
  move.sql().exec("alter table gym_v2.exercises add constraint short check (length(title) < 200); update exercises set title = repeat('x', 300) where id = 6");
  EXPECT_TRUE(eventually([&] { return move.sql().value("select count(*) from crossfade.quarantine") == "1"; }, kLimit));
  EXPECT_THAT(answer({"quarantine"}, "quarantine"), says_next("crossfade quarantine retry"));
  EXPECT_THAT(answer({"quarantine", "retry"}, "keys changed: quarantine retry, quarantine accept, refresh"), says_next("crossfade quarantine list"));
  EXPECT_THAT(answer({"quarantine", "accept", "6"}, "keys changed: quarantine retry, quarantine accept, refresh"), HasSubstr(R"("keys":1)"));
  EXPECT_THAT(answer({"quarantine"}, "quarantine"), HasSubstr(R"("next_steps":[])"));
  EXPECT_THAT(move.call({"quarantine"}).second, HasSubstr("accepted by"));
  move.stop_daemon();
}

TEST_F(JsonTest, WhatWaitsInTheDaemonsMemoryIsSeen) {
  start();
  EXPECT_THAT(answer({"explain", "exercises", "6"}, "explain KEY"), HasSubstr(R"("in_memory":0)"));
  // Whoever refreshes waits for the row, and what comes after it waits in memory.
  Sql holder(move.conninfo());
  holder.exec("begin; select from gym_v2.exercises where id = 6 for update");
  move.sql().exec("update exercises set title = 'first' where id = 6");
  const auto waits = [&] { return move.sql().value("select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'") == "1"; };
  EXPECT_TRUE(eventually(waits, kLimit));
  move.sql().exec("update exercises set title = 'second' where id = 6");
  EXPECT_TRUE(eventually([&] { return move.call({"explain", "exercises", "6"}).second.find("in the daemon's memory wait 1 changes") != std::string::npos; }, kLimit));
  holder.exec("rollback");
  move.expect_equal();
  move.stop_daemon();
  EXPECT_THAT(answer({"explain", "exercises", "6"}, "explain KEY"), HasSubstr(R"("in_memory":null)"));
}

TEST_F(JsonTest, ASecondDaemonStandsByAndTakesOver) {
  start();
  auto second = move.start({"run", "--standby", "--control", (server.directory() / "standby.sock").string()});
  EXPECT_TRUE(eventually([&] { return status().standbys_size() == 1; }, kLimit)) << second->output();
  EXPECT_THAT(move.call({"status"}).second, HasSubstr("\nstandby "));
  EXPECT_NE(status().leader(), status().standbys(0));
  move.stop_daemon();
  EXPECT_TRUE(eventually([&] { return move.sql().value("select count(*) from crossfade.leader where renewed_at > clock_timestamp() - interval '5 seconds'") == "1"; }, kLimit));
  EXPECT_TRUE(eventually([&] { return second->output().find("leading") != std::string::npos; }, kLimit)) << second->output();
  move.sql().exec("update exercises set title = 'by the second' where id = 6");
  EXPECT_TRUE(eventually([&] { return move.sql().value("select title from gym_v2.exercises where id = 6") == "by the second"; }, kLimit));
  second->signal(SIGTERM);
  EXPECT_EQ(second->exit_within(kLimit), 0) << second->output();
}

TEST_F(JsonTest, WhoKeepsTheBackfillFromALockIsNamed) {
  ASSERT_EQ(move.call({"prepare"}).first, 0);
  Sql holder(move.conninfo());
  holder.exec("begin; select count(*) from gym_v2.exercises");
  move.start_daemon();
  v1::Status told;
  const auto told_of = [&](const std::string& holders) {
    const auto [exit, line] = move.call({"status", "--json"});
    const bool read = exit == 0 && google::protobuf::util::JsonStringToMessage(line, &told).ok();
    return read && told.lock_waits_size() > 0 && told.lock_waits(0).holders().starts_with(holders);
  };
  const auto who = fmt::format("pid {} (postgres, idle in transaction, for ", holder.backend_pid());
  ASSERT_TRUE(eventually([&] { return told_of(who); }, kLimit)) << move.daemon_log();
  EXPECT_THAT(told.lock_waits(0).holders(), HasSubstr("begin; select count(*) from gym_v2.exercises"));
  EXPECT_THAT(told.next_steps(), Contains(HasSubstr(who)));
  EXPECT_THAT(move.call({"status"}).second, HasSubstr("\nwaits        "));
  holder.exec("rollback; begin; select count(*) from gym_v2.exercises; prepare transaction 'somebody''s'");
  EXPECT_TRUE(eventually([&] { return told_of("prepared transaction 'somebody''s' (postgres, for "); }, kLimit)) << move.daemon_log();
  holder.exec("rollback prepared 'somebody''s'");
  move.expect_equal();
  EXPECT_EQ(status().lock_waits_size(), 0);
  move.stop_daemon();
}

/// On a table, not on a row: nothing is done for the targets that are read from it, or that it is.
TEST_F(JsonTest, WhoHasATableLockedIsNamed) {
  start();
  Sql holder(move.conninfo() + " application_name='a report'");
  const auto waits = [&](const std::string& session, const std::string& who) {
    const auto told = status();
    return told.lock_waits_size() == 1 && told.lock_waits(0).session() == session && told.lock_waits(0).holders().starts_with(who);
  };
  const auto pid = fmt::format("pid {} (postgres, a report, idle in transaction, for ", holder.backend_pid());
  holder.exec("begin; lock table gym_v2.exercises in share mode");
  ASSERT_TRUE(eventually([&] { return waits("refresh of exercises", pid); }, kLimit)) << get("/status");
  EXPECT_GT(status().lock_waits(0).since(), 1e9);
  EXPECT_THAT(status().lock_waits(0).holders(), HasSubstr("lock table gym_v2.exercises in share mode"));
  move.sql().exec("update exercises set title = 'late' where id = 6");
  EXPECT_TRUE(eventually([&] { return metric(R"(crossfade_parked{migration="gym",target="exercises"})") == 1; }, kLimit));
  EXPECT_THAT(move.call({"status"}).second, AllOf(HasSubstr("\nwaits        refresh of exercises, for "), HasSubstr(pid)));
  EXPECT_THAT(move.call({"doctor"}).second, AllOf(HasSubstr("locked is exercises, by " + pid), HasSubstr("end, or wait for, who has the tables locked")));
  EXPECT_THAT(move.daemon_log(), HasSubstr("target waits for a table that another session has locked"));
  holder.exec("rollback; begin; lock table exercises in access exclusive mode; prepare transaction 'somebody''s'");
  EXPECT_TRUE(eventually([&] { return status().lock_waits_size() > 0 && status().lock_waits(0).holders().starts_with("prepared transaction 'somebody''s' (postgres, for "); }, kLimit)) << get("/status");
  EXPECT_THAT(move.call({"doctor"}).second, HasSubstr("by prepared transaction 'somebody''s'"));
  holder.exec("rollback prepared 'somebody''s'");
  move.expect_equal();
  EXPECT_EQ(status().lock_waits_size(), 0);
}

TEST_F(JsonTest, AStandbyThatLosesItsSessionStandsByAgain) {
  start();
  auto second = move.start({"run", "--standby", "--control", (server.directory() / "standby.sock").string()});
  EXPECT_TRUE(eventually([&] { return status().standbys_size() == 1; }, kLimit)) << second->output();
  EXPECT_EQ(move.sql().value("select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name like 'crossfade gym standby %'"), "1");
  EXPECT_TRUE(eventually([&] { return second->output().find("connection is made anew") != std::string::npos; }, kLimit)) << second->output();
  EXPECT_TRUE(eventually([&] { return status().standbys_size() == 1; }, kLimit)) << second->output();
  second->signal(SIGTERM);
  EXPECT_EQ(second->exit_within(kLimit), 0) << second->output();
  move.stop_daemon();
}

TEST_F(JsonTest, AStandbyEndsWhenItIsTold) {
  start();
  auto second = move.start({"run", "--standby", "--control", (server.directory() / "standby.sock").string()});
  EXPECT_TRUE(eventually([&] { return status().standbys_size() == 1; }, kLimit)) << second->output();
  second->signal(SIGTERM);
  EXPECT_EQ(second->exit_within(kLimit), 0) << second->output();
  EXPECT_TRUE(eventually([&] { return status().standbys_size() == 0; }, kLimit));
  move.stop_daemon();
}

TEST_F(JsonTest, AReportHasTheLagInSeconds) {
  start();
  const auto [exit, text] = move.call({"report"});
  EXPECT_EQ(exit, 0);
  EXPECT_THAT(text, Not(HasSubstr("lag          not known")));
  EXPECT_THAT(text, HasSubstr("\nlag          "));
  move.stop_daemon();
}

}  // namespace
}  // namespace crossfade::test
