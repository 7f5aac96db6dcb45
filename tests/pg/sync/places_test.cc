#include <fmt/format.h>

#include "support/small_move.h"

namespace crossfade::test {
namespace {

/// Rows that take over each other's places, that are checked at the commit only, or that no place is large enough for.

SmallMigration books(const std::string& constraint) {
  return {"create table author (id int primary key); create table book (id int primary key, author_id int, title text not null);"
          "insert into author select generate_series(1, 50); insert into book select n, n % 50 + 1, 'book ' || n from generate_series(1, 500) n",
          "create table small_v2.author (id int primary key);"
          "create table small_v2.book (id int primary key, author_id int not null references small_v2.author " + constraint + ", title text not null)",
          "create view small_map.author as select * from public.author; create view small_map.book as select * from public.book",
          "sources: {author: {key: [id]}, book: {key: [id]}}\ntargets: {author: {follow: {author: {id: id}}}, book: {follow: {book: {id: id}}}}\n"};
}

class DeferredTest : public testing::TestWithParam<const char*> {
 protected:
  static constexpr auto kOrphan = "begin; insert into book values (901, 1, 'good'), (902, 777, 'orphan'), (903, 2, 'good'); commit";

  void expect_the_orphan_alone_waits() {
    move.expect_set_aside({"book {902} 23503"});
    EXPECT_EQ(move.sql().value("select count(*) from small_v2.book where id in (901, 903)"), "2");
    move.sql().exec("update book set title = title || '!' where id <= 20");
    move.expect_caught_up();
    EXPECT_EQ(move.sql().value("select count(*) from small_v2.book where title like '%!'"), "20");
    move.sql().exec("insert into author values (777); update book set title = 'found' where id = 902");
    move.expect_equal();
  }

  SmallMove move{books(GetParam())};
};

TEST_P(DeferredTest, AnOrphanIsSetAsideAlone) {
  move.follow();
  move.sql().exec(kOrphan);
  expect_the_orphan_alone_waits();
}

TEST_P(DeferredTest, AnOrphanAfterAGapIsSetAsideAlone) {
  move.follow();
  move.lose_the_slot_around(kOrphan);
  expect_the_orphan_alone_waits();
}

TEST_P(DeferredTest, AnOrphanThatIsThereFromTheStartIsSetAsideAlone) {
  move.sql().exec(kOrphan);
  move.start_daemon();
  expect_the_orphan_alone_waits();
}

INSTANTIATE_TEST_SUITE_P(As, DeferredTest, testing::Values("", "deferrable", "deferrable initially deferred"),
                         [](const auto& of) { return of.index == 0 ? "Immediate" : of.index == 1 ? "Deferrable" : "Deferred"; });

/// What a place is, in v2.
class PlaceTest : public testing::TestWithParam<const char*> {
 protected:
  static SmallMigration entries(const std::string& place) {
    return {"create table e (id int primary key, val int not null); create table t (id int primary key, dev int not null, name text not null);"
            "alter table e replica identity full; insert into e select n, n from generate_series(1, 20) n;"
            "insert into t select n, (n - 1) / 4, 'eth' || n % 4 from generate_series(1, 400) n",
            "create table small_v2.e (id int primary key, val int not null check (val > 0));"
            "create table small_v2.t (id int primary key, dev int not null, name text not null);" + place,
            "create view small_map.e as select * from public.e; create view small_map.t as select * from public.t",
            "sources: {e: {key: [id]}, t: {key: [id]}}\ntargets: {e: {follow: {e: {id: id}}}, t: {follow: {t: {id: id}}}}\n"};
  }
  static std::string go_round(const std::string& devices) {
    return fmt::format("update t set name = 'm' || id where {0}; update t set name = 'eth' || (id + 1) % 4 where {0};", devices);
  }
  void expect_names_arrived() {
    EXPECT_EQ(move.sql().value("select count(*) from (select * from small_v2.t except select * from small_map.t) d"), "0");
  }

  SmallMove move{entries(GetParam())};
};

TEST_P(PlaceTest, GoesRoundBesideARowThatIsRefused) {
  move.follow();
  move.sql().exec("begin; update e set val = 0 where id = 1;" + go_round("dev = 3") + "commit");
  move.expect_set_aside({"e {1} 23514"});
  expect_names_arrived();
  move.sql().exec("begin;" + go_round("dev between 10 and 60") + "update e set val = val + 1 where id > 1; update e set val = -1 where id = 1; commit");
  move.expect_set_aside({"e {1} 23514"});
  expect_names_arrived();
  move.sql().exec("update e set val = 4");
  move.expect_equal();
}

TEST_P(PlaceTest, GoesRoundWhileNobodyListens) {
  move.follow();
  move.lose_the_slot_around(go_round("dev between 3 and 60"));
  move.expect_equal();
  EXPECT_EQ(move.daemon_log().find("key is set aside"), std::string::npos);
}

TEST_P(PlaceTest, IsWantedByTwo) {
  move.follow();
  move.sql().exec("update t set name = 'eth1' where id = 2");
  move.expect_set_aside({std::string("t {2} ") + (std::string(GetParam()).find("exclude") == std::string::npos ? "23505" : "23P01")});
  move.sql().exec("update t set name = 'other' where id = 1");
  move.sql().exec("update crossfade.quarantine set next_at = now()");
  move.expect_set_aside({});
  move.expect_equal();
}

TEST_P(PlaceTest, OfARowThatGoesIsTakenByOneThatComes) {
  move.follow();
  move.sql().exec("begin; delete from t where id % 2 = 0; insert into t select id + 1001, dev, name from small_v2.t where id % 2 = 0; commit");
  move.expect_equal();
  EXPECT_EQ(move.daemon_log().find("key is set aside"), std::string::npos);
}

std::string place_name(const testing::TestParamInfo<const char*>& place) {
  return std::vector<std::string>{"Unique", "UniqueDeferred", "UniqueExpression", "Exclusion"}.at(place.index);
}

INSTANTIATE_TEST_SUITE_P(
    As, PlaceTest,
    testing::Values("alter table small_v2.t add unique (dev, name)", "alter table small_v2.t add unique (dev, name) deferrable initially deferred",
                    "create unique index on small_v2.t (dev, lower(name)) where dev >= 0",
                    "create extension btree_gist; alter table small_v2.t add exclude using gist (dev with =, name with =)"),
    place_name);

/// Unique values of many types, in rows that others refer to: none of them can be deleted and written anew.
struct TypedValue {
  const char* name;
  const char* type;
  const char* of_id;  ///< the value of row `id`
};

class StandInTest : public testing::TestWithParam<TypedValue> {};

TEST_P(StandInTest, ChangesPlaces) {
  const auto& [name, type, of_id] = GetParam();
  const auto value = [of = std::string(of_id)](const std::string& id) { return fmt::format(fmt::runtime(of), id); };
  SmallMove move({fmt::format("create extension citext; create table c (id int primary key, v {} not null); create table r (id int primary key, c_id int not null);"
                              "insert into c select n, {} from generate_series(1, 100) n; insert into r select n, n % 100 + 1 from generate_series(1, 300) n",
                              type, value("n")),
                  fmt::format("create table small_v2.c (id int primary key, v {} not null unique);"
                              "create table small_v2.r (id int primary key, c_id int not null references small_v2.c on delete cascade)",
                              std::string(type) == "citext" ? "public.citext" : type),
                  "create view small_map.c as select * from public.c; create view small_map.r as select * from public.r",
                  "sources: {c: {key: [id]}, r: {key: [id]}}\ntargets: {c: {follow: {c: {id: id}}}, r: {follow: {r: {id: id}}}}\n"});
  move.follow();
  move.sql().exec(fmt::format("begin; update c set v = {} where id = 1; update c set v = {} where id = 2; update c set v = {} where id = 1; commit", value("500"),
                              value("1"), value("2")));
  move.expect_equal();
  move.sql().exec(fmt::format("update c set v = {}", value("(id % 100 + 1)")));
  move.expect_equal();
  EXPECT_EQ(move.daemon_log().find("key is set aside"), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(Of, StandInTest,
                         testing::Values(TypedValue{"Citext", "citext", "('name ' || {})"}, TypedValue{"ShortText", "varchar(20)", "('name ' || {})"},
                                         TypedValue{"Date", "date", "(date '2024-01-01' + {})"},
                                         TypedValue{"Timestamp", "timestamp", "(timestamp '2024-01-01' + {} * interval '1 h')"},
                                         TypedValue{"Timestamptz", "timestamptz", "(timestamptz '2024-01-01Z' + {} * interval '1 h')"},
                                         TypedValue{"Numeric", "numeric", "{}::numeric"}, TypedValue{"Money", "numeric(8, 2)", "({} + 0.25)::numeric(8, 2)"}),
                         [](const auto& value) { return std::string(value.param.name); });

TEST(CascadeTest, AValueThatPassesOnToThoseWhoReferToItIsNoNull) {
  SmallMove move({"create table c (id int primary key, q int, note text); alter table c replica identity full; insert into c select n, n, 'x' from generate_series(1, 1000) n",
                  "create table small_v2.c (id int primary key, q int unique, note text);"
                  "create table small_v2.d (q int primary key references small_v2.c (q) on delete cascade on update cascade, note text)",
                  "create view small_map.c as select * from public.c; create view small_map.d as select q, note from public.c",
                  "sources: {c: {key: [id]}}\ntargets: {c: {follow: {c: {id: id}}}, d: {follow: {c: {q: q}}}}\n"});
  move.follow();
  move.sql().exec("update c set q = 1001 - q");
  move.expect_equal();
  move.sql().exec("begin; update c set q = q + 5000 where id < 300; delete from c where id between 300 and 350; update c set q = q % 700 + 1 where q <= 700 and id > 350; commit");
  move.expect_equal();
  EXPECT_EQ(move.daemon_log().find("key is set aside"), std::string::npos);
}

TEST(SharedColumnTest, AColumnOfTwoKeysChangesPlaces) {
  SmallMove move({"create table c (id int primary key, a int, d text); alter table c replica identity full; insert into c select n, n, 'd' || n from generate_series(1, 500) n",
                  "create table small_v2.c (id int primary key, a int not null unique, d text, unique (d, a)); create unique index on small_v2.c (d) where a > 0;"
                  "create table small_v2.r (a int primary key references small_v2.c (a) on delete cascade)",
                  "create view small_map.c as select * from public.c; create view small_map.r as select a from public.c",
                  "sources: {c: {key: [id]}}\ntargets: {c: {follow: {c: {id: id}}}, r: {follow: {c: {a: a}}}}\n"});
  move.follow();
  move.sql().exec("update c set a = a % 500 + 1, d = 'd' || (501 - id)");
  move.expect_equal();
  EXPECT_EQ(move.daemon_log().find("key is set aside"), std::string::npos);
  EXPECT_EQ(move.daemon_log().find("parked"), std::string::npos);
}

/// The primary key of v2 changes while a second unique value stays.
class KeyChangeTest : public testing::TestWithParam<const char*> {};

TEST_P(KeyChangeTest, ARowThatGoesMakesRoomForTheOneThatComes) {
  SmallMove move({"create table u (id int primary key, email text not null); insert into u select n, 'u' || n from generate_series(1, 3000) n", GetParam(),
                  "create view small_map.c as select id as user_id, email, true as is_primary from public.u",
                  "sources: {u: {key: [id]}}\ntargets: {c: {follow: {u: {user_id: id}}}}\n"});
  move.follow();
  move.sql().exec("update u set email = email || '!' where id = 1");
  move.expect_equal();
  move.sql().exec("update u set email = email || '!' where id <= 2000");
  move.expect_equal();
  EXPECT_EQ(move.daemon_log().find("key is set aside"), std::string::npos);
}

std::string shape_name(const testing::TestParamInfo<const char*>& shape) {
  return std::vector<std::string>{"Key", "KeyOfTwo", "PartialIndex", "ReferredTo"}.at(shape.index);
}

INSTANTIATE_TEST_SUITE_P(
    In, KeyChangeTest,
    testing::Values("create table small_v2.c (user_id int not null unique, email text primary key, is_primary bool)",
                    "create table small_v2.c (user_id int not null unique, email text, is_primary bool, primary key (user_id, email))",
                    "create table small_v2.c (user_id int not null, email text primary key, is_primary bool);"
                    "create unique index on small_v2.c (user_id) where is_primary",
                    "create table small_v2.c (user_id int not null unique, email text primary key, is_primary bool);"
                    "create table public.r (email text references small_v2.c); create table public.d (email text references small_v2.c on delete cascade)"),
    shape_name);

/// The same under rows that refer to the key that changes, and change with it.
class ReferredKeyTest : public testing::TestWithParam<const char*> {};

TEST_P(ReferredKeyTest, RowsThatReferToAKeyThatChangesMakeRoomToo) {
  SmallMove move({"create table u (id int primary key, email text not null); insert into u select n, 'u' || n from generate_series(1, 3000) n",
                  std::string("create table small_v2.c (user_id int not null unique, email text, primary key (user_id, email));"
                              "create table small_v2.k (id int primary key, user_id int not null, email text not null, foreign key (user_id, email) references small_v2.c ") +
                      GetParam() + ")",
                  "create view small_map.c as select id as user_id, email from public.u; create view small_map.k as select id, id as user_id, email from public.u",
                  "sources: {u: {key: [id]}}\ntargets: {c: {follow: {u: {user_id: id}}}, k: {follow: {u: {id: id}}}}\n"});
  move.follow();
  move.sql().exec("update u set email = email || '!' where id <= 2000");
  move.expect_equal();
  move.sql().exec("begin; update u set id = -id where id > 1500; update u set id = 5000 + id where id < 0; commit");
  move.expect_equal();
  EXPECT_EQ(move.daemon_log().find("key is set aside"), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(By, ReferredKeyTest, testing::Values("", "on delete cascade", "on delete cascade deferrable"),
                         [](const auto& of) { return of.index == 0 ? "Hand" : of.index == 1 ? "Cascade" : "DeferrableCascade"; });

/// A unique value that is not the key changes, nobody else wants it, and who refers to it changes with it.
class ReferredValueTest : public testing::TestWithParam<const char*> {};

TEST_P(ReferredValueTest, ChangesUnderThoseWhoReferToIt) {
  SmallMove move({"create table u (id int primary key, code text not null, above text); insert into u select n, 'u' || n, 'u' || nullif(n / 2, 0) from generate_series(1, 3000) n",
                  GetParam(), "create view small_map.c as select id, code, above from public.u; create view small_map.k as select id, code from public.u where id % 3 = 0",
                  "sources: {u: {key: [id]}}\ntargets: {c: {follow: {u: {id: id}}}, k: {follow: {u: {id: id}}}}\n"});
  move.follow();
  move.sql().exec("update u set code = code || '!', above = above || '!'");
  move.expect_equal();
  move.sql().exec("begin; insert into u values (9001, 'alone', 'nobody'); update u set code = code || '?', above = above || '?' where id <> 9001; commit");
  EXPECT_TRUE(eventually([&] { return move.set_aside() == std::vector<std::string>{"c {9001} 23503"}; }, std::chrono::seconds(20)));
  move.sql().exec("delete from u where id = 9001");
  move.expect_equal();
  move.lose_the_slot_around("update u set code = code || '+', above = above || '+'");
  move.expect_equal();
  EXPECT_EQ(move.daemon_log().find("{3} 23503"), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(By, ReferredValueTest,
                         testing::Values("create table small_v2.c (id int primary key, code text not null unique, above text references small_v2.c (code));"
                                         "create table small_v2.k (id int primary key, code text not null references small_v2.c (code))",
                                         "create table small_v2.c (id int primary key, code text not null unique, above text references small_v2.c (code) on delete cascade);"
                                         "create table small_v2.k (id int primary key, code text not null references small_v2.c (code) on delete cascade on update restrict)",
                                         "create table small_v2.c (id int primary key, code text not null unique, above text references small_v2.c (code));"
                                         "create table small_v2.k (id int primary key, code text references small_v2.c (code) on update cascade)"),
                         [](const auto& of) { return of.index == 0 ? "Hand" : of.index == 1 ? "Restrict" : "Cascade"; });

TEST(ChainTest, APlaceThatIsTakenAboveALongChainHoldsNothingUp) {
  SmallMove move({"create table node (id int primary key, above int, name text not null); insert into node select n, nullif(n - 1, 0), 'n' || n from generate_series(1, 15000) n",
                  "create table small_v2.node (id int primary key, above int references small_v2.node, name text not null unique)",
                  "create view small_map.node as select * from public.node", "sources: {node: {key: [id]}}\ntargets: {node: {follow: {node: {id: id}}}}\n"});
  move.follow();
  move.sql().exec("update node set name = 'n9' where id = 3");
  EXPECT_TRUE(eventually([&] { return move.set_aside() == std::vector<std::string>{"node {3} 23505"}; }, std::chrono::seconds(20)));
  move.sql().exec("update node set name = 'other' where id = 3");
  move.expect_equal();
}

/// Rows that refer to each other, of which v2 refuses one: those that it brings along wait, at once, and no others.
class RefusedAmongTest : public testing::Test {
 protected:
  static SmallMigration nodes() {
    return {"create table node (id int primary key, above int, name text); insert into node select n, nullif(n - 1, 0), 'n' || n from generate_series(1, 100) n",
            "create table small_v2.node (id int primary key, above int references small_v2.node, name text not null)",
            "create view small_map.node as select * from public.node", "sources: {node: {key: [id]}}\ntargets: {node: {follow: {node: {id: id}}}}\n"};
  }
  RefusedAmongTest() { move.follow(); }

  std::string waiting() { return move.sql().value("select concat_ws(' ', count(*), min(key[1]::int), max(key[1]::int), count(*) filter (where sqlstate = '23502')) from crossfade.quarantine"); }
  void expect_waiting(const std::string& what) {
    const auto began = std::chrono::steady_clock::now();
    EXPECT_TRUE(eventually([&] { return waiting() == what; }, kLimit)) << waiting();
    EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(20));
    EXPECT_EQ(move.sql().value("select count(*) from crossfade.parked"), "0");
    EXPECT_EQ(move.sql().value("select count(*) from small_v2.node"), move.sql().value("select (select count(*) from node) - (select count(*) from crossfade.quarantine)"));
  }
  void mend() {
    move.sql().exec("update node set name = 'mended' where name is null");
    EXPECT_EQ(move.call({"quarantine", "retry"}).first, 0);
    EXPECT_TRUE(eventually([&] { return move.sql().value("select count(*) from crossfade.quarantine") == "0"; }, kLimit));
    move.expect_equal();
  }

  SmallMove move{nodes()};
};

TEST_F(RefusedAmongTest, AChain) {
  move.sql().exec("insert into node select n, n - 1, case when n <> 8000 then 'n' end from generate_series(101, 15000) n");
  expect_waiting("7001 8000 15000 1");
  mend();
}

TEST_F(RefusedAmongTest, ARing) {
  move.sql().exec("begin; insert into node select n, case n when 12500 then 10001 else n + 1 end, case when n <> 11000 then 'n' end from generate_series(10001, 12500) n;"
                  "update node set name = 'other' where id <= 100; commit");
  expect_waiting("2500 10001 12500 2500");
  mend();
}

TEST_F(RefusedAmongTest, ATree) {
  move.sql().exec("insert into node select n, n / 2, case when n <> 257 then 'n' end from generate_series(200, 20000) n");
  // Those below 100 are there, the others hang on rows that are not: 100 to 199.
  EXPECT_TRUE(eventually([&] { return move.sql().value("select count(*) from crossfade.quarantine where sqlstate = '23503'") > "0"; }, kLimit));
  move.sql().exec("insert into node select n, n / 2, 'late' from generate_series(101, 199) n");
  EXPECT_EQ(move.call({"quarantine", "retry"}).first, 0);
  const auto below = "with recursive b(id) as (select 257 union all select n.id from node n join b on n.above = b.id) select count(*) from b";
  EXPECT_TRUE(eventually([&] { return move.sql().value("select count(*) from crossfade.quarantine") == move.sql().value(below); }, kLimit)) << waiting();
  mend();
}

TEST(RingOfTablesTest, RowsThatReferToEachOtherComeAndGoTogether) {
  SmallMove move({"create table dept (id int primary key, head_id int, name text); create table staff (id int primary key, dept_id int not null);"
                  "insert into dept select n, n * 10, 'd' from generate_series(1, 50) n; insert into staff select n, (n - 1) / 10 + 1 from generate_series(1, 500) n;"
                  "create table note (id int primary key, staff_id int); insert into note values (1, 1)",
                  "create table small_v2.dept (id int primary key, head_id int, name text not null);"
                  "create table small_v2.staff (id int primary key, dept_id int not null references small_v2.dept);"
                  "alter table small_v2.dept add foreign key (head_id) references small_v2.staff; create table small_v2.note (id int primary key, staff_id int references small_v2.staff)",
                  "create view small_map.dept as select * from public.dept; create view small_map.staff as select * from public.staff; create view small_map.note as select * from public.note",
                  "sources: {dept: {key: [id]}, staff: {key: [id]}, note: {key: [id]}}\n"
                  "targets: {dept: {follow: {dept: {id: id}}}, staff: {follow: {staff: {id: id}}}, note: {follow: {note: {id: id}}}}\n"});
  move.follow();
  move.sql().exec("begin; insert into dept select n, n * 10, 'd' from generate_series(1001, 1100) n; insert into staff select n * 10, n from generate_series(1001, 1100) n; commit");
  move.expect_equal();
  move.sql().exec("begin; delete from dept where id > 1050; delete from staff where dept_id > 1050; update dept set head_id = 20000 where id = 1; insert into staff values (20000, 2); commit");
  move.expect_equal();
  EXPECT_EQ(move.daemon_log().find("key is set aside"), std::string::npos);
  // Beside rows that are refused.
  move.sql().exec("begin; insert into dept values (2001, 20010, 'd'), (2002, null, null); insert into staff values (20010, 2001);"
                  "insert into note values (2, 99999), (3, 20010); commit");
  move.expect_set_aside({"dept {2002} 23502", "note {2} 23503"});
  EXPECT_EQ(move.sql().value("select count(*) from small_v2.note where id = 3"), "1");
  move.sql().exec("update dept set name = 'd' where id = 2002; delete from note where id = 2");
  EXPECT_EQ(move.call({"quarantine", "retry"}).first, 0);
  EXPECT_TRUE(eventually([&] { return move.set_aside().empty(); }, kLimit));
  move.expect_equal();
}

/// Beside what else no two rows of a table of theirs may have in common, which the server refuses to look at where it is deferrable.
class RingBesideTest : public testing::TestWithParam<const char*> {};

TEST_P(RingBesideTest, RowsThatReferToEachOtherComeAndGoTogether) {
  SmallMove move({"create table dept (id int primary key, head_id int, name text not null, tag int not null); create table staff (id int primary key, dept_id int not null);"
                  "insert into dept select n, n * 10, 'd' || n, n from generate_series(1, 50) n; insert into staff select n, (n - 1) / 10 + 1 from generate_series(1, 500) n",
                  std::string("create table small_v2.dept (id int primary key, head_id int, name text not null, tag int not null);"
                              "create table small_v2.staff (id int primary key, dept_id int not null references small_v2.dept);"
                              "alter table small_v2.dept add foreign key (head_id) references small_v2.staff;") + GetParam(),
                  "create view small_map.dept as select * from public.dept; create view small_map.staff as select * from public.staff",
                  "sources: {dept: {key: [id]}, staff: {key: [id]}}\ntargets: {dept: {follow: {dept: {id: id}}}, staff: {follow: {staff: {id: id}}}}\n"});
  move.follow();
  move.sql().exec("begin; insert into dept select n, n * 10, 'd' || n, n from generate_series(1001, 1100) n; insert into staff select n * 10, n from generate_series(1001, 1100) n; commit");
  move.expect_equal();
  // In places that others have just left.
  move.sql().exec("begin; update dept set name = 'left ' || id, tag = -id where id <= 20; insert into dept select 2000 + n, (2000 + n) * 10, 'd' || n, n from generate_series(1, 20) n;"
                  "insert into staff select (2000 + n) * 10, 2000 + n from generate_series(1, 20) n; commit");
  move.expect_equal();
  EXPECT_EQ(move.daemon_log().find("key is set aside"), std::string::npos);
}

std::string key_name(const testing::TestParamInfo<const char*>& key) {
  return std::vector<std::string>{"Immediate", "Deferrable", "DeferredAndImmediate", "ExpressionAndDeferrable", "Exclusions"}.at(key.index);
}

INSTANTIATE_TEST_SUITE_P(
    Key, RingBesideTest,
    testing::Values("alter table small_v2.dept add unique (name)", "alter table small_v2.dept add unique (name) deferrable",
                    "alter table small_v2.dept add unique (name) deferrable initially deferred, add unique (tag)",
                    "create unique index on small_v2.dept (lower(name)) where tag < 1000000; alter table small_v2.dept add unique (tag) deferrable",
                    "create extension btree_gist; alter table small_v2.dept add exclude using gist (name with =) deferrable, add exclude using gist (tag with =)"),
    key_name);

/// What none of them could be written without is tried with it, however long their pauses have become.
TEST(RingOfTablesTest, WhoWaitedForARefusedMemberComesWithItAtOnce) {
  SmallMove move({"create table a (id int primary key, b_id int not null, n int not null); create table b (id int primary key, c_id int not null); create table c (id int primary key, a_id int);"
                  "insert into a select n, n, n from generate_series(1, 50) n; insert into b select n, n from generate_series(1, 50) n; insert into c select n, n from generate_series(1, 50) n",
                  "create table small_v2.c (id int primary key, a_id int); create table small_v2.b (id int primary key, c_id int not null references small_v2.c);"
                  "create table small_v2.a (id int primary key, b_id int not null references small_v2.b, n int not null check (n > 0));"
                  "alter table small_v2.c add foreign key (a_id) references small_v2.a",
                  "create view small_map.a as select * from public.a; create view small_map.b as select * from public.b; create view small_map.c as select * from public.c",
                  "sources: {a: {key: [id]}, b: {key: [id]}, c: {key: [id]}}\n"
                  "targets: {a: {follow: {a: {id: id}}}, b: {follow: {b: {id: id}}}, c: {follow: {c: {id: id}}}}\n"});
  move.follow();
  const auto much_later = [&] { move.sql().exec("update crossfade.quarantine set attempts = 9, next_at = now() + interval '1 hour'"); };
  move.sql().exec("begin; insert into c values (100, 100); insert into b values (100, 100); insert into a values (100, 100, 0); commit");
  move.expect_set_aside({"a {100} 23514", "b {100} 23503", "c {100} 23503"});
  much_later();
  move.sql().exec("update a set n = 5 where id = 100");
  move.expect_equal();
  // One that comes when the others have given up hoping, and that waits for none of its own before.
  move.sql().exec("insert into b values (200, 200); insert into c values (200, 200)");
  move.expect_set_aside({"b {200} 23503", "c {200} 23503"});
  much_later();
  move.sql().exec("insert into a values (200, 200, 2)");
  move.expect_equal();
  // Refused again for the same, they are left to the clock.
  move.sql().exec("begin; insert into c values (300, 300); insert into b values (300, 300); insert into a values (300, 300, 0); commit");
  move.expect_set_aside({"a {300} 23514", "b {300} 23503", "c {300} 23503"});
  much_later();
  move.sql().exec("update c set a_id = 299 where id = 300; update c set a_id = 300 where id = 300; update a set n = 1 where id = 1");
  move.expect_set_aside({"a {300} 23514", "b {300} 23503", "c {300} 23503"});
  EXPECT_EQ(move.sql().value("select attempts from crossfade.quarantine where target = 'b'"), "9");
}

TEST(OrphansTest, ThatAreManyFromTheStartAreSetAside) {
  SmallMove move(books(""));
  move.sql().exec("insert into book select n, 1000000 + n, 'orphan' from generate_series(1001, 31000) n");
  move.start_daemon();
  move.expect_caught_up();
  EXPECT_TRUE(eventually([&] { return move.sql().value("select count(*) from crossfade.quarantine where sqlstate = '23503'") == "30000"; }, kLimit));
  EXPECT_EQ(move.sql().value("select count(*) from crossfade.parked"), "0");
  EXPECT_EQ(move.sql().value("select count(*) from small_v2.book"), "500");
  EXPECT_EQ(move.sql().value("select bool_and(convalidated) from pg_constraint where conrelid = 'small_v2.book'::regclass"), "t");
  move.sql().exec("insert into author select author_id from book where id > 1000");
  EXPECT_EQ(move.call({"quarantine", "retry"}).first, 0);
  EXPECT_TRUE(eventually([&] { return move.sql().value("select count(*) from crossfade.quarantine") == "0"; }, kLimit));
  move.expect_equal();
}

TEST(PairTest, ParentsThatGoGiveTheirValuesToOthersInOneTransaction) {
  SmallMove move({"create table pair (n int primary key, id bigint not null unique, kind text not null);"
                  "insert into pair select n, n, 'a' from generate_series(1, 500) n",
                  "create table small_v2.head (n int primary key, id bigint not null unique);"
                  "create table small_v2.l (n int primary key references small_v2.head); create table small_v2.r (n int primary key references small_v2.head)",
                  "create view small_map.head as select n, id from public.pair; create view small_map.l as select n from public.pair;"
                  "create view small_map.r as select n from public.pair",
                  "sources: {pair: {key: [n]}}\ntargets: {head: {follow: {pair: {n: n}}}, l: {follow: {pair: {n: n}}}, r: {follow: {pair: {n: n}}}}\n"});
  move.follow();
  for (int round = 0; round < 5; ++round) {
    move.sql().exec(fmt::format("begin; create temp table gone on commit drop as select * from pair where n % 5 = {}; delete from pair where n in (select n from gone);"
                                "insert into pair select n + 10000, id, kind from gone; commit", round));
  }
  move.expect_equal();
  EXPECT_EQ(move.daemon_log().find("key is set aside"), std::string::npos);
}

TEST(WholeTest, ARefusalInAWholeRefreshLeavesNothingBehind) {
  SmallMove move({"create table a (x int, y int, t text, primary key (x, y)); create table b (x int, y int, t text, primary key (x, y));"
                  "insert into a select n, 1, 'a' from generate_series(1, 1000) n; insert into b select n, 1, 'b' from generate_series(501, 1500) n",
                  "create table small_v2.ab (x int, y int, a text, b text check (b <> 'bad'), primary key (x, y))",
                  "create view small_map.ab as select x, y, max(a) as a, max(b) as b from (select x, y, t as a, null as b from public.a"
                  " union all select x, y, null, t from public.b) u group by x, y",
                  "sources: {a: {key: [x, y]}, b: {key: [x, y]}}\ntargets: {ab: {follow: {a: {x: x, y: y}, b: {x: x, y: y}}}}\n"});
  move.follow();
  move.sql().exec("begin; truncate a; insert into b values (9999, 1, 'bad'); commit");
  move.expect_set_aside({"ab {9999,1} 23514"});
  EXPECT_EQ(move.sql().value("select count(*) from small_v2.ab"), "1000");
  move.sql().exec("delete from b where x = 9999");
  move.expect_equal();
}

TEST(LongValueTest, AValueThatNoIndexTakesIsSetAsideAndTheOthersAreThere) {
  const std::string too_long = "(select string_agg(md5((n * {})::text), '') from generate_series(1, 250) n)";
  const auto value = [&](int seed) { return fmt::format(fmt::runtime(too_long), seed); };
  SmallMove move({"create table link (id int primary key, url text not null); insert into link select n, 'u' || n from generate_series(1, 1000) n;"
                  "insert into link values (1001, " + value(1) + "), (1002, (select repeat('fits ', 3000)))",
                  "create table small_v2.link (id int primary key, url text not null); create unique index on small_v2.link (url)",
                  "create view small_map.link as select * from public.link", "sources: {link: {key: [id]}}\ntargets: {link: {follow: {link: {id: id}}}}\n"});
  move.start_daemon();
  move.expect_set_aside({"link {1001} 54000"});
  EXPECT_EQ(move.sql().value("select count(*) from small_v2.link"), "1001");
  move.sql().exec("insert into link values (1003, " + value(7) + "), (1004, 'after')");
  move.expect_set_aside({"link {1001} 54000", "link {1003} 54000"});
  move.sql().exec("update link set url = 'short' where id = 1001; delete from link where id = 1003");
  move.expect_equal();
}

TEST(OverlapTest, RowsThatOverlapBeforeTheBackfillAreNamed) {
  SmallMove move({"create extension btree_gist; create table booking (id int primary key, room int, since int, until int);"
                  "insert into booking select n, n % 5, n, n + 1 from generate_series(1, 500) n; insert into booking values (501, 0, 10, 11)",
                  "create table small_v2.booking (id int primary key, room int not null, during int4range not null, exclude using gist (room with =, during with &&))",
                  "create view small_map.booking as select id, room, int4range(since, until) as during from public.booking",
                  "sources: {booking: {key: [id]}}\ntargets: {booking: {follow: {booking: {id: id}}}}\n"});
  move.start_daemon();
  move.expect_caught_up();
  EXPECT_EQ(move.sql().value("select string_agg(distinct sqlstate, ' ') || count(*) from crossfade.quarantine where key[1] in ('10', '501')"), "23P011");
  EXPECT_EQ(move.sql().value("select count(*) from small_v2.booking"), "500");
  move.sql().exec("update booking set since = 5, until = 4 where id = 20");
  EXPECT_TRUE(eventually([&] { return move.sql().value("select sqlstate from crossfade.quarantine where key[1] = '20'") == "22000"; }, kLimit));
  move.sql().exec("delete from booking where id = 501; update booking set since = 20, until = 21 where id = 20; update booking set until = 11 where id = 10");
  move.expect_equal();
}

TEST(BranchTest, ARefusedRowThatHasNoValueOfTheWalkIsNamedByAnotherLocator) {
  SmallMove move({"create table a (id int primary key, t text); create table b (id int primary key, t text);"
                  "insert into a select n, 'a' || n from generate_series(1, 100) n; insert into b select n, nullif('b' || n, 'b7') from generate_series(1, 100) n",
                  "create table small_v2.ab (k text primary key, a_id int unique, b_id int unique, t text not null)",
                  "create view small_map.ab as select a.id as a_id, null::int as b_id, a.t, 'a' || a.id as k from public.a"
                  " union all select null, b.id, b.t, 'b' || b.id from public.b",
                  "sources: {a: {key: [id]}, b: {key: [id]}}\ntargets: {ab: {follow: {a: {a_id: id}, b: {b_id: id}}}}\n"});
  move.start_daemon();
  move.expect_set_aside({"ab {7} 23502"});
  EXPECT_EQ(move.sql().value("select count(*) from small_v2.ab"), "199");
  move.sql().exec("update b set t = 'b7' where id = 7");
  move.expect_equal();
}

/// v1 refers by integers to a table whose keys are wider.
SmallMigration entries_of_plans() {
  return {"create table plan (id bigint primary key, name text); create table entry (id int primary key, plan_id int not null);"
          "alter table entry replica identity full; create index on entry (plan_id);"
          "insert into plan select n, 'plan ' || n from generate_series(1, 20) n; insert into plan values (3000000000, 'wide');"
          "insert into entry select n, n % 20 + 1 from generate_series(1, 200) n",
          "create table small_v2.entry (id int primary key, plan_id int not null, plan text); create index on small_v2.entry (plan_id);"
          "create table small_v2.total (plan_id int primary key, entries bigint not null, plan text)",
          "create view small_map.entry as select e.id, e.plan_id, p.name as plan from public.entry e join public.plan p on p.id = e.plan_id;"
          "create view small_map.total as select e.plan_id, count(*) as entries, min(p.name) as plan from public.entry e join public.plan p on p.id = e.plan_id group by e.plan_id",
          "sources: {plan: {key: [id]}, entry: {key: [id]}}\ntargets: {entry: {}, total: {}}\n"};
}

TEST(WideKeyTest, AKeyThatTheViewsColumnHasNoRoomForConcernsNoRow) {
  SmallMove move(entries_of_plans());
  move.follow();
  move.sql().exec("update plan set name = name || '!' where id in (3, 3000000000); insert into plan values (3000000001, 'wider'); delete from plan where id = 3000000001");
  move.expect_equal();
  EXPECT_EQ(move.sql().value("select count(*) from small_v2.entry where plan like '%!'"), "10");
}

/// The view numbers the rows otherwise: a select finds them, whose values are none of theirs.
class SelectedTest : public testing::Test {
 protected:
  SmallMove move{SmallMigration{
      "create table room (id int primary key, name text not null); insert into room select n, 'room ' || n from generate_series(1, 50) n",
      "create table small_v2.room (id int primary key, name text not null unique)",
      "create view small_map.room as select 51 - id as id, name from public.room",
      "sources: {room: {key: [id]}}\ntargets: {room: {follow: {room: {id: \"select 51 - x from unnest($id) x\"}}}}\n"}};
};

TEST_F(SelectedTest, RowsExchangeValuesWhileNobodyListens) {
  move.follow();
  move.lose_the_slot_around("update room set name = case id when 3 then 'room 7' else 'room 3' end where id in (3, 7)");
  move.expect_equal();
  EXPECT_EQ(move.call({"verify"}).first, 0);
}

TEST_F(SelectedTest, ARowThatIsRefusedWhileNobodyListensIsSetAsideByItsOwnKey) {
  move.sql().exec("create unique index on room (name)");
  move.follow();
  move.sql().exec("alter table small_v2.room add check (name <> 'bad')");
  move.lose_the_slot_around("update room set name = 'bad' where id = 3; update room set name = 'good' where id = 4");
  move.expect_set_aside({"room {48} 23514"});
  EXPECT_EQ(move.sql().value("select name from small_v2.room where id = 47"), "good");
  move.sql().exec("update room set name = 'mended' where id = 3");
  EXPECT_TRUE(eventually([&] { return move.set_aside().empty(); }, kLimit));
  move.expect_equal();
}

TEST_F(SelectedTest, ARowThatDriftedIsRepaired) {
  move.follow();
  move.sql().exec("set session_replication_role = replica; alter table small_v2.room disable trigger all; update small_v2.room set name = 'drift' where id = 9;"
                  "alter table small_v2.room enable trigger all; alter table small_v2.room enable always trigger crossfade_fence");
  EXPECT_EQ(move.call({"verify", "--repair"}).first, 0);
  move.expect_equal();
}

/// Neither reference may be null, and one of them is checked at the commit.
TEST(RingTest, RowsThatReferToEachOtherComeAndGoTogether) {
  SmallMove move(SmallMigration{
      "create table team (id int primary key, lead_id int not null); create table member (id int primary key, team_id int not null references team);"
      "alter table team add foreign key (lead_id) references member deferrable initially deferred; begin;"
      "insert into team select n, n * 10 from generate_series(1, 20) n; insert into member select n, (n + 9) / 10 from generate_series(1, 200) n; commit",
      "create table small_v2.team (id int primary key, lead_id int not null); create table small_v2.member (id int primary key, team_id int not null references small_v2.team);"
      "alter table small_v2.team add foreign key (lead_id) references small_v2.member deferrable initially deferred",
      "create view small_map.team as select * from public.team; create view small_map.member as select * from public.member",
      "sources: {team: {key: [id]}, member: {key: [id]}}\ntargets: {team: {follow: {team: {id: id}}}, member: {follow: {member: {id: id}}}}\n"});
  move.follow();
  move.sql().exec("begin; insert into team values (60, 600); insert into member values (600, 60); commit");
  move.expect_equal();
  move.lose_the_slot_around("begin; insert into team values (61, 601); insert into member values (601, 61); delete from member where team_id = 3 and id < 30; commit");
  move.expect_equal();
  move.sql().exec("begin; update team set lead_id = 600 where id < 60; delete from member where id between 11 and 20; delete from team where id = 2; commit");
  move.expect_equal();
}

}  // namespace
}  // namespace crossfade::test
