#include <fmt/ranges.h>

#include <fstream>
#include <iterator>

#include "base/error/exit_code.h"
#include "pg/cutover/gym_writes.h"
#include "support/clients.h"

namespace crossfade::test {
namespace {

class WritesTest : public GymWrites {
 protected:
  /// All tables, indexes and sequences of both schemas.
  std::vector<std::string> names() {
    return move.sql().rows("select relkind, oid::regclass from pg_class where relnamespace in ('public'::regnamespace, 'gym_v2'::regnamespace) order by 1, oid::regclass::text");
  }

  /// What an application is told; "accepted" if nothing.
  std::string refusal(const std::string& statement) {
    try {
      move.sql().exec(statement);
      return "accepted";
    } catch (const std::runtime_error& error) {
      return error.what();
    }
  }
};

TEST_F(WritesTest, AfterTheCutoverV2IsWrittenAndV1Follows) {
  Clients clients(move.conninfo(), 4, 200);
  clients.expect_progress(100);
  expect_done(flip("cutover"));
  clients.expect_progress(100);
  clients.stop();
  EXPECT_EQ(direction(), "reverse");
  expect_v1_follows(move);
  EXPECT_EQ(move.sql().value(fmt::format("select count(*) from unnest('{{{}}}'::int[]) n where not exists (select from exercises e where e.id = n) "
                                         "or not exists (select from exercises_v1 e where e.id = n)", fmt::join(clients.written(), ","))), "0");
  EXPECT_EQ(move.sql().value("select crossfade.route('gym', 1)"), "v2");
  EXPECT_NE(refusal("update plans_v1 set owner = 'me'").find("Write the v2 tables"), std::string::npos);
  const auto [exit, text] = move.call({"lint"});
  EXPECT_EQ(exit, static_cast<int>(ExitCode::kPrecondition)) << text;
  EXPECT_NE(text.find("v2 owns the data"), std::string::npos) << text;
}

TEST_F(WritesTest, GoesThereAndBackAndThereAgainWithAllNamesAndRows) {
  const auto before = names();
  ASSERT_NE(move.sql().value("select count(*) from crossfade.chunk"), "0");
  expect_done(flip("cutover"));
  EXPECT_EQ(move.sql().value("select (select count(*) from crossfade.account) + (select count(*) from crossfade.chunk)"), "0");
  move.sql().exec("insert into plans values (500, 'of v2'); insert into weeks values (500, 1), (500, 2); update exercises set title = 'v2 was here' where id = 7");
  expect_v1_follows(move);
  expect_done(flip("rollback"));
  EXPECT_EQ(names(), before);
  EXPECT_EQ(move.sql().value("select owner || duration from plans where id = 500"), "of v22");
  EXPECT_EQ(move.sql().value("select title from exercises where id = 7"), "v2 was here");
  EXPECT_EQ(move.sql().value("select crossfade.route('gym', 1)"), "v1");
  move.sql().exec("update exercises set title = 'and v1 again' where id = 7");
  move.expect_equal();
  // What was proved of the other direction, or before it, is no proof for this one.
  EXPECT_EQ(move.sql().value("select (select count(*) from crossfade.account) + (select count(*) from crossfade.chunk)"), "0");
  const auto [refused, why] = move.call(flip("cutover"));
  EXPECT_EQ(refused, static_cast<int>(ExitCode::kNotReady));
  EXPECT_NE(why.find("✗ verification: v2 was never compared with v1 as a whole"), std::string::npos) << why;
  EXPECT_NE(why.find("✗ account: source rows were never counted"), std::string::npos) << why;
  prove();
  expect_done(flip("cutover"));
  EXPECT_EQ(move.sql().value("select title from exercises where id = 7"), "and v1 again");
  expect_v1_follows(move);
  EXPECT_EQ(move.sql().rows("select slot_name from pg_replication_slots where database = current_database()"), std::vector<std::string>{move.slot() + "_reverse"});
}

TEST_F(WritesTest, DryRunPrintsStepsAndChangesNothing) {
  const auto before = names();
  const auto [exit, text] = move.call({"cutover", "writes", "--dry-run"});
  EXPECT_EQ(exit, 0) << text;
  EXPECT_NE(text.find("hold: writers wait, readers go on; locks on public.plans, public.exercises."), std::string::npos) << text;
  EXPECT_NE(text.find("names: public.exercises, public.plans become public.exercises_v1, public.plans_v1"), std::string::npos) << text;
  EXPECT_NE(text.find("The hold is estimated at"), std::string::npos) << text;
  EXPECT_EQ(names(), before);
  EXPECT_EQ(move.sql().value("select count(*) from pg_replication_slots where slot_name like '%_reverse'"), "0");
}

TEST_F(WritesTest, DryRunOfWhatIsDoneSaysThatThereIsNothingToDo) {
  EXPECT_EQ(move.call({"rollback", "writes", "--dry-run"}), std::pair(0, std::string(" 1. nothing: the writes are on v1 already\n")));
  expect_done(flip("cutover"));
  EXPECT_EQ(move.call({"cutover", "writes", "--dry-run"}), std::pair(0, std::string(" 1. nothing: the writes are on v2 already\n")));
  EXPECT_NE(move.call({"rollback", "writes", "--dry-run"}).second.find("hold: writers wait"), std::string::npos);
}

TEST_F(WritesTest, ALongTransactionOnV1MakesItGiveUpCleanlyAndIsNamed) {
  Sql other(move.conninfo());
  other.exec("begin; update exercises set title = 'not yet' where id = 1");
  const auto [exit, text] = move.call(flip("cutover", {"--lock-timeout", "50ms"}));
  EXPECT_EQ(exit, static_cast<int>(ExitCode::kNotReady)) << text;
  EXPECT_NE(text.find(fmt::format("long transaction: pid {} ", other.backend_pid())), std::string::npos) << text;
  EXPECT_NE(text.find("update exercises set title = 'not yet'"), std::string::npos) << text;
  other.exec("commit");
  EXPECT_EQ(direction(), "forward");
  move.sql().exec("update plans set owner = 'still v1' where id = 1");
  move.expect_equal();
}

TEST_F(WritesTest, APreparedTransactionInTheWayIsNamed) {
  Sql other(move.conninfo());
  other.exec("begin; update exercises set title = 'not yet' where id = 1; prepare transaction 'of the night'");
  const auto [exit, text] = move.call(flip("cutover", {"--lock-timeout", "50ms"}));
  move.sql().exec("rollback prepared 'of the night'");
  EXPECT_EQ(exit, static_cast<int>(ExitCode::kNotReady)) << text;
  const auto holders = move.sql().value("select holders from crossfade.cutover_step where holders <> '' order by id limit 1");
  EXPECT_EQ(holders.find("prepared transaction 'of the night' (postgres, for "), 0U) << holders << text;
}

TEST_F(WritesTest, WhoHasWrittenForLongIsToldWithWhatEndsIt) {
  Sql other(move.conninfo()), session(move.conninfo());
  other.exec("begin; update exercises set title = 'not yet' where id = 1; prepare transaction 'of the night'");
  session.exec("begin; update exercises set title = 'not yet' where id = 2");
  const auto told = [&] {
    const auto text = move.call({"cutover", "writes", "--dry-run"}).second;
    return text.find("commit prepared 'of the night', or rollback prepared 'of the night'") != std::string::npos &&
           text.find("select pg_terminate_backend(" + session.value("select pg_backend_pid()") + ")") != std::string::npos;
  };
  EXPECT_TRUE(eventually(told, kLimit)) << move.call({"cutover", "writes", "--dry-run"}).second;
  session.exec("rollback");
  move.sql().exec("rollback prepared 'of the night'");
}

TEST_F(WritesTest, WhoStandsInTheWayIsEndedWhereThatIsAskedFor) {
  Sql other(move.conninfo());
  const auto pid = other.value("select pg_backend_pid()");
  other.exec("begin; update exercises set title = 'never' where id = 1");
  expect_done(flip("cutover", {"--lock-timeout", "50ms", "--terminate-blockers"}));
  EXPECT_THROW(other.exec("commit"), std::runtime_error);
  EXPECT_NE(move.sql().value("select title from exercises where id = 1"), "never");
  EXPECT_NE(move.sql().value("select string_agg(holders, '') from crossfade.cutover_step"), "");
  std::string kept;
  for (const auto& entry : std::filesystem::directory_iterator(evidence())) {
    std::ifstream file(entry.path());
    kept += std::string(std::istreambuf_iterator<char>(file), {});
  }
  EXPECT_NE(kept.find("pid " + pid + " (postgres, idle in transaction for "), std::string::npos) << kept;
  EXPECT_EQ(kept.find("'never'"), std::string::npos) << "what others ask stays in the database: " << kept;
}

TEST_F(WritesTest, AReaderWhoIsAboutToWriteGivesWayWhereThatIsAskedFor) {
  std::atomic<bool> stop = false;
  std::thread application([&] {
    auto own = std::make_unique<Sql>(move.conninfo());
    while (!stop) {
      try {
        own->exec("begin; select count(*) from exercises; select pg_sleep(0.02); update exercises set title = 'read first' where id = 3; commit");
      } catch (const std::runtime_error&) {
        own = std::make_unique<Sql>(move.conninfo());
      }
    }
  });
  const auto [exit, text] = move.call(flip("cutover", {"--lock-timeout", "50ms", "--terminate-blockers"}));
  stop = true;
  application.join();
  EXPECT_EQ(exit, 0) << text;
  EXPECT_EQ(direction(), "reverse");
  expect_v1_follows(move);
}

TEST_F(WritesTest, AFreeSlotIsAskedForBeforeAnybodyWaits) {
  move.sql().exec("select pg_create_physical_replication_slot('other_' || n) from generate_series(1, current_setting('max_replication_slots')::int"
                  " - (select count(*) from pg_replication_slots)) n");
  const auto [exit, text] = move.call(flip("cutover"));
  move.sql().exec("select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name like 'other_%'");
  EXPECT_EQ(exit, static_cast<int>(ExitCode::kNotReady)) << text;
  EXPECT_NE(text.find("replication slots are in use, and the flip makes one beside its own"), std::string::npos) << text;
  EXPECT_EQ(direction(), "forward");
  expect_done(flip("cutover"));
}

TEST_F(WritesTest, NothingHappensWhileAnythingStandsInTheWay) {
  move.sql().exec("create table exercises_v1 (); create table weeks ()");
  move.sql().exec("set crossfade.writer = 'gym'; delete from gym_v2.exercises where id = 5; reset crossfade.writer");
  EXPECT_EQ(move.call({"verify"}).first, static_cast<int>(ExitCode::kMismatch));
  const auto [exit, text] = move.call(flip("cutover"));
  EXPECT_EQ(exit, static_cast<int>(ExitCode::kNotReady)) << text;
  for (const auto* blocker : {"✗ drift: 1 rows", "✗ name taken: public.exercises_v1", "✗ name taken: public.weeks"}) {
    EXPECT_NE(text.find(blocker), std::string::npos) << blocker << " in " << text;
  }
  EXPECT_EQ(direction(), "forward");
}

/// Ids are the same numbers in every table.
TEST_F(WritesTest, AKeyIsAcceptedOfOneTargetAndThatCanBeTakenBack) {
  auto& sql = move.sql();
  sql.exec("update exercises set title = repeat('x', 50) where id = 9");
  ASSERT_TRUE(eventually([&] { return sql.value("select count(*) from crossfade.quarantine") == "1"; }));
  sql.exec("insert into crossfade.quarantine (migration, target, locator, key, sqlstate, message, next_at) values ('gym', 'weeks', E'plan_id by select p.id\n  from plans', '{9}', '23502', 'not here', 'infinity')");
  const auto accepted = [&] { return sql.value("select string_agg(target, ' ') from crossfade.quarantine where accepted_by is not null"); };
  const auto [exit, text] = move.call({"quarantine", "accept", "9"});
  EXPECT_EQ(exit, static_cast<int>(ExitCode::kUsage)) << text;
  EXPECT_NE(text.find("`crossfade quarantine accept exercises 9`, `crossfade quarantine accept weeks 9`"), std::string::npos) << text;
  EXPECT_EQ(accepted(), "");
  expect_done({"quarantine", "accept", "weeks", "9"});
  EXPECT_EQ(accepted(), "weeks");
  EXPECT_EQ(move.call({"quarantine", "withdraw", "exercises", "9"}).first, static_cast<int>(ExitCode::kUsage));
  expect_done({"quarantine", "withdraw", "weeks", "9"});
  EXPECT_EQ(accepted(), "");
  EXPECT_EQ(sql.value("select string_agg(action, ', ' order by id) from crossfade.audit where action like 'quarantine%'"), "quarantine accept, quarantine withdraw");
  const auto list = move.call({"quarantine", "list", "weeks"}).second;
  EXPECT_TRUE(list.starts_with("weeks plan_id by select p.id from plans 9  23502: not here  (tried 1 time since ")) << list;
  EXPECT_EQ(list.find("exercises"), std::string::npos) << list;
  expect_done({"quarantine", "retry", "weeks"});
}

TEST_F(WritesTest, AnAcceptedKeyIsWaivedByNameAndInTheEvidence) {
  move.sql().exec("update exercises set title = repeat('x', 50) where id = 9");
  ASSERT_TRUE(eventually([&] { return move.sql().value("select count(*) from crossfade.quarantine") == "1"; }));
  const auto [exit, text] = move.call(flip("cutover"));
  EXPECT_EQ(exit, static_cast<int>(ExitCode::kNotReady)) << text;
  EXPECT_NE(text.find("crossfade quarantine accept TARGET KEY"), std::string::npos) << text;
  expect_done({"quarantine", "accept", "9"});
  expect_done(flip("cutover"));
  std::string page;
  for (const auto& entry : std::filesystem::directory_iterator(evidence())) {
    using std::filesystem::perms;
    EXPECT_EQ(entry.status().permissions(), perms::owner_read | perms::owner_write) << entry.path();
    std::ifstream file(entry.path());
    if (entry.path().extension() == ".md") page += std::string(std::istreambuf_iterator<char>(file), {});
  }
  EXPECT_NE(page.find("* exercises: 1 keys, refused by 22001, accepted by"), std::string::npos) << page;
  EXPECT_NE(page.find("rows compared, 0 differed"), std::string::npos) << page;
  EXPECT_NE(page.find("| 1 | drain |"), std::string::npos) << page;
}

TEST_F(WritesTest, WithoutADaemonNothingIsFlippedAndDoctorSaysSo) {
  move.stop_daemon();
  EXPECT_EQ(move.call(flip("cutover")).first, static_cast<int>(ExitCode::kNotReady));
  const auto [exit, text] = move.call({"doctor"});
  EXPECT_EQ(exit, static_cast<int>(ExitCode::kNotReady));
  EXPECT_NE(text.find("v1 owns the data; no daemon keeps v2 true"), std::string::npos) << text;
}

TEST_F(WritesTest, ApplicationsAskWhoOwnsTheWrites) {
  auto& sql = move.sql();
  sql.exec("do $$ begin create role gym_asks; exception when duplicate_object then null; end $$");
  const auto owner = [&] { return sql.rows("set role gym_asks; select crossfade.owner('gym')").front(); };
  EXPECT_EQ(owner(), "v1");
  expect_done({"cutover", "reads"});
  EXPECT_EQ(owner(), "v1") << "readers have moved, writers have not";
  expect_done(flip("cutover"));
  EXPECT_EQ(owner(), "v2");
  try {
    sql.exec("select crossfade.owner('gim')");
    ADD_FAILURE() << "a slip of the keyboard would write the wrong side";
  } catch (const std::runtime_error& refused) {
    EXPECT_NE(std::string(refused.what()).find("there is no migration gim"), std::string::npos) << refused.what();
  }
  sql.exec("reset role");
  expect_done(flip("rollback"));
  EXPECT_EQ(owner(), "v1");
}

}  // namespace
}  // namespace crossfade::test
