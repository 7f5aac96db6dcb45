#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iostream>
#include <sstream>

#include "api/status_text.h"
#include "app/commands.h"
#include "app/live_writer.h"
#include "app/stage.h"
#include "base/failure.h"
#include "pg/connection.h"

namespace crossfade::app {
namespace {

struct Size {
  const char* name;
  int plans;
  int exercises_a_plan;
  int writes_per_second;
};
constexpr Size kSizes[] = {{"small", 200, 8, 100}, {"medium", 50'000, 30, 100}, {"large", 500'000, 30, 100}};

std::string read_file(const std::filesystem::path& path) {
  std::ifstream in(path);
  if (!in) throw usage_failure(fmt::format("cannot read {}", path.string()), "a demo needs v1.sql, sample.sql and workload/ in the migration's folder");
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

/// The migration that is shown when none is named: the one in the source tree, wherever one is started from.
std::filesystem::path default_migration() {
  const std::filesystem::path inside = "sql/migrations/vagus_workout";
  auto folder = std::filesystem::current_path();
  for (; !std::filesystem::exists(folder / inside); folder = folder.parent_path()) {
    if (folder == folder.root_path()) throw usage_failure("no migration is named", "say which with --migration DIR, or start in the source tree");
  }
  return folder / inside;
}

ThrowawayServer::Options roomy() {
  ThrowawayServer::Options with;
  with.settings = {{"shared_buffers", "256MB"}, {"max_wal_size", "4GB"}, {"checkpoint_timeout", "30min"}};
  return with;
}

void load_sample(Stage& stage, const Size& size) {
  Stage::say(fmt::format("A throw-away PostgreSQL has started. Loading v1 with sample data: {} plans with {} exercises each.", size.plans, size.exercises_a_plan));
  stage.value(read_file(stage.migration() / "v1.sql"));
  stage.value(fmt::format("set crossfade.sample_plans = {}; set crossfade.sample_exercises_per_plan = {};", size.plans, size.exercises_a_plan) +
              read_file(stage.migration() / "sample.sql") + "; analyze");
}

/// The whole show: an application that writes, the daemon, and the commands a person would type.
void play(const Options& options, const std::filesystem::path& migration) {
  const auto& size = *std::find_if(std::begin(kSizes), std::end(kSizes), [&](const Size& s) { return options.size == s.name; });
  Stage stage(migration, roomy());
  load_sample(stage, size);
  Stage::say(fmt::format("An application starts to write v1 and will not stop: about {} transactions a second.", size.writes_per_second));
  LiveWriter writer(stage.server().conninfo(), migration / "workload", size.writes_per_second);
  stage.start_daemon();
  stage.watch_until_following();
  stage.command({"verify"});
  stage.command({"account"});
  stage.command({"cutover", "reads", "--percent", "10"});
  stage.command({"cutover", "reads", "--percent", "50"});
  stage.command({"cutover", "reads", "--percent", "100"});
  Stage::say("All reads are on v2. Something is wrong, say: back, at once, with nothing lost.");
  stage.command({"rollback", "reads"});
  stage.command({"cutover", "reads"});
  writer.stop();
  Stage::say(fmt::format("The application wrote {} transactions meanwhile. What it wrote last is waited for, then all is compared once more.", writer.committed()));
  stage.command({"wait", "--lsn", stage.value("select pg_current_wal_insert_lsn()"), "--timeout", "60s"});
  stage.command({"verify"});
  stage.command({"account"});
  const bool equal = stage.value("select drifted_rows = 0 and whole from crossfade.verification order by id desc limit 1") == "t";
  if (!equal) throw precondition_failure("the last verification was not clean", "see above");
  if (options.keep) stage.wait_for_interrupt();
  Stage::say("Stopping the daemon.");
  stage.stop_daemon();
  Stage::say("Moved, rolled back, moved again, verified equal, every row accounted for.");
}

}  // namespace

ExitCode demo(const Options& options) {
  const auto began = pg::Clock::now();
  play(options, options.migration.empty() ? default_migration() : std::filesystem::absolute(options.migration));
  std::cout << fmt::format("  {} in all\n", api::human_seconds(std::chrono::duration<double>(pg::Clock::now() - began).count()));
  return ExitCode::kOk;
}

}  // namespace crossfade::app
