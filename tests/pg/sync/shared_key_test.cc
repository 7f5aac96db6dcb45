#include <fmt/format.h>

#include "support/small_move.h"

namespace crossfade::test {
namespace {

/// v2's table refers to a table that stays, which v1's writers go on writing.
SmallMigration notes() {
  return {"create table users (id int primary key, name text); insert into users select n, 'user ' || n from generate_series(1, 50) n;"
          "create table notes (id int primary key, user_id int not null, body text); insert into notes select n, n % 50 + 1, 'note ' || n from generate_series(1, 500) n",
          "create table small_v2.notes (id int primary key, author int not null, above int references small_v2.notes, body text,"
          " constraint \"of 100%\" foreign key (author) references public.users on delete cascade deferrable initially deferred);"
          "comment on constraint \"of 100%\" on small_v2.notes is 'it''s 100%'",
          "create view small_map.notes as select id, user_id as author, nullif(id, 1) - id + 1 as above, body from public.notes",
          "sources: {notes: {key: [id]}}\ntargets: {notes: {follow: {notes: {id: id}}}}\n"};
}

class SharedKeyTest : public testing::Test {
 protected:
  std::string keys() { return move.sql().value("select string_agg(conname, ' ' order by conname) from pg_constraint where contype = 'f' and conrelid = 'small_v2.notes'::regclass"); }
  std::string definition() {
    return move.sql().value("select pg_get_constraintdef(oid) || ' ' || convalidated || ' ' || obj_description(oid, 'pg_constraint') from pg_constraint "
                            "where conname = 'of 100%' and conrelid = 'small_v2.notes'::regclass");
  }

  SmallMove move{notes()};
  Sql application{move.conninfo()};
};

TEST_F(SharedKeyTest, PlanSaysThatItIsLeftOut) {
  const auto text = move.call({"plan"}).second;
  EXPECT_NE(text.find("left out until the writes move, so that nobody who writes there waits for crossfade: foreign keys of 100% to public.users"), std::string::npos) << text;
}

TEST_F(SharedKeyTest, ARowThatAWriterHoldsLockedHoldsNothingUp) {
  move.follow();
  EXPECT_TRUE(eventually([&] { return keys() == "notes_above_fkey"; }, kLimit)) << "what stays among the new tables stays";
  application.exec("begin; update users set id = id + 1000 where id <= 25");
  move.sql().exec("insert into notes values (901, 3, 'of a user who is locked'), (902, 40, 'of another')");
  EXPECT_TRUE(eventually([&] { return move.sql().value("select count(*) from small_v2.notes where id > 900") == "2"; }, kLimit));
  application.exec("rollback");
  move.expect_equal();
}

TEST_F(SharedKeyTest, WritersOfV1NeitherWaitNorAreTheyEnded) {
  move.follow();
  application.exec("set lock_timeout = '1s'; set deadlock_timeout = '100ms'");
  for (int round = 0; round < 20; ++round) {
    const int user = 1 + round;
    application.exec(fmt::format("update notes set user_id = {}, body = body || '!' where id <= 200", user + 20));
    application.exec(fmt::format("begin; delete from users where id = {0}; delete from notes where user_id = {0}; update users set name = name || '!' where id > 30; commit", user));
  }
  move.expect_equal();
  EXPECT_EQ(move.sql().value("select deadlocks from pg_stat_database where datname = current_database()"), "0");
}

TEST_F(SharedKeyTest, CancelGivesTablesThatWereThereTheirKeysBack) {
  move.sql().exec("create schema small_v2; create table small_v2.notes (id int primary key, author int not null, above int references small_v2.notes, body text,"
                  " constraint \"of 100%\" foreign key (author) references public.users on delete cascade deferrable initially deferred);"
                  "comment on constraint \"of 100%\" on small_v2.notes is 'it''s 100%'");
  const auto before = definition();
  move.follow();
  EXPECT_TRUE(eventually([&] { return keys() == "notes_above_fkey"; }, kLimit)) << keys();
  move.stop_daemon();
  const auto [exit, text] = move.call({"cancel", "--confirm", "small"});
  ASSERT_EQ(exit, 0) << text;
  EXPECT_EQ(definition(), before);
}

TEST_F(SharedKeyTest, OneThatIsMadeWhileFollowingIsLeftOutToo) {
  move.follow();
  move.sql().exec("alter table small_v2.notes add constraint late foreign key (author) references public.users");
  EXPECT_TRUE(eventually([&] { return keys() == "notes_above_fkey"; }, kLimit)) << keys();
  EXPECT_EQ(move.sql().value("select string_agg(name, ', ' order by name) from crossfade.deferred where stage = 3"), "late to public.users, of 100% to public.users");
}

}  // namespace
}  // namespace crossfade::test
