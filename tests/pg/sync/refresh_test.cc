#include "sync/refresh/bisecting_refresh.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "support/server.h"
#include "unit/mapping/statement_samples.h"

namespace crossfade::sync {
namespace {

using crossfade::test::run;
using Names = std::vector<std::string>;

/// The sample model with plans 1 to 9 and thirty moves, refreshed by the real class in transactions of their own.
class RefreshTest : public crossfade::test::Postgres {
 protected:
  RefreshTest() {
    sql.exec(mapping::test::sample_schema());
    sql.exec(R"(
      insert into v1.plans select n, 'plan ' || n, case when n % 2 = 0 then 'note' end, 0.5, 2 from generate_series(1, 9) n;
      insert into v1.moves select n, 1 + n % 9, (array['push', 'pull', 'legs'])[1 + n % 3], n, 1 + n % 4, date '2024-05-01' + n % 5
        from generate_series(1, 30) n;
      insert into v1."Workout" select 'w' || n, 'u' || n % 3, timestamptz '2024-05-01 00:00Z' + n * interval '1 hour' from generate_series(1, 9) n;
    )");
    connection = run(io, connect(database.conninfo()));
  }

  static asio::awaitable<std::unique_ptr<pg::Connection>> connect(std::string conninfo) {
    pg::Endpoint endpoint;
    endpoint.conninfo = std::move(conninfo);
    co_return std::make_unique<pg::Connection>(co_await pg::Connection::open(endpoint));
  }

  TargetId target(const std::string& name) const { return model.find_target(name).value(); }
  Key key(const std::string& name, const std::string& value, LocatorId locator = 0) const { return Key(target(name), locator, {value}); }

  /// Every key that the first locator of a target can have.
  std::vector<Key> all_keys() const {
    std::vector<Key> keys;
    for (const auto number : model.targets.ids()) {
      const bool by_user = model.targets[number].name == "WorkoutLog";
      for (int value = 0; value < 10; ++value) keys.emplace_back(number, mapping::kChunkKey, KeyValues{(by_user ? "u" : "") + std::to_string(value)});
    }
    return keys;
  }

  ByTarget<Written> refresh(const std::vector<Key>& keys) {
    const auto work = [&]() -> asio::awaitable<ByTarget<Written>> {
      co_await connection->script("begin isolation level repeatable read");
      auto written = co_await primitive.keys(*connection, keys);
      co_await connection->script("commit");
      co_return written;
    };
    return run(io, work());
  }
  Written refresh_one(const Key& one) { return refresh({one}).at(one.target()); }

  std::vector<Refused> refresh_carefully(const std::vector<Key>& keys) {
    BisectingRefresh bisecting(primitive, *connection);
    Failure::Facts together;
    together.sqlstate = "22001";
    const Failure why(std::move(together));
    const auto work = [&]() -> asio::awaitable<void> {
      co_await connection->script("begin");
      co_await bisecting.keys(keys, why);
      co_await connection->script("commit");
    };
    run(io, work());
    EXPECT_TRUE(bisecting.unwritable().empty());
    return bisecting.refused();
  }

  std::vector<Key> upsert(const std::vector<Key>& keys) {
    std::vector<Key> left;
    const auto work = [&]() -> asio::awaitable<void> {
      co_await connection->script("begin isolation level repeatable read");
      co_await primitive.upsert(*connection, keys.front().target(), keys, left);
      co_await connection->script("commit");
    };
    run(io, work());
    return left;
  }

  Written merge_range(const std::string& name, const mapping::Range& range) {
    const auto work = [&]() -> asio::awaitable<Written> {
      co_await connection->script("begin");
      const auto written = co_await primitive.merge_range(*connection, target(name), range, still_referred);
      co_await connection->script("commit");
      co_return written;
    };
    return run(io, work());
  }

  /// Rows of a shadow table and where they are stored: a row that is written again moves.
  Names places(const std::string& table) {
    auto rows = sql.rows(fmt::format("select ctid, t.* from v2.{} t", table));
    std::sort(rows.begin(), rows.end());
    return rows;
  }

  /// What `exclude` and the view have not in common, in either direction.
  std::string difference(const mapping::Target& of) {
    std::string columns;
    for (const auto& column : of.columns) columns += (columns.empty() ? "" : ", ") + fmt::format("\"{}\"", column.name == "say \"when\"" ? "say \"\"when\"\"" : column.name);
    return sql.value(fmt::format(R"(select count(*) from ((select {0} from map."{1}" except all select {0} from v2."{1}")
      union all (select {0} from v2."{1}" except all select {0} from map."{1}")) d)", columns, of.name));
  }

  void expect_equal() {
    for (const auto& each : model.targets) EXPECT_EQ(difference(each), "0") << each.name;
  }

  const mapping::Model model = mapping::test::sample_model();
  const Refresh primitive{model};
  boost::asio::io_context io;
  std::unique_ptr<pg::Connection> connection;
  std::vector<Key> still_referred;  ///< of merge_range()
};

TEST_F(RefreshTest, EveryTargetEqualsItsViewOnceItsKeysWereRefreshed) {
  const auto written = refresh(all_keys());
  EXPECT_EQ(written[target("plans")].inserted, 9U);
  expect_equal();
  sql.exec(R"(
    update v1.moves set plan_id = 1 + id % 5, label = 'pull', weight = weight + 1 where id % 2 = 0;
    update v1.plans set weeks = 3, note = null where id < 4;
    delete from v1.moves where id > 25;
    update v1."Workout" set "userId" = 'u1')");
  refresh(all_keys());
  expect_equal();
}

TEST_F(RefreshTest, WhatIsEqualIsNotWritten) {
  refresh(all_keys());
  const auto before = places("moves");
  const auto written = refresh(all_keys());
  for (const auto& rows : written) EXPECT_EQ(rows.inserted + rows.updated + rows.deleted, 0U);
  EXPECT_EQ(written[target("plans")].in_view, 9U);
  EXPECT_EQ(places("moves"), before);
}

TEST_F(RefreshTest, OnlyTheRowsThatDifferAreWritten) {
  refresh(all_keys());
  const auto before = places("moves");
  sql.exec("update v1.moves set weight = 99 where id = 10");
  const auto written = refresh_one(key("moves", sql.value("select plan_id from v1.moves where id = 10")));
  EXPECT_EQ(written.updated, 1U);
  EXPECT_GT(written.in_view, 1U);
  const auto now = places("moves");
  Names moved;
  std::set_difference(now.begin(), now.end(), before.begin(), before.end(), std::back_inserter(moved));
  EXPECT_EQ(moved.size(), 1U);
}

TEST_F(RefreshTest, RowsThatTheViewNoLongerHasAreDeletedChildrenBeforeParents) {
  refresh(all_keys());
  sql.exec("delete from v1.moves where plan_id = 3; delete from v1.plans where id = 3");
  const auto written = refresh({key("plans", "3"), key("weeks", "3"), key("days", "3"), key("moves", "3"), key("tags", "3")});
  EXPECT_EQ(written[target("plans")].deleted, 1U);
  EXPECT_EQ(written[target("weeks")].deleted, 2U);
  EXPECT_GT(written[target("moves")].deleted, 0U);
  EXPECT_EQ(difference(model.targets[target("moves")]), "0");
}

TEST_F(RefreshTest, ARowThatMovedHereFromAKeyThatWasNotAskedForIsWrittenOnce) {
  refresh(all_keys());
  sql.exec("update v1.moves set plan_id = 5, label = 'push' where id = 1");
  const auto written = refresh({key("days", "5"), key("moves", "5")});
  EXPECT_EQ(written[target("moves")].inserted + written[target("moves")].updated, 1U);
  EXPECT_EQ(sql.value("select count(*) from v2.moves where id = 1"), "1");
  EXPECT_EQ(sql.value("select day_id from v2.moves where id = 1"), "5/1/push");
}

TEST_F(RefreshTest, ARowNamedByTwoLocatorsIsWrittenOnce) {
  refresh(all_keys());
  sql.exec("update v1.moves set weight = 99 where id = 10");
  const auto plan = sql.value("select plan_id from v1.moves where id = 10");
  const auto written = refresh({key("moves", plan, 0), key("moves", "10", 1)});
  EXPECT_EQ(written[target("moves")].updated, 1U);
}

TEST_F(RefreshTest, ALookupFindsTheRowsAtTheRefreshsOwnSnapshot) {
  refresh(all_keys());
  sql.exec("update v1.moves set weight = 99 where plan_id = 4 and label = 'legs'");
  const auto changed = sql.value("select count(*) from v1.moves where plan_id = 4 and label = 'legs'");
  const auto written = refresh({Key(target("moves"), 2, {"4", "legs"})});
  EXPECT_EQ(std::to_string(written[target("moves")].updated), changed);
  EXPECT_EQ(difference(model.targets[target("moves")]), "0");
}

/// Of a column that the view computes no index tells, and a select in the statement would be gone through for each row.
TEST_F(RefreshTest, WhatALookupGivesIsKnownWhenTheRefreshIsPlanned) {
  refresh(all_keys());
  sql.exec("update v1.moves set weight = 99 where plan_id = 4; insert into v1.moves values (31, 4, 'legs', 1, 1, '2024-05-01'); delete from v1.moves where id = 3");
  const auto written = refresh({Key(target("moves"), 2, {"4", "legs"}), Key(target("moves"), 2, {"4", "push"}), Key(target("moves"), 2, {"4", "pull"}),
                                Key(target("moves"), 2, {"4", std::nullopt}), key("moves", "3", 1), key("days", "4")});
  EXPECT_EQ(written[target("moves")].inserted, 1U);
  EXPECT_EQ(written[target("moves")].deleted, 1U);
  EXPECT_EQ(difference(model.targets[target("moves")]), "0");
  const auto asked = [&]() -> asio::awaitable<void> {
    const auto within = co_await connection->query("select from pg_prepared_statements where statement like '%any(array(%written as%'");
    EXPECT_EQ(within.size(), 0U);
    const auto given = co_await connection->query("select from pg_prepared_statements where statement like '%v.\"id\" = any($2::integer[])%written as%'");
    EXPECT_EQ(given.size(), 1U);
  };
  run(io, asked());
}

TEST_F(RefreshTest, ALookupThatGivesNothingNamesNothing) {
  refresh(all_keys());
  const auto written = refresh({Key(target("moves"), 2, {"4", "nobody's"})});
  EXPECT_EQ(written[target("moves")].in_view, 0U);
  expect_equal();
}

TEST_F(RefreshTest, CompositeKeysAreRefreshedOneByOneAndNullNamesNothing) {
  refresh(all_keys());
  sql.exec("update v1.moves set weight = weight + 1");
  const auto written = refresh({Key(target("totals"), 1, {"2", "2024-05-02"}), Key(target("totals"), 1, {"2", std::nullopt}),
                                Key(target("totals"), 1, {std::nullopt, std::nullopt})});
  EXPECT_EQ(written[target("totals")].in_view, 1U);
  EXPECT_EQ(written[target("totals")].updated, 1U);
}

TEST_F(RefreshTest, UpsertsAloneLeaveWhatTheViewNoLongerHasAndNameIt) {
  refresh(all_keys());
  sql.exec("update v1.plans set title = 'new' where id = 2; delete from v1.moves where plan_id = 4; delete from v1.plans where id = 4");
  const auto left = upsert({key("plans", "2"), key("plans", "4")});
  EXPECT_EQ(left, std::vector<Key>{key("plans", "4")});
  EXPECT_EQ(sql.value("select title from v2.plans where id = 2"), "new");
  EXPECT_EQ(sql.value("select count(*) from v2.plans where id = 4"), "1");
  refresh(all_keys());
  expect_equal();
}

TEST_F(RefreshTest, ARangeIsMergedByDifferenceAndItsStaleRowsGo) {
  refresh({});
  merge_range("plans", {std::nullopt, "4", false});
  EXPECT_EQ(sql.value("select string_agg(id::text, ',' order by id) from v2.plans"), "1,2,3,4");
  merge_range("plans", {"4", std::nullopt, true});
  sql.exec("delete from v1.plans where id in (2, 7); update v1.plans set title = 'new' where id = 3");
  const auto written = merge_range("plans", {"1", "5", false});
  EXPECT_EQ(written.in_view, 3U);
  EXPECT_EQ(written.updated, 1U);
  EXPECT_EQ(written.deleted, 1U);
  EXPECT_EQ(sql.value("select count(*) from v2.plans where id = 7"), "1") << "it stands outside the range";
}

TEST_F(RefreshTest, AStaleParentStaysInARangeUntilItsChildrenAreGone) {
  refresh(all_keys());
  sql.exec("delete from v1.moves where plan_id = 3; delete from v1.plans where id = 3");
  const auto written = merge_range("plans", {"2", "4", false});
  EXPECT_EQ(written.deleted, 0U);
  EXPECT_EQ(still_referred, std::vector<Key>{key("plans", "3")});
  refresh(all_keys());
  expect_equal();
}

TEST_F(RefreshTest, RowsThatADeletedParentTakesAlongAreNamedSoThatTheyComeBack) {
  sql.exec("alter table v2.moves drop constraint moves_day_id_fkey, add foreign key (day_id) references v2.days on delete cascade;"
           "create table v2.sets (id int primary key, move_id int references v2.moves on delete cascade)");
  refresh(all_keys());
  sql.exec("update v1.moves set label = 'arms' where plan_id = 2");
  const auto written = refresh({key("days", "2"), key("tags", "2")});
  const auto& cascaded = written[target("days")].cascaded;
  EXPECT_EQ(sql.value("select count(*) from v2.moves m join v1.moves o using (id) where o.plan_id = 2"), "0") << "the test wants them gone";
  ASSERT_EQ(cascaded.size(), 4U);
  for (const auto& each : cascaded) EXPECT_EQ(each, key("moves", "2"));
  refresh(cascaded);
  expect_equal();
}

TEST_F(RefreshTest, AParentThatGoesWithItsChildrenTakesNothingAlong) {
  sql.exec("alter table v2.moves drop constraint moves_day_id_fkey, add foreign key (day_id) references v2.days on delete cascade");
  refresh(all_keys());
  sql.exec("update v1.moves set label = 'arms' where plan_id = 2");
  for (const auto& each : refresh({key("days", "2"), key("moves", "2"), key("tags", "2")})) EXPECT_TRUE(each.cascaded.empty());
  expect_equal();
}

TEST_F(RefreshTest, ARowThatLostItsParentWhileForeignKeysWereOffGoesUnlessTheViewHasIt) {
  refresh(all_keys());
  const auto day = sql.value("select day_id from v2.moves where id = 10");
  sql.exec("alter table v2.moves drop constraint moves_day_id_fkey; delete from v1.moves where id = 10");
  sql.exec(fmt::format("insert into v1.moves select 31, plan_id, label, 1 from v1.moves where id <> 10 limit 1;"
                       "insert into v2.moves values (31, 'nowhere', 1); delete from v2.days where id = '{}'", day));
  sql.exec(primitive.statements(target("moves")).remove_orphans());
  EXPECT_EQ(sql.value("select count(*) from v2.moves where id = 10"), "0");
  EXPECT_EQ(sql.value("select count(*) from v2.moves where id = 31"), "1");
  EXPECT_EQ(sql.value("select count(*) from v2.moves"), sql.value("select count(*) from map.moves"));
}

TEST_F(RefreshTest, TheGuiltyKeyIsFoundAndTheOthersAreWritten) {
  sql.exec("update v1.plans set title = repeat('long ', 9) where id in (3, 8)");
  std::vector<Key> keys;
  for (int plan = 1; plan < 10; ++plan) keys.push_back(key("plans", std::to_string(plan)));
  const auto refused = refresh_carefully(keys);
  ASSERT_EQ(refused.size(), 2U);
  for (const auto& each : refused) {
    EXPECT_EQ(each.failure.sqlstate(), "22001");
    EXPECT_TRUE(each.key == key("plans", "3") || each.key == key("plans", "8"));
  }
  EXPECT_EQ(sql.value("select count(*) from v2.plans"), "7");
}

/// A key by which several rows are found is not one of them.
TEST_F(RefreshTest, OfAKeyThatLeadsToSeveralRowsTheOneThatIsRefusedIsRefusedAlone) {
  refresh(all_keys());
  // Moves 1, 10, 19 and 28 are of plan 2: the table refuses 10, the view fails for 19.
  sql.exec("update v1.moves set weight = 77 where plan_id = 2;"
           "create or replace view map.moves as select id, plan_id || '/1/' || label as day_id,"
           " (weight / case id when 19 then 0 else 1 end)::numeric(7,2) as weight, plan_id from v1.moves where plan_id is not null;"
           "alter table v2.moves add check (id <> 10 or weight < 77)");
  const auto refused = refresh_carefully({key("moves", "2")});
  Names said;
  for (const auto& each : refused) said.push_back(fmt::format("{}: {}", each.key.values().front().value(), each.failure.sqlstate()));
  std::sort(said.begin(), said.end());
  EXPECT_EQ(said, (Names{"10: 23514", "19: 22012"}));
  EXPECT_EQ(sql.rows("select id from v2.moves where weight = 77 order by 1"), (Names{"1", "28"}));
}

TEST_F(RefreshTest, AKeyWhoseRowsAreAllRefusedStaysOne) {
  refresh(all_keys());
  sql.exec("update v1.moves set weight = 77 where plan_id = 2; alter table v2.moves add check (weight < 77)");
  const auto refused = refresh_carefully({key("moves", "2")});
  ASSERT_EQ(refused.size(), 1U);
  EXPECT_EQ(refused.front().key, key("moves", "2"));
}

TEST_F(RefreshTest, AChildWhoseParentIsRefusedIsRefusedWithIt) {
  sql.exec("update v1.plans set title = repeat('long ', 9) where id = 3");
  const auto refused = refresh_carefully(all_keys());
  const auto names_plan_3 = [&](const Refused& each) { return each.key.values().front() == "3"; };
  EXPECT_FALSE(refused.empty());
  EXPECT_TRUE(std::all_of(refused.begin(), refused.end(), names_plan_3));
  EXPECT_EQ(sql.value("select count(*) from v2.plans"), "8");
  EXPECT_EQ(sql.value("select count(*) from v2.moves where day_id not like '3/%'"), sql.value("select count(*) from map.moves where plan_id <> 3"));
}

TEST_F(RefreshTest, RowsThatWentAreFoundByASelectTogetherWithTheFilesPredicate) {
  refresh(all_keys());
  const auto notes = sql.value("select count(*) from v2.notes where week_id = '2/1'");
  ASSERT_EQ(notes, "1");
  sql.exec("update v1.plans set note = null where id = 2");
  const auto labels = sql.value("select label from v1.moves where id = 1 and plan_id = 2");
  const auto written = refresh_one(Key(target("notes"), 1, {"1", labels}));
  EXPECT_EQ(written.deleted, 1U);
  EXPECT_EQ(difference(model.targets.at(target("notes"))), "0");
}

TEST_F(RefreshTest, WhatATableComputesItselfIsNotWrittenAndAnIdentityKeepsItsValue) {
  refresh(all_keys());
  EXPECT_EQ(sql.value("select code from v2.stamps where id = 3"), "plan 3");
  sql.exec("update v1.plans set title = 'PLAN three' where id = 3; delete from v1.plans where id = 4");
  refresh({key("stamps", "3"), key("stamps", "4")});
  EXPECT_EQ(sql.rows("select id, code, body from v2.stamps where id in (3, 4)"), Names{"3|plan three|PLAN three"});
  EXPECT_EQ(difference(model.targets.at(target("stamps"))), "0");
}

}  // namespace
}  // namespace crossfade::sync
