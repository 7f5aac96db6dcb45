#include "app/status/backfill_share.h"

#include "app/cli/context.h"
#include "mapping/file/migration_file.h"
#include "support/small_move.h"

namespace crossfade::test {
namespace {

struct Told {
  std::optional<double> share;
  double rows = 0;
};

Told told_of(Move& move, const std::string& name, double done, double guessed) {
  const auto ask = [&]() -> app::asio::awaitable<Told> {
    pg::Endpoint endpoint;
    endpoint.conninfo = move.conninfo();
    pg::Connection connection = co_await pg::Connection::open(endpoint);
    const auto file = mapping::load_migration(move.folder());
    const auto model = co_await app::prepared_model(connection, file);
    const auto target = model.find_target(name).value();
    Told told;
    told.share = co_await app::covered_share(connection, model, target);
    told.rows = co_await app::expected_rows(connection, model, target, done, guessed);
    co_return told;
  };
  app::asio::io_context io;
  return app::run_to_end(io, ask());
}

/// Migration gym, prepared, of whose thousand exercises the ledger has the first 250.
class BackfillShareTest : public testing::Test {
 protected:
  BackfillShareTest() {
    EXPECT_EQ(move.call({"prepare"}).first, 0);
    move.sql().exec("insert into crossfade.chunk (migration, target, low, high, rows, seconds) values ('gym', 'exercises', null, '100', 100, 1), ('gym', 'exercises', '100', '250', 150, 1)");
  }

  Told told(double done, double guessed) { return told_of(move, "exercises", done, guessed); }

  Move move{test_migration("gym")};
};

TEST_F(BackfillShareTest, IsAQuarterWhereAQuarterOfTheColumnIsCovered) {
  // By the ends of the column, and by its statistics.
  for (const auto* statistics : {"delete from pg_statistic where starelid = 'exercises'::regclass", "analyze exercises"}) {
    move.sql().exec(statistics);
    const auto quarter = told(250, 7'000'000);
    ASSERT_TRUE(quarter.share) << statistics;
    EXPECT_NEAR(*quarter.share, 0.25, 0.011) << statistics;
    EXPECT_NEAR(quarter.rows, 1000, 45) << "whatever the planner guesses of the view: " << statistics;
  }
}

TEST_F(BackfillShareTest, IsOfTheRowsThatAreThereAndNotOfTheNumbersBetween) {
  // Of the first quarter of the numbers most rows are gone.
  move.sql().exec("delete from exercises where id between 26 and 250; analyze exercises");
  const auto little = told(25, 10);
  ASSERT_TRUE(little.share);
  EXPECT_LT(*little.share, 0.06);
  EXPECT_GT(little.rows, 400);
}

TEST_F(BackfillShareTest, BeforeItHasBegunThePlannersGuessCountsAndAtItsEndNoMoreThanIsThere) {
  EXPECT_EQ(told(0, 77).rows, 77);
  move.sql().exec("insert into crossfade.chunk (migration, target, low, high, rows, seconds) values ('gym', 'exercises', '250', null, 750, 1)");
  const auto whole = told(1000, 7);
  EXPECT_EQ(whole.share, 1);
  EXPECT_NEAR(whole.rows, 1000 / 0.99, 0.001);
}

/// Types whose comparisons are an extension's, and arrays, which have none of their elements'.
TEST(BackfillShareOfTypesTest, EveryKeyIsMeasuredOrIsNot) {
  SmallMove move({"create schema ext; create extension citext schema ext; create type mood as enum ('low', 'high');"
                  "create table a (id ext.citext primary key, n int); create table b (id mood[] primary key, n int);"
                  "insert into a select 'x' || lpad(n::text, 4, '0'), n from generate_series(1, 1000) n; insert into b values ('{low}', 1), ('{high}', 2), ('{low,high}', 3); analyze",
                  "create table small_v2.a (id ext.citext primary key, n int); create table small_v2.b (id public.mood[] primary key, n int)",
                  "create view small_map.a as select id, n from public.a; create view small_map.b as select id, n from public.b", ""});
  ASSERT_EQ(move.call({"prepare"}).first, 0);
  move.sql().exec("insert into crossfade.chunk (migration, target, low, high, rows, seconds) values ('small', 'a', null, 'x0250', 250, 1), ('small', 'b', null, '{low}', 1, 1)");
  EXPECT_NEAR(told_of(move, "a", 250, 1000).share.value_or(0), 0.25, 0.011);
  EXPECT_EQ(told_of(move, "b", 1, 3).share, std::nullopt);
}

}  // namespace
}  // namespace crossfade::test
