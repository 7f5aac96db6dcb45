#include <fmt/format.h>

#include <string>
#include <vector>

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

}  // namespace
}  // namespace crossfade::test
