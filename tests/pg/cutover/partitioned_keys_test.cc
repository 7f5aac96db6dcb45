#include "base/error/exit_code.h"
#include "support/flip.h"
#include "support/small_move.h"

namespace crossfade::test {
namespace {

/// Foreign keys of tables that stay and of v2's, where one side or the other is partitioned.
class PartitionedKeysTest : public testing::Test {
 protected:
  PartitionedKeysTest() {
    move.start_daemon();
    move.expect_equal();
    prove();
  }

  void prove() {
    expect_done({"verify"});
    expect_done({"account"});
  }
  void expect_done(const std::vector<std::string>& words) {
    const auto [exit, text] = move.call(words);
    EXPECT_EQ(exit, 0) << words.front() << ": " << text;
    EXPECT_EQ(text.find("foreign key log"), std::string::npos) << text;
  }
  std::vector<std::string> flip(const std::string& group) {
    return {group, "writes", "--confirm", "keys", "--evidence", (move.server().directory() / "evidence").string()};
  }
  /// Those that are nobody's part, one a line: of which table, what it says, whether it holds for old rows, its comment, on how many partitions it is.
  std::vector<std::string> keys(const std::string& named) {
    return move.sql().rows("select concat_ws(' ', k.conrelid::regclass, pg_get_constraintdef(k.oid), k.convalidated, obj_description(k.oid, 'pg_constraint'), "
                           "(select count(*) from pg_constraint p where p.conname = k.conname and p.conparentid <> 0 and p.confrelid = k.confrelid and p.convalidated)) "
                           "from pg_constraint k where k.contype = 'f' and k.conparentid = 0 and k.conname = '" + named + "' order by k.conrelid::regclass::text");
  }
  std::string open() { return move.sql().value("select (select count(*) from crossfade.unvalidated) + (select count(*) from crossfade.moved where kind = 'foreign key')"); }

  using Keys = std::vector<std::string>;
  Move move{test_migration("keys")};
};

TEST_F(PartitionedKeysTest, GoThereAndBackAndThereAgain) {
  auto& sql = move.sql();
  const auto log = keys("log 100%");
  ASSERT_EQ(log, Keys{"log FOREIGN KEY (person_id) REFERENCES persons(id) ON DELETE SET NULL DEFERRABLE t mine, 100% 4"});
  const auto notes = keys("notes_person");
  EXPECT_EQ(keys("persons 100%"), Keys{}) << "left out";
  const auto [exit, text] = move.call({"cutover", "writes", "--dry-run"});
  EXPECT_EQ(exit, 0) << text;
  EXPECT_NE(text.find("foreign key \"log 100%\" of public.log, refers to public.persons (id) · carried · in the flip: refers to public.persons, and is validated after the commit"),
            std::string::npos) << text;
  for (int cycle = 0; cycle < 2; ++cycle) {
    SCOPED_TRACE(cycle);
    expect_done(flip("cutover"));
    EXPECT_EQ(keys("log 100%"), log);
    EXPECT_EQ(keys("notes_person"), notes);
    EXPECT_EQ(keys("persons 100%"), Keys{"persons FOREIGN KEY (owner_id) REFERENCES owners(id) ON DELETE CASCADE t mine too, 100% 3"});
    EXPECT_EQ(keys("without_a_word"), Keys{"persons FOREIGN KEY (owner_id) REFERENCES owners(id) t 3"});
    EXPECT_EQ(keys("events_owner"), (Keys{"events FOREIGN KEY (owner_id) REFERENCES owners(id) ON DELETE CASCADE t 2", "events_v1 FOREIGN KEY (owner_id) REFERENCES owners(id) ON DELETE CASCADE t 2"}));
    EXPECT_EQ(sql.value("select count(*) from crossfade.unvalidated"), "0");
    const auto gone = std::to_string(cycle + 3);
    sql.exec("delete from owners where id = " + gone);
    EXPECT_EQ(sql.value("select (select count(*) from persons where owner_id = " + gone + ") + (select count(*) from events where owner_id = " + gone + ")"), "0");
    EXPECT_EQ(sql.value("select (select count(*) from notes where person_id % 10 + 1 = " + gone + ") + (select count(*) from log where person_id % 10 + 1 = " + gone + ")"), "0");
    EXPECT_THROW(sql.exec("insert into log values (0, 4711)"), std::runtime_error);
    expect_v1_follows(move);
    EXPECT_EQ(move.call({"rollback", "writes", "--dry-run"}).second.find("is parked"), std::string::npos);
    expect_done(flip("rollback"));
    EXPECT_EQ(keys("log 100%"), log);
    EXPECT_EQ(keys("notes_person"), notes);
    EXPECT_EQ(keys("persons 100%"), Keys{}) << "left out again";
    EXPECT_EQ(keys("events_owner"), Keys{"events FOREIGN KEY (owner_id) REFERENCES owners(id) ON DELETE CASCADE t 0"}) << "v2 was lent it";
    EXPECT_EQ(open(), "0");
    sql.exec("update persons set name = 'back' where id % 2 = 0");
    move.expect_equal();
    prove();
  }
}

TEST(PartitionKeysTest, OfATableThatStaysToAPartitionAloneIsSaidWithWhatMakesItAnew) {
  SmallMove move({"create table events (id int, day date, primary key (id, day)) partition by range (day);"
                  "create table events_24 partition of events for values from ('2024-01-01') to ('2025-01-01'); alter table events_24 add unique (id);"
                  "create table tags (event_id int constraint tagged references events_24 (id) on delete cascade);"
                  "insert into events select n, '2024-05-01' from generate_series(1, 20) n; insert into tags values (3)",
                  "create table small_v2.events (id int primary key, day date)", "create view small_map.events as select id, day from public.events",
                  "sources: {events: {key: [id, day]}}\ntargets: {events: {follow: {events: {id: id}}}}\n"});
  move.follow();
  const auto [exit, text] = move.call({"cutover", "writes", "--dry-run"});
  EXPECT_EQ(exit, static_cast<int>(ExitCode::kNotReady)) << text;
  EXPECT_NE(text.find("public.events_24 is a partition, whose place no single table takes"), std::string::npos) << text;
  EXPECT_NE(text.find("mend: alter table public.tags drop constraint tagged;  -- and after the move: alter table public.tags add constraint tagged "
                      "foreign key (event_id) references \"public\".\"events\" (id) ON DELETE CASCADE not valid"), std::string::npos) << text;
}

/// A row that breaks the key keeps one partition, and so the whole, from being validated.
class BrokenRowTest : public PartitionedKeysTest {
 protected:
  BrokenRowTest() {
    move.sql().exec("set session_replication_role = replica; insert into log values (0, 4711); reset session_replication_role");
    const auto [exit, text] = move.call(flip("cutover"));
    EXPECT_EQ(exit, 0) << text;
    EXPECT_NE(text.find("foreign key log 100% of public.log_1 is in force for new rows and not validated"), std::string::npos) << text;
    EXPECT_NE(text.find("Mend the rows, then: alter table public.log_1 validate constraint \"log 100%\""), std::string::npos) << text;
  }

  static Keys apart(const std::string& first) {
    Keys keys;
    for (const std::string leaf : {"log_1", "log_2_a", "log_2_b"}) {
      keys.push_back(leaf + " FOREIGN KEY (person_id) REFERENCES persons(id) ON DELETE SET NULL DEFERRABLE" + (leaf == "log_1" ? first : " t") + " mine, 100% 0");
    }
    return keys;
  }
  static Keys whole() { return {"log FOREIGN KEY (person_id) REFERENCES persons(id) ON DELETE SET NULL DEFERRABLE t mine, 100% 4"}; }
};

TEST_F(BrokenRowTest, IsSaidAndTheSameCommandFinishesOnceItIsMended) {
  EXPECT_EQ(keys("log 100%"), apart(" NOT VALID f"));
  EXPECT_THROW(move.sql().exec("insert into log values (250, 4712)"), std::runtime_error);
  std::pair<int, std::string> doctor;
  const auto named = [&] {
    doctor = move.call({"doctor"});
    return doctor.second.find("are not validated: \"log 100%\" of public.log") != std::string::npos;
  };
  EXPECT_TRUE(eventually(named, kLimit)) << doctor.second;
  EXPECT_NE(doctor.first, 0);
  move.sql().exec("delete from log where id = 0");
  expect_done(flip("cutover"));
  EXPECT_EQ(keys("log 100%"), whole());
  EXPECT_TRUE(eventually([&] { return move.call({"doctor"}).first == 0; }, kLimit)) << move.call({"doctor"}).second;
}

TEST_F(BrokenRowTest, GoesBackAsItIs) {
  move.sql().exec("delete from log where id = 0");
  EXPECT_EQ(move.call({"wait", "--phase", "following", "--timeout", "2min"}).first, 0);
  expect_done(flip("rollback"));
  EXPECT_EQ(keys("log 100%"), whole());
  EXPECT_EQ(open(), "0");
}

TEST_F(BrokenRowTest, IsSaidAtTheEndWithWhatFinishesIt) {
  const auto [exit, text] = move.call({"complete", "--confirm", "keys"});
  EXPECT_EQ(exit, 0) << text;
  for (const auto* each : {"alter table public.log_1 validate constraint \"log 100%\"",
                           "alter table public.log add constraint \"log 100%\" FOREIGN KEY (person_id) REFERENCES public.persons(id) ON DELETE SET NULL DEFERRABLE; "
                           "comment on constraint \"log 100%\" on public.log is 'mine, 100%'"}) {
    const auto at = text.find(std::string("and for old ones only after: ") + each);
    ASSERT_NE(at, std::string::npos) << each << " in " << text;
  }
  move.sql().exec("delete from log where id = 0; alter table log_1 validate constraint \"log 100%\"; "
                  "alter table log add constraint \"log 100%\" foreign key (person_id) references persons(id) on delete set null deferrable; "
                  "comment on constraint \"log 100%\" on log is 'mine, 100%'");
  EXPECT_EQ(keys("log 100%"), whole());
}

TEST_F(BrokenRowTest, AWriterWhoIsInTheWayOfTheWholeIsWaitedForByNobody) {
  move.sql().exec("delete from log where id = 0");
  Sql writer(move.conninfo());
  writer.exec("begin; insert into log values (0, 7)");
  const auto [exit, text] = move.call(flip("cutover"));
  EXPECT_EQ(exit, 0) << text;
  EXPECT_NE(text.find("foreign key log 100% of public.log is in force in each partition, and not in those to come: "), std::string::npos) << text;
  EXPECT_EQ(keys("log 100%"), apart(" t"));
  writer.exec("commit");
  expect_done(flip("cutover"));
  EXPECT_EQ(keys("log 100%"), whole());
}

TEST_F(PartitionedKeysTest, ThoseOfV2ThatWaitForTheWholeAreLeftOutToo) {
  auto& sql = move.sql();
  // Nobody checks this one.
  sql.exec("alter table owners disable trigger all; delete from owners where id = 9; alter table owners enable trigger all");
  const auto [exit, text] = move.call(flip("cutover"));
  EXPECT_EQ(exit, 0) << text;
  EXPECT_EQ(keys("persons 100%").size(), 2U) << "each partition has its own";
  EXPECT_EQ(keys("events_owner").size(), 3U);
  expect_v1_follows(move);
  expect_done(flip("rollback"));
  EXPECT_EQ(keys("persons 100%"), Keys{});
  EXPECT_EQ(keys("events_owner").size(), 1U);
  EXPECT_EQ(open(), "0");
  sql.exec("insert into owners values (9, 'again')");
  prove();
  expect_done(flip("cutover"));
  EXPECT_EQ(keys("persons 100%"), Keys{"persons FOREIGN KEY (owner_id) REFERENCES owners(id) ON DELETE CASCADE t mine too, 100% 3"});
}

}  // namespace
}  // namespace crossfade::test
