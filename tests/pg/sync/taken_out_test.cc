#include <fmt/format.h>

#include <string_view>

#include "support/major.h"
#include "support/small_move.h"

namespace crossfade::test {
namespace {

/// Rows that others refer to, and whose places nothing can stand in for, so that they are taken out with whoever refers to them.

const char* const kParentAndChildren =
    "sources: {c: {key: [id]}, r: {key: [id]}, g: {key: [id]}}\n"
    "targets: {c: {follow: {c: {id: id}}}, r: {follow: {r: {id: id}}}, g: {follow: {g: {id: id}}}}\n";

/// `columns` of c in v1, a row's values, and what v2 makes of them; r refers to c by `action`, and g to r.
SmallMigration referred(const std::string& columns, const std::string& values, const std::string& in_v2, const std::string& action) {
  return {"create extension btree_gist; create table c (id int primary key, " + columns + "); create table r (id int primary key, c_id int); create table g (id int primary key, r_id int);"
          "insert into c select n, " + values + " from generate_series(1, 40) n; insert into r select n, n % 40 + 1 from generate_series(1, 120) n;"
          "insert into g select n, n % 120 + 1 from generate_series(1, 240) n",
          "create table small_v2.c (id int primary key, " + in_v2 + "); create table small_v2.r (id int primary key, c_id int references small_v2.c " + action + ");"
          "create table small_v2.g (id int primary key, r_id int not null references small_v2.r on delete cascade)",
          "create view small_map.c as select * from public.c; create view small_map.r as select * from public.r; create view small_map.g as select * from public.g",
          kParentAndChildren};
}

struct Place {
  const char* name;
  const char* columns;
  const char* values;
  const char* in_v2;
  const char* exchange;  ///< of rows 1 and 2
  const char* action;    ///< of those that refer to them
};

class TakenOutTest : public testing::TestWithParam<Place> {};

TEST_P(TakenOutTest, RowsChangePlaces) {
  const auto& place = GetParam();
  if (std::string_view(place.name) == "NullsAlike") {
    CROSSFADE_NEEDS_MAJOR(15);
  }
  SmallMove move(referred(place.columns, place.values, place.in_v2, place.action));
  move.follow();
  move.sql().exec(fmt::format("begin; {}; commit", place.exchange));
  move.expect_equal();
  EXPECT_EQ(move.daemon_log().find("key is set aside"), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(
    As, TakenOutTest,
    testing::Values(Place{"Range", "v int4range not null", "int4range(n, n + 1)", "v int4range not null unique",
                          "update c set v = '[90,91)' where id = 1; update c set v = '[1,2)' where id = 2; update c set v = '[2,3)' where id = 1", "on delete restrict"},
                    Place{"Generated", "v int not null", "n", "v int not null, w int generated always as (v * 100000) stored unique",
                          "update c set v = 90 where id = 1; update c set v = 1 where id = 2; update c set v = 2 where id = 1", "on delete cascade"},
                    Place{"Expression", "v text not null", "'V' || n", "v text not null, exclude (upper(v) with =)",
                          "update c set v = 'x' where id = 1; update c set v = 'v1' where id = 2; update c set v = 'v2' where id = 1", "on delete set null"},
                    Place{"Exclusion", "v int not null, w int4range not null", "n % 4, int4range(n, n + 4)",
                          "v int not null, w int4range not null, exclude using gist (v with =, w with &&)",
                          "update c set v = 90 where id = 1; update c set v = 1, w = '[1,5)' where id = 2; update c set v = 2, w = '[2,6)' where id = 1", "on delete cascade"},
                    Place{"NullsAlike", "v int", "nullif(n, 1)", "v int, unique nulls not distinct (v)", "update c set v = 2 where id = 1; update c set v = null where id = 2",
                          "on delete set null"}),
    [](const auto& place) { return std::string(place.param.name); });

/// What v2 alone knows of a row, ids that it gave included, is nobody else's to give again.
class KnownAloneTest : public testing::TestWithParam<const char*> {};

TEST_P(KnownAloneTest, StaysWithARowThatChangesPlaces) {
  const std::string type = GetParam();
  const bool ranges = type == "int4range";
  const auto* own = ", no bigint generated always as identity unique, made timestamptz not null default clock_timestamp()";
  SmallMove move(referred(fmt::format("v {} not null", type), ranges ? "int4range(n, n + 1)" : "n", fmt::format("v {} not null unique{}", type, own), "on delete restrict"));
  move.start_daemon();
  move.expect_caught_up();
  move.sql().exec("create table known as select id, no, made from small_v2.c");
  const auto value = [&](int n) { return ranges ? fmt::format("'[{},{})'", n, n + 1) : std::to_string(n); };
  move.sql().exec(fmt::format("begin; update c set v = {} where id = 1; update c set v = {} where id = 2; update c set v = {} where id = 1; commit", value(90), value(1), value(2)));
  move.expect_set_aside({});
  EXPECT_EQ(move.sql().value("select count(*) from (select id, v from small_v2.c except select id, v from c) d"), "0");
  EXPECT_EQ(move.sql().value("select count(*) from small_v2.c join known using (id, no, made)"), "40");
}

INSTANTIATE_TEST_SUITE_P(As, KnownAloneTest, testing::Values("int", "int4range"));

TEST(OutsideTest, RowsThatATableOfOthersRefersToWait) {
  SmallMove move(referred("v int4range not null", "int4range(n, n + 1)", "v int4range not null unique", "on delete cascade"));
  move.follow();
  move.sql().exec("create table outside (id int references small_v2.c on delete cascade); insert into outside values (1)");
  move.sql().exec("begin; update c set v = '[90,91)' where id = 1; update c set v = '[1,2)' where id = 2; update c set v = '[2,3)' where id = 1; commit");
  move.expect_set_aside({"c {1} 23505", "c {2} 23505"});
  EXPECT_EQ(move.sql().value("select count(*) from outside"), "1");
  move.sql().exec("drop table outside; update crossfade.quarantine set next_at = now()");
  move.expect_set_aside({});
  move.expect_equal();
}

/// Rows that refer to themselves, in a ring, and in a long line.
TEST(RingTest, RowsThatGoTakeAlongWhoeverRefersToThem) {
  SmallMove move({"create table node (id int primary key, up int not null, code text not null);"
                  "insert into node select n, case when n % 10 = 0 then n else n - 1 end, 'c' || n from generate_series(1, 50) n; update node set up = 9 where id = 1;"
                  "insert into node select 1000 + n, greatest(1000 + n - 1, 1001), 'd' || n from generate_series(1, 400) n",
                  "create table small_v2.node (id int primary key, up int not null references small_v2.node on delete cascade deferrable, code text not null unique)",
                  "create view small_map.node as select * from public.node", "sources: {node: {key: [id]}}\ntargets: {node: {follow: {node: {id: id}}}}\n"});
  move.follow();
  move.sql().exec("begin; update node set code = 'x' where id = 20; update node set code = 'c20' where id = 21; update node set code = 'c21' where id = 20; commit");
  move.sql().exec("delete from node where id between 1 and 9");
  move.sql().exec("begin; delete from node where id = 10; update node set up = 11 where up = 10; commit");
  move.sql().exec("delete from node where id > 1000");
  move.expect_equal();
  EXPECT_EQ(move.daemon_log().find("key is set aside"), std::string::npos);
}

/// A row that gives up the value by which it is found goes all the same.
TEST(GivenUpTest, ARowWhoseKeyChangesLeavesNothingBehind) {
  SmallMove move({"create table root (id int primary key, code text not null); create table a (id int primary key, r int not null); create index on a (r);"
                  "insert into root select n, 'c' || n from generate_series(1, 30) n; insert into a select n, n % 30 + 1 from generate_series(1, 90) n",
                  "create table small_v2.root (code text primary key, id int not null unique);"
                  "create table small_v2.a (id int primary key, root_id int not null, root text not null references small_v2.root on delete cascade)",
                  "create view small_map.root as select code, id from public.root;"
                  "create view small_map.a as select a.id, r.id as root_id, r.code as root from public.a join public.root r on r.id = a.r",
                  "sources: {root: {key: [id]}, a: {key: [id]}}\ntargets: {root: {follow: {root: {id: id}}}, a: {follow: {a: {id: id}, root: {root_id: id}}}}\n"});
  move.follow();
  move.sql().exec("update root set code = code || 'x' where id < 10");
  move.expect_equal();
  EXPECT_EQ(move.sql().value("select count(*) from small_v2.root"), "30");
}

/// Rows of a union have no value of the other branch's locator, also those that go along with another row.
TEST(BranchTest, RowsThatAreTakenAlongComeBackByTheirOwnLocator) {
  SmallMove move({"create table root (id int primary key, code text not null); create table a (id int primary key, r int not null); create table b (id int primary key, r int not null);"
                  "insert into root select n, 'c' || n from generate_series(1, 20) n; insert into a select n, n % 20 + 1 from generate_series(1, 60) n; insert into b select * from a",
                  "create table small_v2.root (id int primary key, span int4range not null unique);"
                  "create table small_v2.ab (k text primary key, a_id int, b_id int, root int not null references small_v2.root on delete cascade)",
                  "create view small_map.root as select id, int4range(substr(code, 2)::int, substr(code, 2)::int + 1) as span from public.root;"
                  "create view small_map.ab as select 'a' || id as k, id as a_id, null::int as b_id, r as root from public.a union all select 'b' || id, null, id, r from public.b",
                  "sources: {root: {key: [id]}, a: {key: [id]}, b: {key: [id]}}\n"
                  "targets: {root: {follow: {root: {id: id}}}, ab: {follow: {a: {a_id: id}, b: {b_id: id}}}}\n"});
  move.follow();
  move.sql().exec("begin; update root set code = 'c90' where id = 1; update root set code = 'c1' where id = 2; update root set code = 'c2' where id = 1; commit");
  move.expect_equal();
}

/// What a bulk load is refused for, with whatever SQLSTATE, is the row's.
/// Every table is keyed by tenant and id, and two references share the tenant: the rows that are taken out are among those that were asked for.
TEST(TenantTest, AUniqueValueThatOthersReferToChanges) {
  SmallMove move({"create table o (tenant int, id int, primary key (tenant, id)); create table a (tenant int, id int, code text, primary key (tenant, id));"
                  "create table b (tenant int, id int, a_id int, primary key (tenant, id)); create index on b (tenant, a_id);"
                  "insert into o select n % 4, n from generate_series(1, 100) n; insert into a select n % 4, n, 'c' || n from generate_series(1, 100) n;"
                  "insert into b select n % 4, n, (n - 1) % 100 + 1 from generate_series(1, 300) n",
                  "create table small_v2.o (tenant int, id int, primary key (tenant, id)); create table small_v2.a (tenant int, id int, code text, primary key (tenant, id), unique (tenant, code));"
                  "create table small_v2.b (tenant int, id int, o_id int, a_code text, primary key (tenant, id), foreign key (tenant, o_id) references small_v2.o,"
                  " foreign key (tenant, a_code) references small_v2.a (tenant, code))",
                  "create view small_map.o as select tenant, id from public.o; create view small_map.a as select tenant, id, code from public.a;"
                  "create view small_map.b as select b.tenant, b.id, b.a_id as o_id, a.code as a_code from public.b left join public.a on a.tenant = b.tenant and a.id = b.a_id",
                  ""});
  move.follow();
  move.sql().exec("update a set code = 'z' || code where id = 3");
  move.expect_equal();
  move.sql().exec("begin; update a set tenant = tenant + 10; update b set tenant = tenant + 10; update o set tenant = tenant + 10; commit");
  move.expect_equal();
}

/// By codes, which change: each keeps the other's from changing.
TEST(RingOfValuesTest, AUniqueValueInARingChanges) {
  SmallMove move({"create table a (id int primary key, code text not null, b_id int); create table b (id int primary key, code text not null, a_id int);"
                  "insert into a select n, 'a' || n, n from generate_series(1, 50) n; insert into b select n, 'b' || n, n from generate_series(1, 50) n;"
                  "create index on a (b_id); create index on b (a_id)",
                  "create table small_v2.a (id int primary key, code text not null unique, b_ref text);"
                  "create table small_v2.b (id int primary key, code text not null unique, a_code text references small_v2.a (code)); alter table small_v2.a add foreign key (b_ref) references small_v2.b (code)",
                  "create view small_map.a as select a.id, a.code, b.code as b_ref from public.a left join public.b on b.id = a.b_id;"
                  "create view small_map.b as select b.id, b.code, a.code as a_code from public.b left join public.a on a.id = b.a_id",
                  ""});
  move.follow();
  move.sql().exec("update a set code = 'z' || code where id = 3");
  move.expect_equal();
  move.sql().exec("update b set code = 'z' || code where id = 4");
  move.expect_equal();
  move.sql().exec("update a set code = 'q' || (id % 50 + 1); update b set code = 'q' || (id % 50 + 1)");
  move.expect_equal();
  EXPECT_EQ(move.set_aside(), std::vector<std::string>{});
}

TEST(BulkTest, RowsThatTheViewFailsForAreSetAsideAndTheOthersAreThere) {
  SmallMove move({"create extension ltree; create table t (id int primary key, p text not null); create table d (id int primary key, y text not null);"
                  "insert into t select n, 'a.b' || n from generate_series(1, 500) n; insert into d select n, '{' || n || '}' from generate_series(1, 500) n;"
                  "update t set p = 'a..b' where id = 77; update d set y = '{' where id = 78",
                  "create table small_v2.t (id int primary key, p public.ltree not null); create table small_v2.d (id int primary key, y int[] not null)",
                  "create view small_map.t as select id, p::public.ltree as p from public.t; create view small_map.d as select id, y::int[] as y from public.d",
                  "sources: {t: {key: [id]}, d: {key: [id]}}\ntargets: {t: {follow: {t: {id: id}}}, d: {follow: {d: {id: id}}}}\n"});
  move.start_daemon();
  move.expect_set_aside({"d {78} 22P02", "t {77} 42601"});
  EXPECT_EQ(move.sql().value("select (select count(*) from small_v2.t) || ' ' || (select count(*) from small_v2.d)"), "499 499");

  // Rows that the view fails for do not keep the others from being compared.
  auto proof = move.call({"verify"});
  EXPECT_EQ(proof.first, 0) << proof.second;
  EXPECT_NE(proof.second.find("2 rows differ because their key is in quarantine"), std::string::npos) << proof.second;
  move.sql().exec("set crossfade.writer = 'small'; update small_v2.d set y = '{0}' where id = 400; reset crossfade.writer");
  proof = move.call({"verify"});
  EXPECT_EQ(proof.first, 4) << proof.second;
  EXPECT_NE(proof.second.find("d id 400: column y"), std::string::npos) << proof.second;
  move.sql().exec("delete from crossfade.quarantine where key = '{77}'");
  proof = move.call({"verify"});
  EXPECT_NE(proof.second.find("t id 77: the view fails: "), std::string::npos) << proof.second;
}

/// Where source, view and table put the values of the walk in different orders.
TEST(CollationTest, OneOrderCountsForTheWalk) {
  SmallMove move({"create table t (k text primary key, n int); create table u (k text collate \"C\" primary key, n int);"
                  "insert into t select (case n % 3 when 0 then 'a' when 1 then 'B' else 'ç' end) || n, n from generate_series(1, 3000) n; insert into u select * from t",
                  "create table small_v2.t (k text collate \"de-x-icu\" primary key, n int); create table small_v2.u (k text collate \"de-x-icu\" primary key, n int)",
                  "create view small_map.t as select * from public.t; create view small_map.u as select * from public.u",
                  "sources: {t: {key: [k]}, u: {key: [k]}}\ntargets: {t: {follow: {t: {k: k}}}, u: {follow: {u: {k: k}}}}\n"});
  move.follow();
  EXPECT_EQ(move.call({"verify"}).first, 0);
  const auto [exit, text] = move.call({"account"});
  EXPECT_EQ(exit, 0) << text;
  move.lose_the_slot_around("update t set n = n + 1 where n % 7 = 0; delete from t where n % 11 = 0; delete from u where n % 11 = 0; insert into t values ('Z', 1), ('zz', 1)");
  move.expect_equal();
  EXPECT_EQ(move.call({"verify"}).first, 0);
}

/// What a select gives may have another collation than the column that is located by it.
TEST(CollationTest, AKeyThatIsLookedUpIsComparedByTheColumnsOwn) {
  SmallMove move({"create collation ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false); create table tag (name text collate ci primary key);"
                  "create table item (id int primary key, tag text collate ci not null); insert into tag select 'Bob' || n from generate_series(1, 20) n;"
                  "insert into item select n, 'BOB' || n % 20 + 1 from generate_series(1, 40) n; alter table item replica identity full",
                  "create table small_v2.tag (name text collate \"C\" primary key, items bigint not null)",
                  "create view small_map.tag as select name collate \"C\" as name, (select count(*) from public.item i where i.tag = t.name) as items from public.tag t",
                  "sources: {tag: {key: [name]}, item: {key: [id]}}\n"
                  "targets: {tag: {follow: {tag: {name: name}, item: {name: \"select t.name from public.tag t where t.name = any ($tag)\"}}}}\n"});
  move.follow();
  move.sql().exec("update item set tag = 'bob3' where id = 4; update tag set name = 'BOB1' where name = 'bob1'");
  move.expect_equal();
}

}  // namespace
}  // namespace crossfade::test
