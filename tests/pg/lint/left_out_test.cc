// Rows that a view leaves out, and values that are equal and not the same: what the rules of such views do on a server.

#include "lint_of.h"
#include "setup/prepare/prepare.h"
#include "support/server.h"

namespace crossfade::test {
namespace {

class LeftOutTest : public Postgres {
 protected:
  /// Of a migration of the one target `shown`: its table, its view, and its rules, none for what the view says.
  struct Shown {
    std::string sources;
    std::string table;
    std::string view;
    std::string follow = "";
  };

  v1::LintReply lint(const Shown& shown) {
    mapping::MigrationFile file;
    file.yaml_text = "migration: shown\nschemas: {shadow: v2, mapping: map}\nsources: {" + shown.sources + "}\ntargets:\n  shown: {" + shown.follow + "}\n";
    file.v2_sql = "create table shown (" + shown.table + ");";
    file.mapping_sql = "create view shown as " + shown.view + ";";
    file.yaml = mapping::read_migration_yaml("migration.yaml", file.yaml_text);
    return run(tried(std::move(file)));
  }

 private:
  boost::asio::awaitable<v1::LintReply> tried(mapping::MigrationFile file) {
    pg::Endpoint endpoint;
    endpoint.conninfo = database.conninfo();
    auto connection = co_await pg::Connection::open(std::move(endpoint));
    co_await connection.script("begin");
    co_await setup::install(connection, file);
    const auto directed = mapping::forward_migration(file.yaml);
    const auto catalog = co_await mapping::read_catalog(connection, directed);
    for (const auto& each : catalog.untold) ADD_FAILURE() << each.source.quoted() << ": " << each.why;
    constexpr std::size_t kSamples = 6;
    auto reply = co_await lint_of(connection, directed, catalog, kSamples);
    co_await connection.script("rollback");
    co_return reply;
  }
};

class EventsTest : public LeftOutTest {
 protected:
  EventsTest() {
    sql.exec("create table terms (id integer primary key, name text); create table events (id integer primary key, kind text, payload jsonb);"
             "insert into terms values (1, 'spring'), (2, 'autumn');"
             "insert into events values (1, 'plan', '{\"plan_id\": \"1\"}'), (2, 'plan', '{\"plan_id\": \"2\"}'), (3, 'other', '{\"plan_id\": \"none\"}');"
             "alter table events replica identity full");
  }

  Shown shown = {"events: {}, terms: {}", "id integer primary key, name text",
                 "select e.id, t.name from public.events e join public.terms t on t.id = (e.payload ->> 'plan_id')::integer where e.kind = 'plan'"};
};

TEST_F(EventsTest, ALookupLeavesOutWhatTheViewDoes) {
  const auto reply = lint(shown);
  EXPECT_EQ(lint::exit_code(reply), ExitCode::kOk) << lint::to_text(reply);
  EXPECT_EQ(reply.failed_rules_size(), 0) << lint::to_text(reply);
}

TEST_F(EventsTest, ASelectThatFailsWhereTheViewDoesNotIsSaid) {
  shown.follow = "follow: {terms: {id: \"select e.id from public.events e where (e.payload ->> 'plan_id')::integer = any($id)\"}}";
  const auto reply = lint(shown);
  EXPECT_EQ(lint::exit_code(reply), ExitCode::kMismatch);
  ASSERT_EQ(reply.failed_rules_size(), 1) << lint::to_text(reply);
  EXPECT_EQ(reply.failed_rules(0).source(), "public.terms");
  EXPECT_NE(reply.failed_rules(0).why().find("\"none\""), std::string::npos);
  EXPECT_NE(lint::to_text(reply).find("the select of shown ← public.terms by id fails where the view does not"), std::string::npos) << lint::to_text(reply);
}

TEST_F(LeftOutTest, OfTheChangedRowNothingIsComputedThatTheViewDoesNot) {
  sql.exec("create table days (id integer primary key, day integer not null); alter table days replica identity full;"
           "insert into days values (1, 2), (2, 2), (3, 5), (4, 0)");
  const auto reply = lint({"days: {}", "d integer primary key, n bigint", "select 100 / x.day as d, count(*) as n from public.days x where x.day <> 0 group by 100 / x.day"});
  EXPECT_EQ(lint::exit_code(reply), ExitCode::kOk) << lint::to_text(reply);
  EXPECT_EQ(reply.failed_rules_size(), 0) << lint::to_text(reply);
}

/// A null of a partition is a value that its identity may not tell: every row of the target would be offered.
TEST_F(LeftOutTest, ASourceThatNoRuleFollowsIsNoPartitionOfTheOneBeforeIt) {
  sql.exec("create table people (id integer primary key, team integer); create table plans (id integer primary key); alter table people replica identity full;"
           "insert into people values (1, 1), (2, 1), (3, null), (4, 2); insert into plans values (1), (2)");
  const auto reply = lint({"people: {}, plans: {}", "team integer primary key, n bigint", "select p.team, count(*) as n from public.people p where p.team is not null group by p.team"});
  EXPECT_EQ(lint::exit_code(reply), ExitCode::kOk) << lint::to_text(reply);
  EXPECT_GT(reply.tried() - reply.refused(), 10);
}

TEST_F(LeftOutTest, WhatIsEqualByACollationOfItsOwnIsFound) {
  sql.exec("create collation ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false);"
           "create table tags (name text primary key); create table notes (id integer primary key, tag text not null, loose text collate ci not null);"
           "alter table notes replica identity full;"
           "insert into tags values ('bob'), ('ann'); insert into notes values (1, 'bob', 'bob'), (2, 'BOB', 'BOB'), (3, 'Ann', 'Ann')");
  for (const char* view : {"select t.name, (select count(*) from public.notes n where n.tag collate public.ci = t.name) as n from public.tags t",
                           "select t.name, (select count(*) from public.notes n where n.loose = t.name) as n from public.tags t"}) {
    const auto reply = lint({"tags: {}, notes: {}", "name text primary key, n bigint", view});
    EXPECT_EQ(lint::exit_code(reply), ExitCode::kOk) << view << "\n" << lint::to_text(reply);
  }
}

}  // namespace
}  // namespace crossfade::test
