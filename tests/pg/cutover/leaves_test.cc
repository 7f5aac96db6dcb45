#include "pg/cutover/gym_writes.h"

namespace crossfade::test {
namespace {

/// What is said of a partition by itself, on either side. Both sides have a reading_2024_01.
class LeavesTest : public testing::Test {
 protected:
  void follow() {
    move.start_daemon();
    move.expect_equal();
    for (const auto* word : {"verify", "account"}) expect_done({word});
  }
  /// What the rows were made by is compared with what is there, and proved anew.
  void expect_as_it_was() {
    EXPECT_TRUE(eventually([&] { return sql.value("select count(*) from crossfade.shape_changes('partitions')") == "0"; }, kLimit));
    move.expect_equal();
    for (const auto* word : {"verify", "account"}) expect_done({word});
  }
  void expect_done(const std::vector<std::string>& words) {
    const auto [exit, text] = move.call(words);
    EXPECT_EQ(exit, 0) << fmt::format("{}: {}", fmt::join(words, " "), text);
  }
  std::vector<std::string> flip(const std::string& group) {
    return {group, "writes", "--confirm", "partitions", "--evidence", (move.server().directory() / "evidence").string()};
  }
  std::string state(const std::string& table) {
    return sql.value(fmt::format("select coalesce(string_agg(tgname || ' ' || tgenabled::text, ', ' order by tgname), 'none') from pg_trigger where tgrelid = '{}'::regclass and not tgisinternal", table));
  }
  /// Row triggers of the table have their like in each partition.
  void make_trigger(const std::string& table) {
    sql.exec(fmt::format("create or replace function public.nothing() returns trigger language plpgsql as 'begin return new; end';"
                         "create trigger stamp before insert on {} for each row execute function public.nothing()",
                         table));
  }
  void expect_fenced(const std::string& table) {
    EXPECT_TRUE(eventually([&] { return state(table).find("crossfade_fence A") != std::string::npos; }, kLimit)) << state(table);
  }

  Move move{test_migration("partitions")};
  Sql& sql = move.sql();
};

TEST_F(LeavesTest, WhatHangsOnAPartitionOfV1IsNamed) {
  sql.exec("do $$ begin create role leaf_reader; exception when duplicate_object then null; end $$;"
           "create view report as select value from reading_2024_01; create publication elsewhere for table reading_2024_02;"
           "create function counts() returns bigint language plpgsql as $$ begin return (select count(*) from reading_2024_01) + (select count(*) from reading_2024_02); end $$;"
           "create table archive (day date); insert into archive values ('2025-01-01'); grant select, update on reading_2024_01 to leaf_reader;"
           "alter table reading_2024_02 set (fillfactor = 70); comment on table reading_2024_02 is 'February';"
           "create function nothing() returns trigger language plpgsql as 'begin return new; end'; create trigger own before insert on reading_2024_01 for each row execute function nothing()");
  follow();
  sql.exec("create publication everything for all tables; create table reading_2031_01 partition of reading for values from ('2031-01-01') to ('2031-02-01'); alter table reading_2031_01 replica identity full;"
           "grant select on reading_2031_01 to leaf_reader");
  const auto text = move.call({"plan"}).second;
  for (const auto* each : {"view public.report: reads it: public.reading_2024_01", "publication elsewhere: publishes it: public.reading_2024_02",
                           "function public.counts(): its text names public.reading_2024_01, public.reading_2024_02; when the writes move it meets another table by that name",
                           "publication everything: publishes it with all others: public.customer, public.reading", "settings of public.reading_2024_02: fillfactor=70",
                           "comment on public.reading_2024_02: of the table", "grant to leaf_reader on partitions_v2.reading_2024_01: has it on v1; when the writes move it may select, update",
                           "grant to leaf_reader on public.reading_2031_01: may select on that partition alone; when the writes move it stays with the old partition: v2 has none of that name",
                           "trigger own of public.reading_2024_01"}) {
    EXPECT_NE(text.find(each), std::string::npos) << each << " in " << text;
  }
  sql.exec("drop publication everything, elsewhere; drop function counts; drop view report; drop table reading_2031_01");
  expect_as_it_was();
  expect_done(flip("cutover"));
  EXPECT_EQ(sql.value("select has_table_privilege('leaf_reader', 'reading_2024_01', 'update')::text || has_table_privilege('leaf_reader', 'reading', 'select')"), "truefalse");
}

TEST_F(LeavesTest, TheTriggerOfAPartitionThatWasMadeMeanwhileWakesWithItsTables) {
  sql.exec("");
  follow();
  make_trigger("partitions_v2.reading");
  sql.exec("select crossfade.disable_triggers('partitions', 'partitions_v2.reading'); alter table partitions_v2.reading_2024_02 disable trigger stamp;"
           "delete from crossfade.disabled_trigger where relation = 'partitions_v2.reading_2024_02'::regclass");
  sql.exec("create table partitions_v2.reading_2024_03 partition of partitions_v2.reading for values from ('2024-03-01') to ('2024-04-01')");
  expect_fenced("partitions_v2.reading_2024_03");
  // This one nobody has seen yet when the writes move.
  expect_as_it_was();
  expect_done(flip("cutover"));
  EXPECT_EQ(state("reading"), "stamp O");
  EXPECT_EQ(state("reading_2024_01_a"), "stamp O");
  EXPECT_EQ(state("reading_2024_03"), "stamp O") << "it was asleep because its table's was";
  EXPECT_EQ(state("reading_2024_02"), "stamp D") << "somebody disabled that one by itself";
}

TEST_F(LeavesTest, APartitionThatIsDetachedIsItsOwners) {
  make_trigger("reading_2024_01");
  follow();
  sql.exec("delete from reading_2024_02");
  move.expect_equal();
  sql.exec("alter table partitions_v2.reading detach partition partitions_v2.reading_2024_02");
  EXPECT_TRUE(eventually([&] { return state("partitions_v2.reading_2024_02") == "none"; }, kLimit)) << "nothing fills it any more";
  expect_as_it_was();
  expect_done(flip("cutover"));
  EXPECT_EQ(state("reading_2024_01_v1"), "crossfade_fence A, stamp D");
  sql.exec("alter table reading_v1 detach partition reading_2024_01_v1");
  expect_done({"complete", "--confirm", "partitions"});
  EXPECT_EQ(state("reading_2024_01_v1"), "stamp O");
  EXPECT_NO_THROW(sql.exec("delete from reading_2024_01_v1"));
}

}  // namespace
}  // namespace crossfade::test
