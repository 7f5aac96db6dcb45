#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "embedded_sql.h"
#include "mapping/plan/plan_text.h"
#include "mapping/preflight/inspect.h"
#include "support/server.h"

namespace crossfade::mapping {

/// A database with a small old schema, and a migration of it that has nothing wrong. A test replaces one thing and looks
/// at what is found.
class InspectTest : public test::Postgres {
 public:
  InspectTest() {
    sql.exec(
        "create table plans (id uuid primary key default gen_random_uuid(), owner int not null, weeks int not null, note text);"
        "create table \"Exercises\" (id uuid primary key default gen_random_uuid(), \"planId\" uuid, name varchar(40), load numeric);"
        "alter table \"Exercises\" replica identity full;"
        "insert into plans (owner, weeks) select n, 2 from generate_series(1, 50) n;"
        "insert into \"Exercises\" (\"planId\", name, load) select id, 'Row', 20 from plans, generate_series(1, 3)");
  }

  std::string yaml =
      "migration: sample\n"
      "schemas: {shadow: v2, mapping: map}\n"
      "sources: {plans: {}, Exercises: {key: [id]}}\n"
      "targets:\n"
      "  plans: {follow: {plans: {id: id}}}\n"
      "  weeks: {follow: {plans: {plan_id: id}}}\n"
      "  Exercises:\n"
      "    follow:\n"
      "      Exercises: {id: id}\n"
      "      plans: {plan_id: id}\n";
  std::string v2 =
      "create table plans (id uuid primary key, owner bigint not null, note text);\n"
      "create table weeks (plan_id uuid not null references v2.plans, week int not null, primary key (plan_id, week));\n"
      "create table \"Exercises\" (id uuid primary key, \"weekPlan\" uuid, \"week\" int, name text, load numeric(6,2),\n"
      "  foreign key (\"weekPlan\", \"week\") references v2.weeks (plan_id, week),\n"
      "  heavy boolean generated always as (load > 50) stored);\n";
  std::string mapping =
      "create view plans as select id, owner::bigint as owner, note from public.plans;\n"
      "create view weeks as select p.id as plan_id, w as week from public.plans p, generate_series(1, p.weeks) w;\n"
      "create view \"Exercises\" as select e.id, p.id as \"weekPlan\", 1 as week, e.name, e.load::numeric(6,2) as load,\n"
      "  e.\"planId\" as plan_id from public.\"Exercises\" e left join public.plans p on p.id = e.\"planId\";\n";

  std::string surrogates;  ///< views of natural keys

  void replace(std::string& text, const std::string& what, const std::string& by) {
    const auto at = text.find(what);
    ASSERT_NE(at, std::string::npos) << what;
    text.replace(at, what.size(), by);
  }

  MigrationFile file() const {
    MigrationFile made;
    made.yaml = read_migration_yaml("migration.yaml", yaml);
    made.v2_sql = v2;
    made.mapping_sql = mapping;
    made.surrogates_sql = surrogates;
    return made;
  }

  /// As `plan` does it: everything made in a transaction that is rolled back.
  Preflight inspected(const std::string& conninfo_extra = "") { return inspected_file(file(), conninfo_extra); }
  Preflight inspected_file(const MigrationFile& migration, const std::string& conninfo_extra = "") {
    return test::run(inspecting(database.conninfo() + conninfo_extra, migration));
  }

  using Inspect = boost::asio::awaitable<Preflight>(pg::Connection&, const MigrationFile&);
  static boost::asio::awaitable<Preflight> inspecting(std::string conninfo, MigrationFile migration, Inspect* look = inspect) {
    pg::Endpoint endpoint;
    endpoint.conninfo = std::move(conninfo);
    auto connection = co_await pg::Connection::open(std::move(endpoint));
    co_await connection.script("begin");
    for (const auto part : {sql::engine::schema, sql::engine::uuid}) co_await connection.script(std::string(part));
    for (const auto& script : install_scripts(migration)) co_await connection.script(script.sql);
    auto preflight = co_await look(connection, migration);
    co_await connection.script("rollback");
    co_return preflight;
  }

  static boost::asio::awaitable<Preflight> forward_by_catalog(pg::Connection& connection, const MigrationFile& migration) {
    const auto directed = forward_migration(migration.yaml);
    co_return co_await inspect_catalog(connection, directed);
  }

  /// "FAIL subject: message → fix" of the findings that are not ok, in their order. Most of these migrations have no way
  /// back; that it is said has a test of its own.
  static std::vector<std::string> trouble(const Preflight& preflight) {
    std::vector<std::string> lines;
    for (const auto& finding : preflight.findings) {
      if (finding.level == Finding::Level::kOk || finding.subject == "reverse") continue;
      lines.push_back((finding.level == Finding::Level::kFail ? "FAIL " : "warn ") + finding.subject + ": " + finding.message + " → " + finding.fix);
    }
    return lines;
  }
  std::vector<std::string> trouble() { return trouble(inspected()); }
  using Lines = std::vector<std::string>;
};

}  // namespace crossfade::mapping
