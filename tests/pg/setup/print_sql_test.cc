#include <fmt/format.h>

#include <fstream>

#include "app/ephemeral/server_programs.h"
#include "base/error/exit_code.h"
#include "support/major.h"
#include "support/move.h"

namespace crossfade::test {
namespace {

/// What `prepare --print-sql` prints, run by psql.
class PrintSqlTest : public testing::Test {
 protected:
  std::string printed(const std::vector<std::string>& more = {}) {
    std::vector<std::string> words{"prepare", "--print-sql"};
    words.insert(words.end(), more.begin(), more.end());
    const auto [exit, sql] = move.call(words);
    EXPECT_EQ(exit, 0) << sql;
    return sql;
  }
  void run_in_psql(const std::string& sql) {
    const auto file = move.server().directory() / "prepare.sql";
    std::ofstream(file) << sql;
    Program psql({client_program("psql").string(), "--no-psqlrc", "--set=ON_ERROR_STOP=1", "--quiet", "--file=" + file.string(), "--dbname=" + move.conninfo()},
                 move.server().directory() / "psql.log");
    EXPECT_EQ(psql.exit_within(kLimit), 0) << psql.output();
  }
  /// What a preparation leaves, but for what no two have alike.
  std::string state() {
    std::string text;
    for (const char* query : {"select name, phase, shadow_schema, mapping_schema, stable_schema, made_schemas from crossfade.migration",
                              "select migration, target, bulk, estimated_rows, finished_at is null from crossfade.backfill order by target",
                              "select migration, epoch from crossfade.lease", "select migration, percent from crossfade.reads", "select * from crossfade.surrogate",
                              "select migration, slot, settled_lsn = slot_created_lsn, consistent_lsn from crossfade.checkpoint",
                              "select relation::regclass, name from crossfade.disabled_trigger order by 1, 2", "select tgrelid::regclass, tgname, tgenabled from pg_trigger where not tgisinternal order by 1, 2",
                              "select pubname, pubviaroot from pg_publication", "select nspname from pg_namespace where nspname !~ '^pg_' order by 1",
                              "select slot_name from pg_replication_slots where database = current_database()"}) {
      for (const auto& row : move.sql().rows(query)) text += row + "\n";
    }
    return text;
  }

  Move move{test_migration("gym")};
};

TEST_F(PrintSqlTest, PreparesAsPrepareDoes) {
  // Nobody else does so in between: estimates are part of what is compared.
  move.sql().exec("analyze");
  const auto sql = printed();
  EXPECT_EQ(move.sql().value("select count(*) from pg_namespace where nspname in ('crossfade', 'gym_v2')"), "0") << "printing writes nothing";
  EXPECT_EQ(move.call({"prepare"}).first, 0);
  const auto expected = state();
  EXPECT_EQ(move.call({"cancel", "--confirm", "gym"}).first, 0);
  run_in_psql(sql);
  EXPECT_EQ(state(), expected);
  const auto [exit, told] = move.call({"prepare"});
  EXPECT_EQ(exit, 0) << told;
  EXPECT_NE(told.find("already prepared"), std::string::npos) << told;
}

TEST_F(PrintSqlTest, IsAllThatRunNeedsToFollow) {
  run_in_psql(printed());
  const auto daemon = move.start({"run"});
  move.sql().exec("update exercises set title = 'after it' where id = 7");
  const auto followed = [&] { return move.sql().value("select title from gym_v2.exercises where id = 7") == "after it"; };
  EXPECT_TRUE(eventually(followed, kLimit)) << daemon->output();
}

TEST_F(PrintSqlTest, TellsTheStepsThatItPrints) {
  const auto sql = printed();
  const auto [exit, steps] = move.call({"prepare", "--dry-run"});
  ASSERT_EQ(exit, 0) << steps;
  std::size_t at = 0;
  int told = 0;
  for (std::size_t begin = 0, end; (end = steps.find('\n', begin)) != std::string::npos; begin = end + 1, ++told) {
    const auto line = steps.substr(begin, end - begin);
    at = sql.find("-- " + line.substr(line.find_first_not_of(' ')), at);
    EXPECT_NE(at, std::string::npos) << line;
  }
  EXPECT_GT(told, 8);
}

TEST_F(PrintSqlTest, WhereThePreparationIsHalfDoneOnlyWhatIsLeft) {
  EXPECT_EQ(move.call({"prepare"}).first, 0);
  move.sql().exec("delete from crossfade.checkpoint");
  const auto sql = printed();
  EXPECT_EQ(sql.find("create schema"), std::string::npos) << sql;
  run_in_psql(sql);
  move.start_daemon();
  move.expect_equal();
}

TEST_F(PrintSqlTest, APublicationThatFitsIsTakenAndAnotherIsRefused) {
  move.sql().exec("create publication crossfade_gym for table plans with (publish_via_partition_root = true)");
  const auto [exit, why] = move.call({"prepare"});
  EXPECT_EQ(exit, static_cast<int>(ExitCode::kPrecondition)) << why;
  EXPECT_NE(why.find("publication crossfade_gym: it is there already and is not what it must be: it has public.plans"), std::string::npos) << why;
  EXPECT_NE(why.find("drop publication \"crossfade_gym\"; create publication"), std::string::npos) << why;
  const auto options = publication_options();
  std::vector<std::string> others = {"for table plans, exercises", "for all tables", "for table plans, exercises with (" + options + ", publish = 'insert')"};
  if (server_major() >= 15) others.push_back("for table plans, exercises where (id > 5) with (" + options + ")");
  // What the server does not send of a replica identity it refuses to change.
  if (server_major() >= 18) others.emplace_back("for table plans, exercises with (publish_via_partition_root = true)");
  for (const auto& other : others) {
    move.sql().exec(fmt::format("drop publication crossfade_gym; create publication crossfade_gym {}", other));
    EXPECT_EQ(move.call({"prepare"}).first, static_cast<int>(ExitCode::kPrecondition)) << other;
  }
  move.sql().exec(fmt::format("drop publication crossfade_gym; create publication crossfade_gym for table exercises, plans with ({})", options));
  move.start_daemon();
  move.expect_equal();
}

}  // namespace
}  // namespace crossfade::test
