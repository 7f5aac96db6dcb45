#include <fmt/format.h>

#include <string>
#include <vector>

#include "support/major.h"
#include "support/small_move.h"

namespace crossfade::test {
namespace {

/// A load takes indexes off, so that what an index says to a row comes up only when all are there.

SmallMigration readings(const std::string& v2) {
  return {"create table reading (id int primary key, x int, t text); insert into reading select n, n, n::text from generate_series(1, 3000) n;"
          "update reading set x = 0 where id in (7, 2900); update reading set t = 'none' where id in (8, 7)",
          "create table small_v2.reading (id int primary key, x int, t text);" + v2, "create view small_map.reading as select * from public.reading",
          "sources: {reading: {key: [id]}}\ntargets: {reading: {follow: {reading: {id: id}}}}\n"};
}

/// Row 7 is refused by both indexes: by which first is as they were built, side by side.
void expect_set_aside_and_7(SmallMove& move, const std::vector<std::string>& others) {
  move.expect_caught_up();
  const auto as_expected = [&] {
    auto found = move.set_aside();
    std::erase_if(found, [](const std::string& line) { return line.starts_with("reading {7} "); });
    return move.set_aside().size() == others.size() + 1 && found == others;
  };
  EXPECT_TRUE(eventually(as_expected, kLimit)) << testing::PrintToString(move.set_aside());
}

void mended_one_by_one(SmallMove& move) {
  EXPECT_EQ(move.sql().value("select count(*) from small_v2.reading"), "2997");
  move.sql().exec("insert into reading values (3001, 3001, '1'), (3002, 0, '1')");
  EXPECT_TRUE(eventually([&] { return move.set_aside().size() == 4; }, kLimit)) << testing::PrintToString(move.set_aside());
  move.sql().exec("update reading set x = id, t = '1' where id in (7, 8, 2900); delete from reading where id = 3002");
  move.expect_equal();
  EXPECT_EQ(move.sql().value("select count(*) from crossfade.deferred where not built"), "0");
}

TEST(RaisingIndexTest, ARowForWhichAnIndexRaisesIsSetAsideAndTheOthersAreThere) {
  SmallMove move(readings("create index on small_v2.reading ((1 / x)); create index on small_v2.reading ((t::int)) where x <> 5"));
  move.start_daemon();
  expect_set_aside_and_7(move, {"reading {2900} 22012", "reading {8} 22P02"});
  mended_one_by_one(move);
}

TEST(RaisingIndexTest, WhateverAFunctionRaisesUnderAUniqueIndexOfAPartitionedTable) {
  const std::string odd =
      "create function small_v2.odd(x int, t text) returns int language plpgsql immutable as $$ begin"
      "  if x = 0 then raise exception 'no' using errcode = '57014'; end if;"
      "  if t = 'none' then raise exception 'no' using errcode = '40001'; end if; return x; end $$;";
  SmallMove move(readings("drop table small_v2.reading; create table small_v2.reading (id int primary key, x int, t text) partition by range (id);"
                          "create table small_v2.low partition of small_v2.reading for values from (0) to (1000);"
                          "create table small_v2.high (t text, x int, id int not null); alter table small_v2.reading attach partition small_v2.high for values from (1000) to (9999);" +
                          odd + "create index on small_v2.reading (small_v2.odd(x, t)); create unique index on small_v2.low (x, (1 / x))"));
  move.start_daemon();
  expect_set_aside_and_7(move, {"reading {2900} P0001", "reading {8} P0001"});
  mended_one_by_one(move);
}

TEST(RaisingIndexTest, RowsThatAgreeAndRowsThatRaiseUnderTheSameIndex) {
  SmallMove move(readings("create unique index on small_v2.reading ((x * 10 / x), (x % 1000000)) where id in (7, 10, 20, 2900)"));
  move.sql().exec("update reading set x = 20 where id = 10");
  move.start_daemon();
  move.expect_caught_up();
  EXPECT_TRUE(eventually([&] { return move.set_aside().size() == 3; }, kLimit)) << testing::PrintToString(move.set_aside());
  move.sql().exec("update reading set x = id");
  move.expect_equal();
}

TEST(RaisingIndexTest, StatisticsThatRaiseAreNoReasonToWait) {
  SmallMove move(readings("create statistics small_v2.rate on (1 / x), t from small_v2.reading"));
  move.start_daemon();
  move.expect_equal();
}

/// Its function asks a table that is not there.
SmallMove readings_without_rates() {
  return SmallMove(readings("create table small_v2.rates (n int); insert into small_v2.rates values (1);"
                            "create function small_v2.rate(x int) returns int language plpgsql immutable as $$ begin return x / (select n from small_v2.rates); end $$;"
                            "create index rated on small_v2.reading (small_v2.rate(x)); drop table small_v2.rates"));
}
constexpr auto kRates = "create table small_v2.rates (n int); insert into small_v2.rates values (1)";

TEST(RaisingIndexTest, AnIndexThatCannotBeMadeForAnyRowIsLeftOutAndNamedAndComesOnceItCan) {
  auto move = readings_without_rates();
  move.start_daemon();
  EXPECT_TRUE(move.logged("an index cannot be built"));
  move.expect_equal();
  EXPECT_NE(move.call({"cutover", "writes", "--dry-run"}).second.find("index rated of v2 is not there: its rows do not admit it"), std::string::npos);
  move.lose_the_slot_around(kRates);
  move.expect_equal();
  EXPECT_TRUE(eventually([&] { return move.sql().value("select to_regclass('small_v2.rated') is not null") == "t"; }, kLimit));
}

TEST(RaisingIndexTest, WhatWasLeftOutIsBuiltByTheNextDaemonOnce) {
  auto move = readings_without_rates();
  move.start_daemon();
  EXPECT_TRUE(move.logged("an index cannot be built"));
  move.expect_equal();
  move.stop_daemon();
  move.sql().exec(kRates);
  move.start_daemon();
  EXPECT_TRUE(eventually([&] { return move.sql().value("select to_regclass('small_v2.rated') is not null and bool_and(built) from crossfade.deferred") == "t"; }, kLimit))
      << move.daemon_log();
  move.expect_equal();
}

/// Rows that a unique index of v2 holds for the same, and the text of their columns does not.
TEST(RowsThatAgreeTest, AreFoundByTheOrderOfTheIndexAndWhatItHoldsNullsFor) {
  const bool nulls_may_agree = server_major() >= 15;
  SmallMove move({"create type pair as (a int, b int); create table tag (id int primary key, name text not null); insert into tag values (1, 'Apple'), (2, 'apple'), (3, 'pear');"
                  "create table two (id int primary key, a int, b int); insert into two values (1, 1, null), (2, 1, null), (3, 1, 2);"
                  "create table whole (id int primary key, p pair); insert into whole values (1, row(1, null)), (2, row(1, null)), (3, row(1, 1))",
                  "create collation small_v2.ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false);"
                  "create table small_v2.tag (id int primary key, name text not null); create unique index on small_v2.tag (name collate small_v2.ci);"
                  "create table small_v2.two (id int primary key, a int, b int" + std::string(nulls_may_agree ? ", unique nulls not distinct (a, b)" : "") + ");"
                  "create table small_v2.whole (id int primary key, p public.pair unique)",
                  "create view small_map.tag as select * from public.tag; create view small_map.two as select * from public.two; create view small_map.whole as select * from public.whole",
                  "sources: {tag: {key: [id]}, two: {key: [id]}, whole: {key: [id]}}\n"
                  "targets: {tag: {follow: {tag: {id: id}}}, two: {follow: {two: {id: id}}}, whole: {follow: {whole: {id: id}}}}\n"});
  move.start_daemon();
  const auto number = [&](const char* table) { return move.sql().value(std::string("select count(*) from small_v2.") + table); };
  ASSERT_TRUE(eventually([&] { return move.sql().value("select to_regclass('crossfade.migration')") != "" && move.sql().value("select phase from crossfade.migration") == "following"; }, kLimit))
      << move.daemon_log();
  EXPECT_TRUE(eventually([&] { return number("tag") == "2" && number("two") == (nulls_may_agree ? "2" : "3") && number("whole") == "2"; }, kLimit)) << move.daemon_log();
  EXPECT_EQ(move.sql().value("select count(*) from pg_index i join pg_class c on c.oid = i.indrelid where c.relnamespace = 'small_v2'::regnamespace and i.indisunique"), nulls_may_agree ? "6" : "5");
  move.sql().exec("delete from tag where id = 1; delete from two where id = 1; delete from whole where id = 1");
  EXPECT_TRUE(eventually([&] { return move.call({"quarantine", "retry"}).first == 0 && move.sql().value("select count(*) from crossfade.quarantine") == "0"; }, kLimit));
  move.expect_equal();
}

}  // namespace
}  // namespace crossfade::test
