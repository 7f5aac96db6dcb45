#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>

#include "app/ephemeral/server_programs.h"
#include "pg/cutover/workout.h"
#include "support/flip.h"

namespace crossfade::test {
namespace {

namespace fs = std::filesystem;

/// What the package brings for the day when crossfade itself is out of the picture.
class WorkoutRollbackTest : public Workout {
 protected:
  ~WorkoutRollbackTest() override { fs::remove_all(backup); }

  void cut_over() {
    expect_done({"cutover", "writes", "--confirm", "vagus_workout", "--evidence", (move.server().directory() / "evidence").string()});
  }
  /// Exit code and output of a script of the package.
  std::pair<int, std::string> script(const std::string& name, std::vector<std::string> more = {}) {
    const auto file = (move.folder() / "rollback" / name).string();
    auto environment = connection_environment(move.conninfo());
    environment.emplace_back("PATH", client_program("psql").parent_path().string() + ":" + std::getenv("PATH"));
    std::vector<std::string> words = {client_program("psql").string(), "--no-psqlrc", "--quiet", "--tuples-only", "--file=" + file};
    if (name.ends_with(".sh")) words = {"/bin/sh", file};
    words.insert(words.end(), more.begin(), more.end());
    Program program(words, move.server().directory() / fmt::format("{}-{}-{}.txt", name, getpid(), ++scripts_), environment);
    const auto exit = program.exit_within(kLimit);
    return {exit.value_or(-1), program.output()};
  }
  std::string names_of_v1() {
    return move.sql().value("select string_agg(c.relname, ' ' order by c.relname) from pg_class c "
                            "where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'i', 'S') and c.relname !~ 'system_maintenance'");
  }
  std::string rows_of_v1() {
    std::string sums;
    for (const auto* table : {"workout_plans", "exercises", "workout_sessions", "exercise_logs", "notification_preferences", "workout_templates"}) {
      sums += move.sql().value(fmt::format("select md5(string_agg(t::text, ' ' order by t::text)) from public.{} t", table));
    }
    return sums;
  }
  std::string left_in_the_way() {
    return move.sql().value("select concat_ws(' ', (select count(*) from pg_replication_slots where database = current_database()), "
                            "(select count(*) from pg_publication), (select count(*) from pg_trigger where tgname = 'crossfade_fence'))");
  }

  const fs::path backup = fs::path(testing::TempDir()) / ("vagus-" + std::to_string(getpid()));

 private:
  int scripts_ = 0;
};

TEST_F(WorkoutRollbackTest, TheQuickOneGivesV1ItsNamesBackWithWhatHadComeOver) {
  const auto before = names_of_v1();
  cut_over();
  move.sql().exec("update exercises set name = 'written to v2' where id = (select min(id::text)::uuid from exercises)");
  expect_v1_follows(move);
  EXPECT_NE(script("quick.sql").first, 0) << "the daemon keeps v1 true, and has a better way";
  EXPECT_NE(names_of_v1(), before);
  move.stop_daemon();
  const auto [exit, text] = script("quick.sql");
  EXPECT_EQ(exit, 0) << text;
  EXPECT_EQ(names_of_v1(), before);
  EXPECT_EQ(left_in_the_way(), "0 0 0");
  EXPECT_EQ(move.sql().value("select crossfade.route('vagus_workout', 1)"), "v1");
  EXPECT_EQ(move.sql().value("select count(*) from public.exercises e join public.workout_plans p on p.id = e.plan_id where e.name = 'written to v2'"), "1");
  EXPECT_EQ(move.sql().value("select count(*) from workout_v2.exercises where name = 'written to v2'"), "1") << "nothing is dropped";
  move.sql().exec("update public.exercises set name = 'written to v1' where name = 'written to v2'");
  EXPECT_NE(script("quick.sql").first, 0) << "there is nothing to roll back";
}

TEST_F(WorkoutRollbackTest, TheFullOneGivesV1TheRowsOfTheBackup) {
  CROSSFADE_NEEDS("pg_restore");
  const auto names = names_of_v1();
  const auto rows = rows_of_v1();
  expect_done({"backup", "--dir", backup.string(), "--verify"});
  cut_over();
  move.sql().exec("update exercises set name = 'broken'; delete from workout_plans where id = (select min(id::text)::uuid from workout_plans)");
  expect_v1_follows(move);
  move.stop_daemon();
  const auto [exit, text] = script("full.sh", {backup.string()});
  EXPECT_EQ(exit, 0) << text;
  EXPECT_EQ(names_of_v1(), names);
  EXPECT_EQ(rows_of_v1(), rows);
  EXPECT_EQ(left_in_the_way(), "0 0 0");
  EXPECT_EQ(move.sql().value("select message || enabled from public.system_maintenance"), "Rolling back migration...false");
  // And again, the names being v1's already.
  move.sql().exec("delete from public.exercise_logs");
  EXPECT_EQ(script("full.sh", {backup.string()}).first, 0);
  EXPECT_EQ(rows_of_v1(), rows);
}

TEST_F(WorkoutRollbackTest, ABackupThatIsBrokenChangesNothing) {
  const auto rows = rows_of_v1();
  fs::create_directories(backup);
  std::ofstream(backup / "sources.dump") << "no dump";
  EXPECT_NE(script("full.sh", {backup.string()}).first, 0);
  EXPECT_EQ(rows_of_v1(), rows);
  EXPECT_EQ(move.sql().value("select to_regclass('public.system_maintenance')"), "");
}

TEST_F(WorkoutRollbackTest, TheMaintenanceFlagIsOneRowThatEverybodyReads) {
  EXPECT_EQ(script("maintenance_on.sql").first, 0);
  EXPECT_EQ(script("maintenance_on.sql", {"--set=message=It's longer", "--set=minutes=30"}).first, 0);
  move.sql().exec("set role authenticated");
  EXPECT_EQ(move.sql().rows("select message, estimated_completion - started_at from public.system_maintenance where enabled"),
            std::vector<std::string>{"It's longer|00:30:00"});
  move.sql().exec("reset role");
  EXPECT_EQ(script("maintenance_off.sql").first, 0);
  EXPECT_EQ(move.sql().value("select count(*) from public.system_maintenance where enabled"), "0");
}

}  // namespace
}  // namespace crossfade::test
