#include "pg/cutover/gym_writes.h"
#include "support/small_move.h"

namespace crossfade::test {
namespace {

/// Triggers that users made, on the side that follows: as under the server's own logical replication they do not fire.
class TriggersTest : public GymWrites {
 protected:
  TriggersTest() {
    move.sql().exec("create table log (line text);"
                    "create function shout() returns trigger language plpgsql as $$ begin new.title := new.title || '!'; return new; end $$;"
                    "create function note() returns trigger language plpgsql as $$ begin insert into public.log values (new.title); return null; end $$");
  }
  void make(const std::string& table) {
    move.sql().exec(fmt::format("create trigger shout before insert or update on {0} for each row execute function shout();"
                                "create trigger note after insert or update on {0} for each row execute function note()", table));
  }
  std::string title(const std::string& table) { return move.sql().value(fmt::format("select title from {} where id = 7", table)); }
  std::string logged() { return move.sql().value("select string_agg(line, ' ') from log"); }
};

/// Of v1's person v2 makes a human: no table takes the name.
TEST(TriggersOfAnotherNameTest, TriggersAndRulesOfATableThatNoneTakesTheNameOfAreNamed) {
  SmallMove move(SmallMigration{"create table person (id int primary key, x text); insert into person values (1, 'a');"
                                "create function nothing() returns trigger language plpgsql as 'begin return new; end';"
                                "create trigger stamp before insert on person for each row execute function nothing(); create rule tell as on delete to person do also notify gone",
                                "create table small_v2.human (id int primary key, x text)", "create view small_map.human as select id, x from public.person",
                                "sources: {person: {key: [id]}}\ntargets: {human: {}}\n"});
  const auto text = move.call({"plan"}).second;
  EXPECT_NE(text.find("trigger stamp of public.person: belongs to it; when the writes move it stays with the old table; no table of v2 has its name"), std::string::npos) << text;
  EXPECT_NE(text.find("rule tell on public.person: belongs to it; when the writes move it stays with the old table; no table of v2 has its name"), std::string::npos) << text;
}

TEST_F(TriggersTest, ThoseOfV1RestWhileItFollowsAndWakeWhenItIsWrittenAgain) {
  make("exercises");
  const auto [exit, plan] = move.call({"plan"});
  EXPECT_EQ(exit, 0) << plan;
  EXPECT_NE(plan.find("rest while crossfade writes the table, and wake once applications do: triggers note, shout"), std::string::npos) << plan;
  expect_done(flip("cutover"));
  move.sql().exec("update exercises set title = 'quiet' where id = 7");
  expect_v1_follows(move);
  EXPECT_EQ(title("exercises_v1"), "quiet");
  EXPECT_EQ(logged(), "");
  expect_done(flip("rollback"));
  move.sql().exec("update exercises set title = 'loud' where id = 7");
  EXPECT_EQ(title("exercises"), "loud!");
  EXPECT_EQ(logged(), "loud!");
  move.expect_equal();
}

TEST_F(TriggersTest, AFenceHoldsAgainstWhoCallsHimselfAReplica) {
  const auto refused = [&](const std::string& table) {
    move.sql().exec("set session_replication_role = replica");
    try {
      move.sql().exec("update " + table + " set title = 'lost' where id = 7");
    } catch (const std::exception& error) {
      move.sql().exec("reset session_replication_role");
      return std::string(error.what()).find("is filled by crossfade") != std::string::npos;
    }
    move.sql().exec("reset session_replication_role");
    return false;
  };
  EXPECT_TRUE(refused("gym_v2.exercises"));
  move.sql().exec("alter table gym_v2.exercises disable trigger all; alter table gym_v2.exercises enable trigger all");
  const std::string always = "select tgenabled = 'A' from pg_trigger where tgname = 'crossfade_fence' and tgrelid = 'gym_v2.exercises'::regclass";
  EXPECT_TRUE(eventually([&] { return move.sql().value(always) == "t"; }, kLimit)) << "what a restore leaves behind is mended";
  EXPECT_TRUE(refused("gym_v2.exercises"));
  expect_done(flip("cutover"));
  EXPECT_TRUE(refused("exercises_v1"));
}

TEST_F(TriggersTest, OneThatIsEnableAlwaysFiresAndIsNamed) {
  make("exercises");
  move.sql().exec("alter table exercises enable always trigger note");
  const auto plan = move.call({"plan"}).second;
  EXPECT_NE(plan.find("trigger note of public.exercises is enable always: it fires on what crossfade writes there"), std::string::npos) << plan;
  expect_done(flip("cutover"));
  move.sql().exec("update exercises set title = 'heard' where id = 7");
  expect_v1_follows(move);
  EXPECT_EQ(logged(), "heard");
}

TEST_F(TriggersTest, OneThatFiresOnWhatCrossfadeWritesIsInTheWay) {
  make("gym_v2.exercises");
  const auto [exit, text] = move.call(flip("cutover"));
  EXPECT_EQ(exit, 5) << text;
  EXPECT_NE(text.find("✗ trigger: trigger note of gym_v2.exercises fires on what crossfade writes there\n  mend: select crossfade.disable_triggers('gym', 'gym_v2.exercises')"),
            std::string::npos) << text;
  move.sql().exec("select crossfade.disable_triggers('gym', 'gym_v2.exercises')");
  // What it may have done to rows meanwhile is compared first.
  expect_done({"wait", "--phase", "following", "--timeout", "2min"});
  EXPECT_TRUE(eventually([&] { return move.sql().value("select count(*) from crossfade.shape_changes('gym')") == "0"; }, kLimit));
  prove();
  expect_done(flip("cutover"));
  move.sql().exec("update exercises set title = 'loud' where id = 7");
  expect_v1_follows(move);
  EXPECT_EQ(title("exercises_v1"), "loud!") << "an application writes v2, and its trigger has woken";
  expect_done(flip("rollback"));
  move.sql().exec("update exercises set title = 'quiet' where id = 7");
  move.expect_equal();
  EXPECT_EQ(title("gym_v2.exercises"), "quiet");
  EXPECT_EQ(logged(), "loud!");
}

TEST_F(TriggersTest, OneThatSomebodyTookAwayMeanwhileIsNoObstacle) {
  make("exercises");
  expect_done(flip("cutover"));
  move.sql().exec("drop trigger shout on exercises_v1");
  expect_done(flip("rollback"));
  EXPECT_EQ(move.sql().value("select string_agg(tgname || tgenabled::text, ' ') from pg_trigger where tgrelid = 'exercises'::regclass and not tgisinternal"), "noteO");
  EXPECT_EQ(move.sql().value("select count(*) from crossfade.disabled_trigger"), "0");
}

TEST_F(TriggersTest, CompleteLeavesV1WithItsTriggers) {
  make("exercises");
  expect_done(flip("cutover"));
  move.stop_daemon();
  expect_done({"complete", "--confirm", "gym"});
  EXPECT_EQ(move.sql().value("select count(*) from pg_trigger where tgrelid = 'exercises_v1'::regclass and not tgisinternal and tgenabled = 'O'"), "2");
}

}  // namespace
}  // namespace crossfade::test
