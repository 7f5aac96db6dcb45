#include "support/small_move.h"

namespace crossfade::test {
namespace {

/// Migration gym: v2 wants a title of at most 40 letters, v1 does not.
class QuarantineTest : public testing::Test {
 protected:
  /// The one line in quarantine.
  std::string refused() { return move.sql().value("select concat_ws(' ', target, locator, key, sqlstate, constraint_name) from crossfade.quarantine"); }
  std::string title(int id) { return move.sql().value("select title from gym_v2.exercises where id = " + std::to_string(id)); }

  void expect_set_aside_and_healed() {
    move.expect_caught_up();
    EXPECT_EQ(refused(), "exercises id {5} 23502 title");
    EXPECT_EQ(move.sql().value("select count(*) from crossfade.quarantine"), "1");
    EXPECT_EQ(title(6), "fine") << "the others go on";
    EXPECT_EQ(move.sql().value("select count(*) from gym_v2.exercises where id <> 5"), move.sql().value("select count(*) - 1 from exercises"));
    move.sql().exec("update exercises set title = 'mended' where id = 5");
    move.expect_equal();
    EXPECT_EQ(title(5), "mended");
  }

  Move move{test_migration("gym")};
};

constexpr auto kBreak = "update exercises set title = null where id = 5; update exercises set title = 'fine' where id = 6";

TEST_F(QuarantineTest, ARowRefusedWhileFollowing) {
  move.start_daemon();
  move.expect_equal();
  move.sql().exec(kBreak);
  expect_set_aside_and_healed();
}

TEST_F(QuarantineTest, SomebodyPublishesAllTables) {
  move.sql().exec("create publication everything for all tables");
  move.start_daemon();
  move.expect_equal();
  move.sql().exec(kBreak);
  move.expect_caught_up();
  // It is tried again, and refused again.
  move.sql().exec("update exercises set day = 3 where id = 5");
  expect_set_aside_and_healed();
}

TEST_F(QuarantineTest, ARowRefusedInABulkLoad) {
  move.sql().exec(kBreak);
  move.start_daemon();
  expect_set_aside_and_healed();
}

TEST_F(QuarantineTest, ARowRefusedInAMerge) {
  move.start_daemon();
  move.expect_equal();
  move.stop_daemon();
  move.sql().exec("select pg_drop_replication_slot('" + move.slot() + "')");
  move.sql().exec("delete from exercises where id = 5; insert into exercises values (5, 6, null, 1); update exercises set title = 'fine' where id = 6");
  // Its neighbours in the walk are gone, and have to go.
  move.sql().exec("delete from exercises where id in (3, 4, 7)");
  move.start_daemon();
  expect_set_aside_and_healed();
}

TEST_F(QuarantineTest, OfAKeyThatNamesManyRowsTheBadOneAloneIsSetAside) {
  move.start_daemon();
  move.expect_equal();
  move.sql().exec("update exercises set title = repeat('long ', 20) where id = 5");
  move.sql().exec("update plans set owner = 'renamed' where id = 6");
  move.expect_caught_up();
  EXPECT_EQ(move.sql().value("select string_agg(concat_ws(' ', locator, key, sqlstate), ', ') from crossfade.quarantine"), "id {5} 22001");
  EXPECT_EQ(move.sql().value("select owner from gym_v2.plans where id = 6"), "renamed");
  move.sql().exec("update exercises set title = 'short' where id = 5");
  move.expect_caught_up();
  EXPECT_TRUE(eventually([&] { return move.sql().value("select count(*) from crossfade.quarantine") == "0"; }, kLimit));
  move.expect_equal();
}

/// The other row is found by no value of its own, as it is another branch's.
TEST(QuarantineOfBranchesTest, ARowWhosePlaceIsTakenByOneThatOnlyALookupFinds) {
  SmallMove move({
      .v1 = "create table album (id int primary key, code text); create table track (id int primary key, code text);"
            "insert into album select n, 'album ' || n from generate_series(1, 20) n; insert into track select n, 'track ' || n from generate_series(1, 20) n",
      .v2 = "create table small_v2.line (k text primary key, track_id int, code text not null unique)",
      .mapping = "create view small_map.line as select 'a' || id as k, id as album_id, null::int as track_id, code from public.album"
                 " union all select 't' || id, null, id, code from public.track",
      .rules = "sources: {album: {}, track: {}}\ntargets:\n  line:\n    follow: {album: {album_id: id}, track: {track_id: id}}\n"
               "    locate: {album_id: \"s.k in (select 'a' || x from unnest($keys) x)\"}\n",
  });
  move.follow();
  move.sql().exec("update track set code = 'album 1' where id = 1");
  move.expect_set_aside({"line {1} 23505"});
  move.sql().exec("update album set code = 'moved' where id = 1");
  move.expect_set_aside({});
  move.expect_equal();
  move.stop_daemon();
}

/// A view that makes the key of a row, and has no word for some values.
SmallMigration words(const std::string& v2, const std::string& mapping, const std::string& targets) {
  return {"create table word (id int primary key, code int, org int not null); alter table word replica identity full;"
          "insert into word select n, n % 3 + 1, n % 5 from generate_series(1, 60) n",
          v2, mapping, "sources: {word: {key: [id]}}\n" + targets};
}

TEST(MissingPartTest, ARowWhoseKeyIsLostIsSetAside) {
  SmallMove move(words("create table small_v2.word (label text primary key, n bigint not null);"
                       "create table small_v2.of_org (org int, label text, n bigint not null, primary key (org, label))",
                       "create view small_map.word as select (array['low', 'mid', 'high'])[code] as label, count(*) as n from public.word group by 1;"
                       "create view small_map.of_org as select org, case code when 1 then 'low' when 2 then 'mid' when 3 then 'high' end as label, count(*) as n"
                       " from public.word group by 1, 2",
                       ""));
  move.follow();
  move.sql().exec("update word set code = 9 where id = 7");
  move.expect_set_aside({"of_org {9,2} 23502", "word {9} 23502"});
  EXPECT_EQ(move.sql().value("select n from small_v2.word where label = 'mid'"), "19") << "the rest of its branch goes on";
  move.sql().exec("insert into word values (61, null, 3)");
  EXPECT_TRUE(eventually([&] { return move.set_aside().size() == 4; }, kLimit)) << testing::PrintToString(move.set_aside());
  move.sql().exec("update word set code = 1 where id in (7, 61)");
  move.expect_set_aside({});
  move.expect_equal();
}

TEST(MissingPartTest, RowsWithoutAValueByWhichTheyAreFoundAreWrittenAllTheSame) {
  SmallMove move(words("create table small_v2.listed (id int primary key, label text, many bigint not null)",
                       "create view small_map.listed as select id, (array['low', 'mid', 'high'])[code] as label,"
                       " count(*) over (partition by (array['low', 'mid', 'high'])[code]) as many from public.word",
                       "targets:\n  listed: {follow: {word: {label: \"select (array['low', 'mid', 'high'])[c] from unnest($code) c\"}}}\n"));
  move.sql().exec("update word set code = null where id in (3, 4)");
  move.follow();
  move.sql().exec("update word set code = 77 where id = 5");
  move.expect_equal();
  move.sql().exec("update word set code = 2 where id in (3, 5)");
  move.expect_equal();
}

}  // namespace
}  // namespace crossfade::test
