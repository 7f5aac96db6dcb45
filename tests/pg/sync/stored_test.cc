#include "support/small_move.h"

namespace crossfade::test {
namespace {

/// Texts that are longer than v2's columns by their last blanks: assigned to a column of that length they lose those, in silence.
TEST(StoredTest, ATextIsWithoutTheBlanksForWhichItIsTooLong) {
  SmallMove move({
      .v1 = "create table t (id int primary key, code text not null, n int);"
            "insert into t select n, 'c' || n || '     ', n from generate_series(1, 50) n",
      .v2 = "create table small_v2.t (code varchar(4) primary key, id int not null, n int)",
      .mapping = "create view small_map.t as select code, id, n from public.t",
      .rules = "sources: {t: {}}\ntargets: {t: {follow: {t: {id: id}}}}\n",
  });
  move.start_daemon();
  move.expect_caught_up();
  const auto rows = [&] { return move.sql().value("select string_agg(format('%s|%s|%s', code, id, n), ';' order by id) from small_v2.t where id < 4"); };
  EXPECT_EQ(rows(), "c1  |1|1;c2  |2|2;c3  |3|3");
  for (int n = 0; n < 3; ++n) move.sql().exec("update t set n = n + 1 where id = 1");
  move.sql().exec("update t set code = 'other', n = 9 where id = 2");
  move.expect_set_aside({"t {2} 22001"});
  EXPECT_EQ(rows(), "c1  |1|4;c2  |2|2;c3  |3|3") << "a row that was changed is still there, and one that does not fit is not cut";
  move.sql().exec("update t set code = 'mine' where id = 2");
  move.expect_set_aside({});
  EXPECT_EQ(move.call({"verify"}).first, 0);
  move.stop_daemon();
}

}  // namespace
}  // namespace crossfade::test
