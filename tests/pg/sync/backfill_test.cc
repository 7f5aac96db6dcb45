#include "support/major.h"
#include "support/move.h"
#include "support/small_move.h"

namespace crossfade::test {
namespace {

/// Chunks end while others are being cut off; none of them may swallow the rest.
TEST(BackfillTest, AChunkIsNeverMoreThanTwiceAsLargeAsWhatWasLearnedBeforeIt) {
  Move move(test_migration("ledger"));
  move.sql().exec("insert into entries select n, n % 100, n from generate_series(1, 100000) n; analyze entries");
  move.start_daemon();
  move.expect_equal();
  EXPECT_EQ(move.sql().value("select sum(rows) from crossfade.chunk where target = 'entries'"), "100000");
  EXPECT_EQ(move.sql().value("select count(*) from (select rows, row_number() over (order by low::int nulls first) as place from crossfade.chunk "
                             "where target = 'entries') chunk where rows > 500 * 2 ^ (place - 1)"),
            "0");
}

/// Notes of tenants, and visits that are counted by user and day, of which either may be missing.
SmallMigration of_several_columns() {
  return {
      "create table notes (tenant int, no int, body text, primary key (tenant, no));"
      "insert into notes select n % 2000, n, 'note ' || n from generate_series(1, 40000) n;"
      "create table visits (id int primary key, user_id int, day date); create index on visits (user_id, day); alter table visits replica identity full;"
      "insert into visits select n, nullif(n % 3000, 0), nullif(date '2026-01-01' + n % 7, '2026-01-03') from generate_series(1, 30000) n; analyze notes; analyze visits",
      "create table small_v2.notes (tenant int, no int, body text not null, primary key (tenant, no));"
      "create table small_v2.daily (id text primary key, user_id int, day date, visits int not null)",
      "create view small_map.notes as select tenant, no, body from public.notes;"
      "create view small_map.daily as select concat_ws('/', coalesce(user_id, 0), coalesce(day::text, 'some day')) as id, user_id, day, count(*)::int as visits"
      "  from public.visits group by user_id, day",
      "sources: {notes: {key: [tenant, no]}, visits: {key: [id]}}\n"
      "targets:\n  notes: {follow: {notes: {tenant: tenant, no: no}}}\n  daily: {follow: {visits: {user_id: user_id, day: day}}}\n"};
}

TEST(BackfillTest, ATargetWhoseRowsAreFoundBySeveralColumnsIsWalkedAlongOneOfThem) {
  Move move(write_down(of_several_columns()));
  move.start_daemon();
  move.expect_equal();
  for (const auto* target : {"notes", "daily"}) {
    EXPECT_GT(std::stoi(move.sql().value(std::string("select count(*) from crossfade.chunk where target = '") + target + "'")), 1) << target;
  }
  EXPECT_EQ(move.sql().value("select sum(rows) from crossfade.chunk where target = 'notes'"), "40000");
  // By difference, after a gap: rows that are gone, changed, and come, with a value to walk along and without.
  move.stop_daemon();
  move.sql().exec("select pg_drop_replication_slot('" + move.slot() + "'); delete from notes where tenant = 7; update notes set body = 'changed' where tenant = 8;"
                  "insert into notes values (9999, 1, 'beyond'); delete from visits where user_id is null and day = '2026-01-02'; insert into visits values (0, null, '2027-01-01')");
  move.start_daemon();
  move.expect_equal();
  EXPECT_EQ(move.sql().value("select visits from small_v2.daily where id = '0/2027-01-01'"), "1");
  EXPECT_EQ(move.sql().value("select count(*) from small_v2.notes where tenant = 7"), "0");
  move.stop_daemon();
}

TEST(BackfillTest, OfSeveralColumnsTheyAllNameTheRowThatIsSetAside) {
  Move move(write_down(of_several_columns()));
  move.sql().exec("update notes set body = null where tenant = 5 and no = 4005");
  move.start_daemon();
  move.expect_caught_up();
  EXPECT_EQ(move.sql().value("select string_agg(concat_ws(' ', target, locator, key, sqlstate), '; ') from crossfade.quarantine"), "notes tenant, no {5,4005} 23502");
  EXPECT_EQ(move.sql().value("select count(*) from small_v2.notes"), "39999");
  move.sql().exec("update notes set body = 'mended' where tenant = 5 and no = 4005");
  move.expect_equal();
  move.stop_daemon();
}

/// `plan` tries a small view whole, and some keys of a large one.
TEST(BackfillTest, AKeyThatAViewHasTwiceIsFoundByTheBuildOfThePrimaryKeyAndSetAside) {
  Move move(write_down({"create table orders (id int primary key, code text not null); insert into orders select n, 'code ' || n from generate_series(1, 40000) n;"
                        "update orders set code = 'code 30001' where id = 30002; create index on orders (code); alter table orders replica identity full; analyze orders",
                        "create table small_v2.codes (code text primary key, first_id int not null)",
                        "create view small_map.codes as select code, id as first_id from public.orders",
                        "sources: {orders: {key: [id]}}\ntargets: {codes: {follow: {orders: {code: code}}}}\n"}));
  move.start_daemon();
  move.expect_caught_up();
  EXPECT_EQ(move.sql().value("select string_agg(concat_ws(' ', target, locator, key, sqlstate), '; ') from crossfade.quarantine"), "codes code {\"code 30001\"} 21000");
  EXPECT_EQ(move.sql().value("select count(*) from small_v2.codes where code <> 'code 30001'"), "39998") << "the others are there";
  move.sql().exec("update orders set code = 'code 30002' where id = 30002");
  move.expect_equal();
  move.stop_daemon();
}

/// A daemon may end between building a foreign key, which is quick, and validating it.
TEST(BackfillTest, AForeignKeyThatAnEarlierLifeLeftUnvalidatedIsValidated) {
  Move move(test_migration("gym"));
  move.start_daemon();
  move.expect_equal();
  move.stop_daemon();
  move.sql().exec("alter table gym_v2.exercises drop constraint exercises_plan_id_fkey;"
                  "alter table gym_v2.exercises add constraint exercises_plan_id_fkey foreign key (plan_id) references gym_v2.plans not valid");
  move.start_daemon();
  EXPECT_TRUE(eventually([&] { return move.sql().value("select convalidated from pg_constraint where conname = 'exercises_plan_id_fkey'") == "t"; }, kLimit));
  move.expect_equal();
  move.stop_daemon();
}

/// After a gap the keys of a child may be tried before the comparison has brought its parent.
/// From PostgreSQL 18 on there are keys that the server is told not to hold: none of it can be validated, and no row has to hold it.
TEST(BackfillTest, AForeignKeyThatIsNotEnforcedStaysSoSince18) {
  CROSSFADE_NEEDS_MAJOR(18);
  SmallMove move({
      .v1 = "create table p (id int primary key); create table c (id int primary key, p_id int); insert into p select generate_series(1, 20);"
            "insert into c select n, n + 5 from generate_series(1, 20) n",
      .v2 = "create table small_v2.p (id int primary key); create table small_v2.c (id int primary key, p_id int references small_v2.p not enforced)",
      .mapping = "create view small_map.p as select * from public.p; create view small_map.c as select * from public.c",
      .rules = "sources: {p: {}, c: {}}\ntargets: {p: {}, c: {}}\n",
  });
  move.follow();
  EXPECT_EQ(move.sql().value("select conenforced from pg_constraint where conrelid = 'small_v2.c'::regclass and contype = 'f'"), "f");
  EXPECT_EQ(move.call({"cutover", "writes", "--dry-run"}).second.find("validate constraint"), std::string::npos);
  move.stop_daemon();
}

TEST(BackfillTest, WhatIsSetAsideIsTriedAsSoonAsAllTargetsAreFilledAnew) {
  Move move(test_migration("gym"));
  move.start_daemon();
  move.expect_equal();
  move.stop_daemon();
  move.sql().exec("insert into crossfade.quarantine (migration, target, locator, key, sqlstate, message, next_at) "
                  "values ('gym', 'exercises', 'id', '{7}', '23503', 'ran ahead of its parent', now() + interval '1 hour');"
                  "select pg_drop_replication_slot('" + move.slot() + "')");
  move.start_daemon();
  EXPECT_TRUE(eventually([&] { return move.sql().value("select count(*) from crossfade.quarantine") == "0"; }, kLimit));
  move.expect_equal();
  move.stop_daemon();
}

}  // namespace
}  // namespace crossfade::test
