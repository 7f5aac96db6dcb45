#include <fmt/format.h>

#include "support/small_move.h"

namespace crossfade::test {
namespace {

/// A view that gives two rows of one primary key, while it is followed. None of them may take the other's place in silence.

SmallMigration people(const std::string& rules) {
  return {"create table users (id int primary key, email text, name text); alter table users replica identity full; insert into users select n, 'u' || n, 'name ' || n from generate_series(1, 100) n",
          "create table small_v2.people (email text primary key, uid int not null, name text)",
          "create view small_map.people as select email, id as uid, name from public.users",
          "sources: {users: {key: [id]}}\ntargets: {people: {follow: {users: " + rules + "}}}\n"};
}

/// What names a row beside its primary key; the primary key itself.
class DoubledTest : public testing::TestWithParam<const char*> {
 protected:
  void expect_one_waits(std::size_t keys = 1) {
    move.expect_caught_up();
    EXPECT_TRUE(eventually([&] { return move.set_aside().size() == keys; }, kLimit)) << testing::PrintToString(move.set_aside());
    for (const auto& key : move.set_aside()) EXPECT_NE(key.find("21000"), std::string::npos) << key;
  }
  /// What waits is tried again by itself.
  void expect_all_there() {
    EXPECT_TRUE(eventually([&] { return move.set_aside().empty(); }, kLimit)) << testing::PrintToString(move.set_aside());
    move.expect_equal();
  }
  std::string owner(const std::string& email) { return move.sql().value("select uid from small_v2.people where email = '" + email + "'"); }

  SmallMove move{people(GetParam())};
};

TEST_P(DoubledTest, ARowThatComesIsSetAsideAndTheOtherStays) {
  move.follow();
  move.sql().exec("insert into users values (200, 'u5', 'second')");
  expect_one_waits();
  EXPECT_EQ(owner("u5"), "5");
  move.sql().exec("delete from users where id = 5");
  expect_all_there();
  EXPECT_EQ(owner("u5"), "200");
}

TEST_P(DoubledTest, ARowThatMovesThereIsSetAside) {
  move.follow();
  move.sql().exec("update users set email = 'u1' where id = 2");
  expect_one_waits();
  EXPECT_EQ(owner("u1"), "1");
  move.sql().exec("update users set email = 'u2' where id = 2");
  expect_all_there();
}

TEST_P(DoubledTest, BothAtOnceAreSetAside) {
  move.follow();
  move.sql().exec("insert into users values (200, 'same', 'first'), (201, 'same', 'second'); update users set name = 'renamed' where id between 10 and 30");
  move.expect_caught_up();
  EXPECT_TRUE(eventually([&] { return !move.set_aside().empty(); }, kLimit));
  EXPECT_EQ(move.sql().value("select count(*) from small_v2.people where name = 'renamed'"), "21");
  move.sql().exec("update users set email = 'other' where id = 201");
  expect_all_there();
}

TEST_P(DoubledTest, RowsThatChangePlacesInOneTransactionAreNone) {
  move.follow();
  move.sql().exec("update users set email = 'u' || (101 - id)");
  move.expect_equal();
  EXPECT_EQ(move.set_aside(), std::vector<std::string>{});
}

TEST_P(DoubledTest, AfterAGapToo) {
  move.follow();
  move.lose_the_slot_around("insert into users values (200, 'u5', 'second')");
  move.expect_caught_up();
  EXPECT_TRUE(eventually([&] { return !move.set_aside().empty(); }, kLimit));
  move.sql().exec("delete from users where id = 200");
  expect_all_there();
}

INSTANTIATE_TEST_SUITE_P(NamedBy, DoubledTest, testing::Values("{uid: id}", "{email: email}"),
                         [](const auto& of) { return of.index == 0 ? "AnotherColumn" : "ThePrimaryKey"; });

TEST(RowNamesTest, ColumnsMayBeCalledAsAStatementCallsItsRows) {
  std::string columns;
  std::string values;
  for (char name = 'a'; name <= 'z'; ++name) {
    columns += fmt::format(", {} text", name);
    values += fmt::format(", '{}' || n", name);
  }
  for (const auto* name : {"next", "prior", "found", "compared", "met", "excluded", "changed"}) {
    columns += fmt::format(", {} text", name);
    values += fmt::format(", '{}' || n", name);
  }
  SmallMove move({"create table t (id int primary key, part int not null" + columns + "); create index on t (part);"
                  "alter table t replica identity full; insert into t select n, n / 10" + values + " from generate_series(1, 100) n;"
                  "create table part (id int primary key, title text not null); insert into part select n, 'part ' || n from generate_series(0, 10) n",
                  "create table small_v2.t (id int primary key, part int not null" + columns + ", title text not null, unique (r), unique (n, s))",
                  "create view small_map.t as select t.*, part.title from public.t join public.part on part.id = t.part",
                  "sources: {t: {key: [id]}, part: {key: [id]}}\ntargets: {t: {follow: {t: {id: id}, part: {id: \"select t.id from public.t where t.part = any($id)\"}}}}\n"});
  move.follow();
  move.sql().exec("begin; update part set title = 'other' where id < 5; update t set s = s || '!', k = 'k' where id between 30 and 70; commit");
  move.expect_equal();
  move.sql().exec("begin; update t set r = 'aside' where id = 1; update t set r = 'r1' where id = 2; update t set r = 'r2' where id = 1; commit");
  move.expect_equal();
  EXPECT_TRUE(move.set_aside().empty());
  const auto [looked, text] = move.call({"plan"});
  EXPECT_EQ(looked, 0) << text;
}

}  // namespace
}  // namespace crossfade::test
