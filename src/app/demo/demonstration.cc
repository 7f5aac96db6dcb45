#include "app/demo/demonstration.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <sstream>
#include <thread>

#include "app/cli/context.h"
#include "app/demo/live_writer.h"
#include "app/demo/stage.h"
#include "app/ephemeral/server_programs.h"
#include "app/status/long_work.h"
#include "base/error/failure.h"
#include "base/text/human.h"
#include "mapping/file/migration_file.h"
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
  stage.say(fmt::format("A throw-away PostgreSQL has started. Loading v1 with sample data: {} plans with {} exercises each.", size.plans, size.exercises_a_plan));
  stage.value(read_file(stage.migration() / "v1.sql"));
  stage.value(fmt::format("set crossfade.sample_plans = {}; set crossfade.sample_exercises_per_plan = {};", size.plans, size.exercises_a_plan) +
              read_file(stage.migration() / "sample.sql") + "; analyze");
}

/// Until the application has written some more, or it is clear that it has no word for v2.
void wait_for_writes(const LiveWriter& writer) {
  const auto goal = writer.committed() + 50;
  const auto give_up = pg::Clock::now() + std::chrono::seconds(3);
  while (writer.committed() < goal && pg::Clock::now() < give_up) std::this_thread::sleep_for(std::chrono::milliseconds(20));
}

/// A machine that is busy with other things lets v2 fall behind. Then what the command advises is done, as a person would.
void move(Stage& stage, const std::vector<std::string>& words) {
  if (stage.run_command(words) == static_cast<int>(ExitCode::kOk)) return;
  stage.command({"wait", "--lag", "1s", "--timeout", "120s"});
  stage.command(words);
}

/// The writes go to v2 and come back with all that was written there.
void move_writes_there_and_back(Stage& stage, const LiveWriter& writer) {
  const auto name = mapping::load_migration(stage.migration()).yaml.migration();
  const auto flip = [&](const char* group) {
    move(stage, {group, "writes", "--confirm", name, "--evidence", stage.server().directory().string()});
  };
  flip("cutover");
  const auto before = writer.committed();
  wait_for_writes(writer);
  stage.say(fmt::format("The application has written {} transactions to v2, and v1 is kept true, as is proved while it goes on.", writer.committed() - before));
  stage.command({"verify"}, Stage::Shown::kLastLine);
  stage.say("Back again, with all of them.");
  flip("rollback");
  wait_for_writes(writer);
}

/// Reads along on a terminal, or in a file.
class Reader : public Audience {
 public:
  void say(const std::string& sentence) override { print_sentence(sentence); }
  void show(const std::string& answer) override { print_answer(answer); }
  void see(const v1::Status& status, bool done) override {
    if (!terminal_ && !done && pg::Clock::now() < next_line_) return;
    std::cout << (terminal_ ? "\r\033[K" : "") << progress_of(status, done) << (terminal_ && !done ? "" : "\n") << std::flush;
    next_line_ = pg::Clock::now() + std::chrono::seconds(2);
  }
  void go_on() override { ears_.go_on(); }

 private:
  const bool terminal_ = can_redraw();
  const Ears ears_;
  pg::Clock::time_point next_line_ = pg::Clock::now();
};

/// The whole show: an application that writes, the daemon, and the commands a person would type.
void play(const DemoOptions& own, const std::filesystem::path& migration) {
  Reader reader;
  const auto& size = *std::find_if(std::begin(kSizes), std::end(kSizes), [&](const Size& s) { return own.size == s.name; });
  Stage stage(migration, roomy(), reader);
  load_sample(stage, size);
  stage.say(fmt::format("An application starts to write v1 and will not stop: about {} transactions a second.", size.writes_per_second));
  LiveWriter writer(stage.server().conninfo(), migration / "workload", size.writes_per_second);
  stage.start_daemon();
  stage.watch_until_following();
  stage.command({"verify"}, Stage::Shown::kLastLine);
  stage.command({"account"}, Stage::Shown::kLastLine);
  move(stage, {"cutover", "reads", "--percent", "10"});
  move(stage, {"cutover", "reads", "--percent", "50"});
  move(stage, {"cutover", "reads", "--percent", "100"});
  stage.say("All reads are on v2. Something is wrong, say: back, at once, with nothing lost.");
  stage.command({"rollback", "reads"});
  move(stage, {"cutover", "reads"});
  stage.say("Now the writes. The application waits for a moment, then finds v2 in the place of v1 and goes on with that.");
  move_writes_there_and_back(stage, writer);
  writer.stop();
  stage.say(fmt::format("The application wrote {} transactions meanwhile. What it wrote last is waited for, then all is compared once more.", writer.committed()));
  stage.command({"wait", "--lsn", stage.value("select pg_current_wal_insert_lsn()"), "--timeout", "60s"});
  if (stage.run_command({"verify"}, Stage::Shown::kLastLine) != 0) {
    stage.say("v2 still says what v1 has no word for. It is brought in line.");
    stage.command({"verify", "--repair"});
    stage.command({"verify"});
  }
  stage.command({"account"});
  const bool equal = stage.value("select drifted_rows = 0 and whole from crossfade.verification order by id desc limit 1") == "t";
  if (!equal) throw precondition_failure("the last verification was not clean", "see above");
  if (own.keep) stage.wait_for_interrupt();
  stage.say("Stopping the daemon.");
  stage.stop_daemon();
  stage.say("Reads moved, rolled back and moved again; writes there and back; verified equal, every row accounted for.");
}

}  // namespace

ExitCode demo(const Options& options, const DemoOptions& own) {
  if (options.json) throw usage_failure("a demo is for people, and is not JSON", "leave out --json; `crossfade rehearse --json` has what a move takes");
  const auto began = pg::Clock::now();
  if (!own.postgres.empty()) setenv(kPostgresVariable, own.postgres.c_str(), 1);
  try {
    play(own, options.migration.empty() ? default_migration() : std::filesystem::absolute(options.migration));
  } catch (const boost::system::system_error& left) {
    if (left.code() != boost::asio::error::operation_aborted) throw;
    std::cout << "\nEnded; nothing is left of it.\n";
    return exit_code(LongWork::Ended::kByHand);
  }
  std::cout << fmt::format("  {} in all\n", human_seconds(std::chrono::duration<double>(pg::Clock::now() - began).count()));
  return ExitCode::kOk;
}

}  // namespace crossfade::app
