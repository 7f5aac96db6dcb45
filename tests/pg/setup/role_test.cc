#include <fmt/format.h>

#include <fstream>
#include <iterator>

#include "app/ephemeral/server_programs.h"
#include "base/error/exit_code.h"
#include "support/flip.h"
#include "support/major.h"
#include "support/move.h"
#include "support/small_migration.h"

namespace crossfade::test {
namespace {

/// A daemon whose role is no superuser and has what docs/security.md lists, and nothing else.
class RoleTest : public testing::Test {
 protected:
  RoleTest() {
    database = move.sql().value("select current_database()");
    role = "mover_" + database;
    owner = "owner_" + database;
    // Both sides' tables are somebody's who is no superuser either.
    move.sql().exec(fmt::format("create role {0} login; create role {1} login; grant create on database {2} to {0}; alter table plans owner to {0}; alter table exercises owner to {0}",
                                owner, role, database));
    move.source(move.conninfo() + " user=" + role);
  }
  ~RoleTest() override {
    move.source(move.conninfo());
  }

  void grant_what_is_documented() {
    move.sql().exec(fmt::format("alter role {0} replication; grant usage on schema public to {0}; grant select on public.plans, public.exercises to {0};"
                                "grant create on database {1} to {0}", role, database));
  }
  void make_publication_as_owner() {
    move.sql().exec(fmt::format("set role {}; create publication crossfade_gym for table public.exercises, public.plans with ({});"
                                "reset role; alter publication crossfade_gym owner to {}", owner, publication_options(), role));
  }
  /// What an administrator runs: all of the preparation, for the daemon's role.
  void prepare_for_role() {
    move.sql().exec(fmt::format("alter role {} replication", role));
    const auto [exit, sql] = move.call({"prepare", "--print-sql", "--for", role, "--source", move.conninfo()});
    ASSERT_EQ(exit, 0) << sql;
    const auto file = move.server().directory() / (role + ".sql");
    std::ofstream(file) << sql;
    Program psql({client_program("psql").string(), "--no-psqlrc", "--set=ON_ERROR_STOP=1", "--quiet", "--file=" + file.string(), "--dbname=" + move.conninfo()},
                 move.server().directory() / (role + ".log"));
    ASSERT_EQ(psql.exit_within(kLimit), 0) << psql.output() << sql;
  }
  /// From now on the role has to give its password, as a server that is not in a test wants it.
  void want_password() {
    const auto hba = move.server().directory() / "data" / "pg_hba.conf";
    std::ifstream before(hba);
    const std::string rest{std::istreambuf_iterator<char>(before), {}};
    std::ofstream(hba) << fmt::format("local all {} scram-sha-256\n", role) << rest;
    move.sql().exec(fmt::format("set password_encryption = 'scram-sha-256'; alter role {} password 'opens'; select pg_reload_conf()", role));
    const auto refused = [&] {
      try {
        Sql without(move.conninfo() + " user=" + role);
        return false;
      } catch (const std::runtime_error&) {
        return true;
      }
    };
    ASSERT_TRUE(eventually(refused, kLimit));
    move.source(move.conninfo() + " password=opens user=" + role);
  }
  void expect_done(const std::vector<std::string>& words) {
    const auto [exit, text] = move.call(words);
    EXPECT_EQ(exit, 0) << words.front() << ": " << text;
  }

  Move move{test_migration("gym")};
  std::string database, role, owner;
};

/// Every change is refused for it, which says nothing of the rules.
TEST_F(RoleTest, ALintThatMayChangeNothingSaysSo) {
  grant_what_is_documented();
  make_publication_as_owner();
  const auto [exit, text] = move.call({"lint"});
  EXPECT_EQ(exit, static_cast<int>(ExitCode::kPermission)) << text;
  EXPECT_NE(text.find("no change could be tried: permission denied for table"), std::string::npos) << text;
  EXPECT_NE(text.find("by the owner of the tables"), std::string::npos) << text;
}

TEST_F(RoleTest, WithoutRightsPlanSaysOnlyWhatAnAdministratorHasToDo) {
  const auto [exit, text] = move.call({"plan"});
  EXPECT_EQ(exit, static_cast<int>(ExitCode::kPermission)) << text;
  for (const auto& statement : {fmt::format("alter role \"{}\" replication;", role), fmt::format("grant create on database \"{}\" to \"{}\";", database, role),
                                fmt::format("grant select on public.exercises, public.plans to \"{}\";", role)}) {
    EXPECT_NE(text.find(statement), std::string::npos) << statement << " is not in: " << text;
  }
  EXPECT_LT(std::count(text.begin(), text.end(), '\n'), 15) << text;
  EXPECT_EQ(text.find("create table"), std::string::npos) << text;
}

TEST_F(RoleTest, WithWhatIsDocumentedItPreparesRunsFollowsVerifiesAndIsCancelled) {
  grant_what_is_documented();
  const auto [exit, text] = move.call({"plan"});
  EXPECT_EQ(exit, static_cast<int>(ExitCode::kPermission)) << text;
  EXPECT_NE(text.find("only the owner of the tables can make it"), std::string::npos) << text;
  make_publication_as_owner();
  expect_done({"plan"});
  expect_done({"prepare"});
  move.start_daemon();
  move.sql().exec("update exercises set title = 'of the owner' where id = 7");
  move.expect_equal();
  expect_done({"verify"});
  expect_done({"account"});
  expect_done({"status"});
  expect_done({"pause"});
  expect_done({"resume"});
  move.stop_daemon();
  expect_done({"verify"});
  expect_done({"cancel", "--confirm", "gym"});
  EXPECT_EQ(move.sql().value("select count(*) from pg_namespace where nspname in ('crossfade', 'gym_v2', 'gym_map')"), "0");
}

TEST_F(RoleTest, WhatIsPrintedForItLeavesItsRightsAndItsTables) {
  prepare_for_role();
  EXPECT_EQ(move.sql().value("select string_agg(distinct pg_get_userbyid(relowner), ' ') from pg_class where relnamespace in ('crossfade'::regnamespace, 'gym_v2'::regnamespace)"), role);
  expect_done({"plan"});
  move.start_daemon();
  move.expect_equal();
  expect_done({"verify"});
  move.stop_daemon();
  expect_done({"cancel", "--confirm", "gym"});
  EXPECT_EQ(move.sql().value("select count(*) from pg_publication"), "0");
}

/// What others do is hidden from a role without pg_read_all_stats; a bound on it would hold nothing back and look as if it did.
TEST_F(RoleTest, ABoundThatItCannotSeeIsRefusedAndOneThatIsThereIsTold) {
  prepare_for_role();
  const auto grant = fmt::format("grant pg_read_all_stats to \"{}\"", role);
  for (const auto& bound : {std::pair{"--sessions", "4"}, std::pair{"--replica-lag", "5s"}}) {
    const auto [exit, text] = move.call({"throttle", bound.first, bound.second});
    EXPECT_EQ(exit, static_cast<int>(ExitCode::kPermission)) << text;
    EXPECT_NE(text.find(fmt::format("role {} may not see what the sessions of others do: {} would hold nothing back", role, bound.first)), std::string::npos) << text;
    EXPECT_NE(text.find(grant), std::string::npos) << text;
  }
  expect_done({"throttle", "--retained-wal", "10GB"});
  EXPECT_EQ(move.call({"status"}).second.find("pg_read_all_stats"), std::string::npos) << "nothing is bounded that is hidden";
  // An administrator may set what the daemon's role cannot see.
  expect_done({"throttle", "--sessions", "400", "--replica-lag", "5s", "--source", move.conninfo()});
  const auto told = grant + ": without it --sessions, --replica-lag of `crossfade throttle` holds nothing back";
  EXPECT_NE(move.call({"throttle"}).second.find(told), std::string::npos) << move.call({"throttle"}).second;
  EXPECT_NE(move.call({"throttle", "--json"}).second.find("\"next_steps\":[\"grant pg_read_all_stats to "), std::string::npos);
  // Nor is it told what a session does that others wait for.
  Sql holder(move.conninfo());
  holder.exec("begin; select count(*) from gym_v2.exercises");
  move.start_daemon();
  const auto who = fmt::format("pid {} (postgres); {} shows what it does", holder.backend_pid(), fmt::format("grant pg_read_all_stats to {}", role));
  EXPECT_TRUE(eventually([&] { return move.call({"status"}).second.find(who) != std::string::npos; }, kLimit)) << move.call({"status"}).second;
  EXPECT_NE(move.call({"status"}).second.find(told), std::string::npos) << move.call({"status"}).second;
  move.sql().exec(grant);
  EXPECT_TRUE(eventually([&] { return move.call({"status"}).second.find("(postgres, idle in transaction, for ") != std::string::npos; }, kLimit));
  holder.exec("rollback");
  EXPECT_EQ(move.call({"throttle"}).second.find("pg_read_all_stats"), std::string::npos);
  move.expect_equal();
  move.stop_daemon();
}

/// Who was at work waits for what was taken from him, and goes on where he was.
TEST_F(RoleTest, ADaemonThatIsShutOutWaitsUntilItIsLetInAgain) {
  prepare_for_role();
  move.sql().exec(fmt::format("create role stranger_{0} nologin; grant stranger_{0} to {0}", role));
  move.start_daemon();
  move.expect_equal();
  struct Case {
    std::string take, give, said;
  };
  const std::vector<Case> cases = {
      {fmt::format("alter role {} nologin", role), fmt::format("alter role {} login", role), "not permitted to log in"},
      {fmt::format("revoke connect on database {} from public", database), fmt::format("grant connect on database {} to public", database), "permission denied for database"},
      {fmt::format("revoke select on crossfade.migration from {}", role), fmt::format("grant select on crossfade.migration to {}", role), "permission denied for table migration"},
      {fmt::format("revoke update on crossfade.lease from {}", role), fmt::format("grant update on crossfade.lease to {}", role), "permission denied for table lease"},
      {fmt::format("alter role {} noreplication", role), fmt::format("alter role {} replication", role), "may not read the WAL"},
      {fmt::format("alter role {0} set role = stranger_{0}; alter database {1} set role = stranger_{0}", role, database), "", "leading"},
  };
  int id = 1;
  for (const auto& [take, give, said] : cases) {
    const auto before = move.daemon_log().size();
    move.sql().exec(take);
    move.sql().exec(fmt::format("select pg_terminate_backend(pid) from pg_stat_activity where usename = '{}' and datname = current_database()", role));
    move.sql().exec(fmt::format("update exercises set title = 'while it was out' where id = {}", ++id));
    EXPECT_TRUE(eventually([&] { return move.daemon_log().find(said, before) != std::string::npos || !move.daemon().running(); }, kLimit)) << take << ": " << move.daemon_log();
    ASSERT_TRUE(move.daemon().running()) << take << ": " << move.daemon_log();
    if (!give.empty()) move.sql().exec(give);
    move.expect_equal();
  }
  move.stop_daemon();
}

TEST_F(RoleTest, TheWholeLifeOfAMigrationIsLedByTheRoleWithAPassword) {
  prepare_for_role();
  want_password();
  const auto as_owner = [&](const std::string& statement) { move.sql().exec(fmt::format("set role {}; {}; reset role", owner, statement)); };
  const auto evidence = (move.server().directory() / "evidence").string();
  const auto prove = [&] {
    expect_done({"verify"});
    expect_done({"account"});
  };
  move.start_daemon();
  move.expect_equal();
  prove();
  expect_done({"cutover", "reads"});
  // For the day of the move.
  move.sql().exec(fmt::format("grant {} to {}; grant create on schema public to {}, {}", owner, role, role, owner));
  const auto dry_run = [&] { return move.call({"cutover", "writes", "--dry-run"}); };
  const auto [blind, text] = dry_run();
  EXPECT_EQ(blind, 0) << text;
  EXPECT_NE(text.find(fmt::format("? long transaction: not known: role {} may not see what the sessions of others do\n  mend: grant pg_read_all_stats to \"{}\"", role, role)),
            std::string::npos) << text;
  move.sql().exec(fmt::format("grant pg_read_all_stats to {}", role));
  EXPECT_NE(dry_run().second.find("✓ long transaction: none"), std::string::npos);
  expect_done({"cutover", "writes", "--rehearse"});
  expect_done({"cutover", "writes", "--confirm", "gym", "--evidence", evidence});
  as_owner("update exercises set title = 'of v2' where id = 7; insert into plans values (700, 'owner'); insert into weeks values (700, 1)");
  expect_v1_follows(move);
  expect_done({"rollback", "writes", "--confirm", "gym", "--evidence", evidence});
  as_owner("update exercises set title = 'of v1' where id = 8");
  move.expect_equal();
  prove();
  expect_done({"cutover", "writes", "--confirm", "gym", "--evidence", evidence});
  expect_v1_follows(move);
  expect_done({"complete", "--drop-v1", "--confirm", "gym"});
  EXPECT_EQ(move.daemon().exit_within(kLimit), 0) << move.daemon_log();
  expect_done({"doctor"});
  as_owner("update exercises set title = 'goes on' where id = 9");
  EXPECT_EQ(move.sql().value("select count(*) from pg_replication_slots where database = current_database()"), "0");
}

/// It had what its tables' owner has for the day of the move alone, and v2 belonged to it until then.
TEST_F(RoleTest, ItGoesOnReadingWhatItMovedWhenTheOwnersRoleIsTakenFromItAgain) {
  prepare_for_role();
  const auto as_owner = [&](const std::string& statement) { move.sql().exec(fmt::format("set role {}; {}; reset role", owner, statement)); };
  const auto flip = [&](const std::string& group) {
    move.sql().exec(fmt::format("grant {} to {}", owner, role));
    expect_done({group, "writes", "--confirm", "gym", "--evidence", (move.server().directory() / "evidence").string()});
    move.sql().exec(fmt::format("revoke {} from {}", owner, role));
  };
  move.start_daemon();
  move.expect_equal();
  move.sql().exec(fmt::format("grant create on schema public to {}, {}", role, owner));
  for (int cycle = 0; cycle < 2; ++cycle) {
    SCOPED_TRACE(cycle);
    expect_done({"verify"});
    expect_done({"account"});
    flip("cutover");
    as_owner(fmt::format("update exercises set title = 'of v2' where id = {0}; insert into plans values (70{0}, 'owner'); insert into weeks values (70{0}, 1)", cycle + 1));
    expect_v1_follows(move);
    EXPECT_EQ(move.sql().value("select string_agg(message, ', ') from crossfade.parked"), "");
    flip("rollback");
    as_owner(fmt::format("update exercises set title = 'of v1' where id = {}", cycle + 4));
    move.expect_equal();
    EXPECT_EQ(move.sql().value("select string_agg(message, ', ') from crossfade.parked"), "");
  }
}

/// What `alter default privileges` gives of all that a role makes is given of what v2.sql makes, and of nothing that crossfade makes for itself.
TEST(DefaultPrivilegesTest, OpenNothingThatIsCrossfadesOwn) {
  auto folder = write_down({"create table a (id int primary key, secret text, k text); alter table a replica identity full; insert into a select n, 'secret ' || n, 'k' || n from generate_series(1, 10) n",
                            "create table small_v2.a (id int primary key, secret text, kid bigint not null); revoke all on small_v2.a from public",
                            "create view small_map.a as select a.id, a.secret, d.id as kid from public.a join crossfade.small_kid d on d.k = a.k",
                            ""});
  std::ofstream(folder / "migration.yaml") << "migration: small\nschemas: {shadow: small_v2, mapping: small_map, stable: small_app}\nsurrogates: {kid: {of: [k]}}\n"
                                              "sources: {a: {key: [id]}}\ntargets: {a: {}}\n";
  std::ofstream(folder / "surrogates.sql") << "create view small_map.kid as select k, id from public.a;\n";
  Move move(folder);
  auto& sql = move.sql();
  const auto analyst = "analyst_" + sql.value("select current_database()");
  sql.exec(fmt::format("create role {0}; alter default privileges grant all on tables to public;"
                       "alter default privileges grant usage on sequences to {0}; alter default privileges grant execute on functions to {0}", analyst));
  const auto open = [&] {
    return sql.value(fmt::format("select string_agg(c.oid::regclass::text, ', ') from pg_class c join pg_namespace n on n.oid = c.relnamespace "
                                 "where n.nspname in ('crossfade', 'small_map', 'small_app', 'small_app_canary') and c.relkind in ('r', 'v', 'S') "
                                 "and (c.relkind = 'S' and has_sequence_privilege('{0}', c.oid, 'usage') or c.relkind <> 'S' and has_table_privilege('{0}', c.oid, 'select, insert, update, delete'))",
                                 analyst));
  };
  const auto prepared = move.call({"prepare"});
  ASSERT_EQ(prepared.first, 0) << prepared.second;
  EXPECT_EQ(open(), "");
  EXPECT_EQ(sql.value(fmt::format("select string_agg(p.proname, ', ') from pg_proc p where p.pronamespace = 'crossfade'::regnamespace and has_function_privilege('{}', p.oid, 'execute') "
                                  "and p.proname not in ('route', 'owner', 'wait_for', 'uuid', 'touch')", analyst)), "");
  move.start_daemon();
  move.expect_equal();
  std::ofstream(folder / "mapping.sql", std::ios::app) << "-- amended\n";
  ASSERT_EQ(move.call({"amend", "--hold-limit", "5s"}).first, 0);
  EXPECT_EQ(open(), "");
  sql.exec("drop view small_app.a");
  ASSERT_EQ(move.call({"wait", "--phase", "following", "--lag", "10s"}).first, 0);
  for (const auto* command : {"verify", "account"}) ASSERT_EQ(move.call({command}).first, 0);
  const auto [exit, text] = move.call({"cutover", "reads", "--confirm", "small"});
  ASSERT_EQ(exit, 0) << text;
  EXPECT_EQ(sql.value("select to_regclass('small_app.a') is not null"), "t");
  EXPECT_EQ(open(), "");
  sql.exec(fmt::format("alter default privileges revoke all on tables from public; alter default privileges revoke all on sequences from {0}; alter default privileges revoke all on functions from {0}", analyst));
}

/// plan asks for the way back that is to be drafted, and so cannot be asked.
TEST(DraftingRoleTest, WhatKeepsAWayBackFromBeingDraftedIsSaid) {
  const auto folder = write_down({"create table a (id int primary key, n int not null)", "create table small_v2.a (id int primary key, n int not null)",
                                  "create view small_map.a as select id, n from public.a", ""});
  write_way_back(folder, "");
  std::filesystem::remove(folder / "reverse.sql");
  Move move(folder);
  const auto role = "drafter_" + move.dbname();
  move.sql().exec("create role " + role + " login");
  move.source(move.conninfo() + " user=" + role);
  const auto [exit, text] = move.call({"init", "--reverse"});
  EXPECT_EQ(exit, static_cast<int>(ExitCode::kUsage)) << text;
  EXPECT_NE(text.find("grant select on public.a to"), std::string::npos) << text;
  EXPECT_NE(text.find("mend first what is said above"), std::string::npos) << text;
  move.source(move.conninfo());
}

}  // namespace
}  // namespace crossfade::test
