#include "support/small_move.h"

namespace crossfade::test {
namespace {

/// A load takes keys and indexes off. What v2.sql says of them beside their definitions comes back with them: a table whose rows nobody can name in
/// the WAL could not be written once the writes have moved.
TEST(SaidOfKeysTest, ComesBackWithThemAfterTheLoad) {
  SmallMove move({"create table item (id int primary key, code text not null, x int); insert into item select n, 'c' || n, n from generate_series(1, 500) n;"
                  "create table part (id int primary key, item int not null references item); insert into part select n, n from generate_series(1, 500) n",
                  "create table small_v2.item (id int constraint item_pkey primary key with (fillfactor = 70), code text not null, x int);"
                  "create unique index item_code on small_v2.item (code) with (fillfactor = 80); create index item_x on small_v2.item (x);"
                  "alter table small_v2.item replica identity using index item_code; alter table small_v2.item cluster on item_x;"
                  "comment on index small_v2.item_x is 'it''s; quick'; comment on constraint item_pkey on small_v2.item is 'given by v1';"
                  "create table small_v2.part (id int primary key, item int not null constraint of_item references small_v2.item);"
                  "comment on constraint of_item on small_v2.part is 'whose part'; alter table small_v2.part replica identity using index part_pkey",
                  "create view small_map.item as select * from public.item; create view small_map.part as select * from public.part",
                  "sources: {item: {key: [id]}, part: {key: [id]}}\ntargets: {item: {follow: {item: {id: id}}}, part: {follow: {part: {id: id}}}}\n"});
  const auto said = [&] {
    return move.sql().value(
        "select string_agg(line, '; ' order by line) from ("
        "  select concat_ws(' ', c.relname, i.indisreplident, i.indisclustered, c.reloptions, obj_description(c.oid, 'pg_class'), obj_description(k.oid, 'pg_constraint'))"
        "  from pg_index i join pg_class c on c.oid = i.indexrelid left join pg_constraint k on k.conindid = c.oid and k.contype = 'p' where c.relnamespace = 'small_v2'::regnamespace"
        "  union all select concat_ws(' ', conname, obj_description(oid, 'pg_constraint')) from pg_constraint where contype = 'f' and connamespace = 'small_v2'::regnamespace"
        "  union all select concat_ws(' ', relname, relreplident) from pg_class where relkind = 'r' and relnamespace = 'small_v2'::regnamespace) said (line)");
  };
  const std::string expected =
      "item i; item_code t f {fillfactor=80}; item_pkey f f {fillfactor=70} given by v1; item_x f t it's; quick; of_item whose part; part i; part_pkey t f";
  EXPECT_EQ(move.call({"prepare"}).first, 0);
  EXPECT_EQ(said(), expected);
  move.start_daemon();
  move.expect_equal();
  EXPECT_TRUE(eventually([&] { return move.sql().value("select count(*) from crossfade.deferred where not built") == "0"; }, kLimit));
  EXPECT_EQ(said(), expected);
}

}  // namespace
}  // namespace crossfade::test
