#include <fmt/format.h>

#include <fstream>
#include <iterator>

#include "base/error/exit_code.h"
#include "setup/state/state_schema.h"
#include "support/move.h"

namespace crossfade::test {
namespace {

namespace fs = std::filesystem;

std::string text_of(const fs::path& file) {
  std::ifstream stream(file);
  return {std::istreambuf_iterator<char>(stream), {}};
}

/// Every table, column, constraint, index and function of schema crossfade.
constexpr auto kEverything = R"(
  select format('column %s.%s %s %s %s', a.attrelid::regclass, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid))
  from pg_attribute a join pg_class c on c.oid = a.attrelid left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
  where c.relnamespace = 'crossfade'::regnamespace and c.relkind = 'r' and a.attnum > 0 and not a.attisdropped
  union all
  select format('constraint %s %s %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) from pg_constraint where connamespace = 'crossfade'::regnamespace
  union all
  select format('index %s', pg_get_indexdef(i.indexrelid)) from pg_index i join pg_class c on c.oid = i.indrelid where c.relnamespace = 'crossfade'::regnamespace
  union all
  select format('function %s %s', oid::regprocedure, md5(prosrc)) from pg_proc where pronamespace = 'crossfade'::regnamespace
  order by 1)";

/// A database as an earlier version left it.
class LayoutTest : public testing::Test {
 protected:
  /// A migration that the version with layout 1 has brought as far as following; `slot` is its slot's name.
  void follow_with_layout_1() {
    move.sql().exec(layout_1("engine.sql"));
    for (const char* schema : {"gym_v2", "gym_map", "gym_unmap"}) move.sql().exec(fmt::format("create schema {}", schema));
    for (const char* file : {"v2.sql", "mapping.sql", "reverse.sql"}) move.sql().exec(text_of(move.folder() / file));
    move.sql().exec(layout_1("following.sql"));
    move.sql().exec("select pg_create_logical_replication_slot('crossfade_gym', 'pgoutput')");
    move.sql().exec("insert into crossfade.checkpoint (migration, system_identifier, timeline, slot, slot_created_lsn, settled_lsn, consistent_lsn) "
                    "select 'gym', i.system_identifier, c.timeline_id, s.slot_name, s.confirmed_flush_lsn, s.confirmed_flush_lsn, s.confirmed_flush_lsn "
                    "from pg_control_system() i, pg_control_checkpoint() c, pg_replication_slots s where s.slot_name = 'crossfade_gym'");
  }
  static std::string layout_1(const std::string& file) { return text_of(fs::path(CROSSFADE_SOURCE_DIR) / "tests/pg/setup/layout_1" / file); }
  void expect_refused(const std::vector<std::string>& words, ExitCode exit, const std::string& because) {
    const auto answer = move.call(words);
    EXPECT_EQ(answer.first, static_cast<int>(exit)) << words.front() << ": " << answer.second;
    EXPECT_NE(answer.second.find(because), std::string::npos) << answer.second;
  }
  std::string version() { return move.sql().value("select version from crossfade.layout"); }

  Move move{test_migration("gym")};
};

TEST_F(LayoutTest, AMigrationThatFollowsGoesOnUnderANewerDaemon) {
  follow_with_layout_1();
  move.sql().exec("update exercises set title = 'while nobody looked' where id = 7; delete from exercises where id = 8");
  move.start_daemon();
  EXPECT_TRUE(move.logged("schema crossfade is brought up to date"));
  move.expect_caught_up();
  EXPECT_EQ(move.sql().value("select title from gym_v2.exercises where id = 7"), "while nobody looked");
  EXPECT_EQ(version(), std::to_string(setup::kLayout));
  EXPECT_EQ(move.daemon_log().find("gap"), std::string::npos) << move.daemon_log();
  EXPECT_TRUE(eventually([&] { return move.sql().value("select count(*) from crossfade.quarantine") == "0"; }, kLimit)) << "what was set aside is healed";
  move.expect_equal();
  move.stop_daemon();
  EXPECT_EQ(move.sql().value("select count(*) from crossfade.flight"), move.sql().value("select count(*) from crossfade.cutover_step")) << "by its earlier name too";
  EXPECT_EQ(move.call({"cancel", "--confirm", "gym"}).first, 0);
}

TEST_F(LayoutTest, AnUpgradedSchemaIsWhatANewOneIs) {
  Database fresh;
  Sql made(fresh.conninfo());
  made.exec(setup::engine_sql(0));
  Database old;
  Sql upgraded(old.conninfo());
  upgraded.exec(layout_1("engine.sql"));
  upgraded.exec("begin;" + setup::engine_sql(1) + "commit");
  EXPECT_EQ(upgraded.rows(kEverything), made.rows(kEverything));
  upgraded.exec("begin;" + setup::engine_sql(setup::kLayout) + "commit");
  EXPECT_EQ(upgraded.rows(kEverything), made.rows(kEverything)) << "once more does no harm";
}

TEST_F(LayoutTest, PlanWritesNothingAndCommandsDo) {
  follow_with_layout_1();
  EXPECT_EQ(move.call({"plan"}).first, 0);
  EXPECT_EQ(move.sql().value("select to_regclass('crossfade.layout')"), "");
  const auto [exit, text] = move.call({"status"});
  EXPECT_EQ(exit, 0) << text;
  EXPECT_NE(text.find("phase        following"), std::string::npos) << text;
  EXPECT_EQ(version(), std::to_string(setup::kLayout));
}

TEST_F(LayoutTest, TwoThatUpgradeAtTheSameTimeDoItOnce) {
  follow_with_layout_1();
  std::vector<std::unique_ptr<Program>> commands;
  for (int n = 0; n < 4; ++n) commands.push_back(move.start({"status"}));
  for (const auto& command : commands) EXPECT_EQ(command->exit_within(kLimit), 0) << command->output();
  EXPECT_EQ(version(), std::to_string(setup::kLayout));
}

TEST_F(LayoutTest, ADaemonOfTheEarlierVersionIsNotDisturbed) {
  follow_with_layout_1();
  Sql leader(move.conninfo());
  leader.exec("select crossfade.take_lease('gym', 'old:1')");
  for (const std::vector<std::string>& words : {std::vector<std::string>{"status"}, {"run"}, {"cancel", "--confirm", "gym"}}) {
    expect_refused(words, ExitCode::kNotLeader, "a daemon of the earlier version works with it: old:1 (migration gym)");
  }
  EXPECT_EQ(move.sql().value("select to_regclass('crossfade.layout')"), "");
}

TEST_F(LayoutTest, ALaterLayoutIsRefused) {
  EXPECT_EQ(move.call({"prepare"}).first, 0);
  move.sql().exec(fmt::format("update crossfade.layout set version = {}", setup::kLayout + 1));
  for (const std::vector<std::string>& words : {std::vector<std::string>{"status"}, {"plan"}, {"run", "--prepare"}, {"prepare"}, {"verify"}, {"cancel", "--confirm", "gym"}}) {
    expect_refused(words, ExitCode::kPrecondition, fmt::format("schema crossfade has layout {}, and this version of crossfade knows {} at most", setup::kLayout + 1, setup::kLayout));
  }
}

TEST_F(LayoutTest, ASchemaOfSomebodyElseIsRefused) {
  move.sql().exec(fmt::format("create role stranger_{0}; grant create on database {0} to stranger_{0}; set role stranger_{0}; create schema crossfade; reset role",
                              move.sql().value("select current_database()")));
  for (const char* command : {"plan", "prepare"}) {
    expect_refused({command}, ExitCode::kPrecondition, "schema crossfade belongs to role stranger_" + move.sql().value("select current_database()"));
  }
  move.sql().exec("drop schema crossfade");
  EXPECT_EQ(move.call({"prepare"}).first, 0);
  move.sql().exec("alter function crossfade.fence() owner to stranger_" + move.sql().value("select current_database()"));
  expect_refused({"run"}, ExitCode::kPrecondition, "function crossfade.fence() belongs to role");
  move.sql().exec("alter function crossfade.fence() owner to current_user");
  move.sql().exec("drop owned by stranger_" + move.sql().value("select current_database()"));
  move.start_daemon();
  move.expect_equal();
}

}  // namespace
}  // namespace crossfade::test
