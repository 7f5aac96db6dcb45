#include "support/move.h"

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

}  // namespace
}  // namespace crossfade::test
