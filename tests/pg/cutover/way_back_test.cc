#include "pg/cutover/gym_writes.h"
#include "support/small_move.h"

namespace crossfade::test {
namespace {

/// What v1 demands and v2 does not.
class WayBackTest : public GymWrites {
 protected:
  WayBackTest() { move.sql().exec("alter table exercises add constraint short_title check (length(title) < 30)"); }

  std::string set_aside() { return move.sql().value("select count(*) from crossfade.quarantine"); }
};

TEST_F(WayBackTest, WhatV1DemandsAndV2DoesNotIsSaidBeforehand) {
  const auto text = move.call({"plan"}).second;
  EXPECT_NE(text.find("constraint short_title of public.exercises"), std::string::npos) << text;
  EXPECT_NE(text.find("CHECK ((length(title) < 30)); nothing of v2 demands it"), std::string::npos) << text;
  EXPECT_EQ(text.find("constraint exercises_plan_id_fkey of public.exercises"), std::string::npos) << "v2 has the like of it: " << text;
}

/// What has become of v2 since, as an application's own migrations leave it, is not what mapping.sql was written for.
TEST_F(WayBackTest, TablesOfV2ThatDoNotFitTheirViewsAnyMoreAreSaidBeforehand) {
  expect_done(flip("cutover"));
  expect_v1_follows(move);
  const auto plain = move.call({"rollback", "writes", "--dry-run"});
  EXPECT_EQ(plain.first, 0) << plain.second;
  EXPECT_EQ(plain.second.find("is parked"), std::string::npos) << plain.second;
  move.sql().exec("alter table weeks add gift int not null default 0; alter table weeks alter gift drop default");
  std::string text;
  const auto said = [&] {
    text = move.call({"rollback", "writes", "--dry-run"}).second;
    return text.find("target weeks, does not fit its view any more") != std::string::npos;
  };
  EXPECT_TRUE(eventually(said, kLimit)) << text;
  EXPECT_NE(text.find("is parked until it fits again: target weeks: the view has no column gift, which the table requires"), std::string::npos) << text;
  EXPECT_EQ(text.find("target exercises"), std::string::npos) << "that one fits: " << text;
  move.sql().exec("update exercises set title = 'v2 was here' where id = 7");
  expect_v1_follows(move);
  expect_done(flip("rollback"));
  EXPECT_TRUE(eventually([&] { return move.sql().value("select string_agg(target, ' ') from crossfade.parked") == "weeks"; }, kLimit));
  // Until a daemon leads in the new direction, that is what is said first.
  std::pair<int, std::string> doctor;
  const auto named = [&] {
    doctor = move.call({"doctor"});
    return doctor.second.find("parked is weeks") != std::string::npos;
  };
  EXPECT_TRUE(eventually(named, kLimit)) << doctor.second;
  EXPECT_EQ(doctor.first, 5) << doctor.second;
  EXPECT_EQ(move.sql().value("select title from exercises where id = 7"), "v2 was here");
}

/// A column that is called otherwise on the other side, and comes back by a cast.
TEST(WayBackOfAnotherNameTest, WhatV1DemandsIsFoundByWhatTheViewsTakeItFrom) {
  auto folder = write_down({"create table a (id int primary key, label varchar(5) not null, size int, at timestamp); insert into a select n, n, n, now() from generate_series(1, 5) n;",
                            "create table small_v2.a (id int primary key, title text, width numeric, moment timestamptz);",
                            "create view small_map.a as select id, label::text as title, size::numeric as width, at::timestamptz as moment from public.a;",
                            "sources: {a: {key: [id]}}\ntargets: {a: {}}\nreverse: {a: {}}\n"});
  write_way_back(folder, "create view small_unmap.a as select b.id, b.title::varchar(5) as label, b.width::int as size, b.moment::timestamp as at from (select * from small_v2.a) b;");
  SmallMove move(folder);
  move.follow();
  const auto text = move.call({"plan"}).second;
  EXPECT_NE(text.find("column label of public.a: not null; when the writes move it nothing of v2 demands it"), std::string::npos) << text;
  EXPECT_NE(text.find("column label of public.a: character varying(5), where v2 has text; when the writes move it nothing of v2 demands it"), std::string::npos) << text;
  EXPECT_NE(text.find("column size of public.a: integer, where v2 has numeric; when the writes move it nothing of v2 demands it"), std::string::npos) << text;
  EXPECT_EQ(text.find("column at of public.a"), std::string::npos) << text;
}

/// v2's orders are of a tenant each, and two tenants may have one number.
TEST(WayBackOfAnotherKeyTest, APrimaryKeyThatV2DoesNotDemandIsSaidBeforehand) {
  auto folder = write_down({"create table orders (id int primary key, tenant int not null, n int unique); create table lines (id int primary key, x text); insert into orders values (1, 1, 1); insert into lines values (1, 'a');",
                            "create table small_v2.orders (id int, tenant int, n int unique, primary key (tenant, id)); create table small_v2.lines (number int primary key, x text);",
                            "create view small_map.orders as select id, tenant, n from public.orders; create view small_map.lines as select id as number, x from public.lines;",
                            "sources: {orders: {key: [id]}, lines: {key: [id]}}\ntargets: {orders: {}, lines: {}}\nreverse: {orders: {}, lines: {}}\n"});
  write_way_back(folder, "create view small_unmap.orders as select id, tenant, n from small_v2.orders; create view small_unmap.lines as select number as id, x from small_v2.lines;");
  SmallMove move(folder);
  move.follow();
  const auto text = move.call({"plan"}).second;
  EXPECT_NE(text.find("unique index orders_pkey of public.orders"), std::string::npos) << text;
  EXPECT_EQ(text.find("unique index orders_n_key"), std::string::npos) << text;
  EXPECT_EQ(text.find("unique index lines_pkey"), std::string::npos) << "that one is called otherwise alone: " << text;
}

TEST_F(WayBackTest, RowsThatV1CannotTakeAreNamedByTheRollback) {
  expect_done(flip("cutover"));
  move.sql().exec("update exercises set title = repeat('x', 35) where id = 5; update exercises set title = 'fits' where id = 6");
  ASSERT_TRUE(eventually([&] { return set_aside() == "1"; }));
  const auto [exit, text] = move.call(flip("rollback"));
  EXPECT_EQ(exit, 3) << text;
  EXPECT_NE(text.find("✗ quarantine: v1 cannot take what v2 has: 1 keys are set aside (exercises 5: "), std::string::npos) << text;
  EXPECT_NE(text.find("short_title"), std::string::npos) << text;
  EXPECT_EQ(direction(), "reverse");
  move.sql().exec("update exercises set title = 'mended' where id = 5");
  ASSERT_TRUE(eventually([&] { return set_aside() == "0"; }));
  expect_done(flip("rollback"));
  EXPECT_EQ(move.sql().value("select string_agg(title, ' ' order by id) from exercises where id in (5, 6)"), "mended fits");
}

TEST_F(WayBackTest, RowsThatV1CannotTakeAreSetAsideWithTheirReasonWhereThatIsSaid) {
  expect_done(flip("cutover"));
  auto& sql = move.sql();
  // A column called as a statement calls its rows.
  sql.exec("alter table exercises add column s text default 'none'");
  sql.exec("update exercises set title = repeat('x', 35) where id = 5; insert into exercises values (5005, 3, 'me', repeat('y', 31)); update exercises set title = 'fits' where id = 6");
  ASSERT_TRUE(eventually([&] { return set_aside() == "2"; }));
  const auto [looked, plan] = move.call({"rollback", "writes", "--dry-run", "--set-aside"});
  EXPECT_EQ(looked, 0) << plan;
  EXPECT_EQ(sql.value("select to_regclass('gym_set_aside')"), "") << "a look writes nothing";
  move.sql().exec("alter default privileges grant select on tables to public");
  const auto [exit, text] = move.call(flip("rollback", {"--set-aside"}));
  EXPECT_EQ(exit, 0) << text;
  EXPECT_NE(text.find("2 keys that v1 cannot take are in public.gym_set_aside"), std::string::npos) << text;
  EXPECT_EQ(direction(), "forward");
  EXPECT_EQ(sql.rows("select target, key::text, sqlstate, reason like '%short_title%', relation, length(content ->> 'title') from gym_set_aside order by key"),
            (std::vector<std::string>{"exercises|{5005}|23514|t|\"gym_v2\".\"exercises\"|31", "exercises|{5}|23514|t|\"gym_v2\".\"exercises\"|35"}));
  EXPECT_EQ(sql.value("select string_agg(title, ' ' order by id) from exercises where id in (5, 6, 5005)"), "exercise 5 fits");
  EXPECT_EQ(sql.value("select detail #>> '{waived,0,accepted_by}' <> '' from crossfade.audit where action = 'rollback writes'"), "t");
  EXPECT_EQ(sql.value("select count(*) from pg_class c cross join aclexplode(c.relacl) a where c.oid = 'gym_set_aside'::regclass and a.grantee = 0"), "0")
      << "rows that were set aside are nobody else's to read";
  sql.exec("alter default privileges revoke select on tables from public");
  sql.exec("update exercises set title = 'v1 again' where id = 7");
  move.expect_caught_up();
}

/// By a refresh of what stands beside it, which v1 writes anew.
TEST_F(WayBackTest, ARowThatV1GoesWithoutIsKeptWhateverBecomesOfItInV2) {
  expect_done(flip("cutover"));
  auto& sql = move.sql();
  sql.exec("insert into exercises values (5005, 3, 'me', repeat('y', 31))");
  ASSERT_TRUE(eventually([&] { return set_aside() == "1"; }));
  EXPECT_EQ(move.call({"rollback", "writes", "--dry-run"}).second.find("set aside: "), std::string::npos);
  expect_done({"quarantine", "accept", "5005"});
  const auto plan = move.call({"rollback", "writes", "--dry-run"}).second;
  EXPECT_NE(plan.find("set aside: what v2 has of the 1 keys that v1 goes without, as somebody accepted, is kept in public.gym_set_aside"), std::string::npos) << plan;
  const auto [exit, text] = move.call(flip("rollback"));
  EXPECT_EQ(exit, 0) << text;
  EXPECT_NE(text.find("1 keys that v1 cannot take are in public.gym_set_aside"), std::string::npos) << text;
  EXPECT_EQ(sql.value("select content ->> 'title' from gym_set_aside where key = '{5005}'"), std::string(31, 'y'));
  EXPECT_NE(sql.value("select detail #>> '{waived,0,accepted_by}' from crossfade.audit where action = 'rollback writes'"), "");
  sql.exec("update plans set owner = 'z' where id = 3");
  move.expect_equal();
}

TEST_F(WayBackTest, ARowDeletedOnTheSideThatOwnsTheDataNeverComesBackOnTheOther) {
  auto& sql = move.sql();
  std::string gone = "1";
  for (int cycle = 0; cycle < 3; ++cycle) {
    SCOPED_TRACE(cycle);
    const auto take = [&] {
      const auto id = std::to_string(std::stoi(gone.substr(gone.rfind(' ') + 1)) + 1);
      sql.exec("delete from exercises where id = " + id);
      gone += ", " + id;
    };
    const auto left = [&](const char* table) { return sql.value(fmt::format("select count(*) from {} where id in ({})", table, gone.substr(3))); };
    take();
    move.expect_equal();
    prove();
    expect_done(flip("cutover"));
    EXPECT_EQ(left("exercises") + left("exercises_v1"), "00");
    take();
    expect_v1_follows(move);
    expect_done(flip("rollback"));
    EXPECT_EQ(left("exercises") + left("gym_v2.exercises"), "00");
    sql.exec("update exercises set day = 1; update plans set duration = 3");
    move.expect_equal();
    EXPECT_EQ(left("exercises") + left("gym_v2.exercises"), "00") << "not by a refresh of what stands beside it either";
  }
}

}  // namespace
}  // namespace crossfade::test
