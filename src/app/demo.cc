#include <fmt/format.h>
#include <google/protobuf/util/json_util.h>
#include <unistd.h>

#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <fstream>
#include <iostream>
#include <sstream>
#include <thread>

#include "api/client.h"
#include "api/status_text.h"
#include "app/commands.h"
#include "app/context.h"
#include "app/live_writer.h"
#include "app/program.h"
#include "app/throwaway_server.h"
#include "base/failure.h"
#include "crossfade/v1/status.pb.h"

namespace crossfade::app {
namespace {

using namespace std::chrono_literals;

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

void say(const std::string& sentence) { std::cout << "\n» " << sentence << std::endl; }

/// The whole show: a server, an application that writes, the daemon, and the commands a person would type.
class Demo {
 public:
  Demo(const Options& options, std::filesystem::path migration) : options_(options), migration_(std::move(migration)) {}

  void play() {
    set_the_stage();
    start_daemon();
    watch_until_following();
    command({"verify"});
    command({"account"});
    command({"cutover", "reads", "--percent", "10"});
    command({"cutover", "reads", "--percent", "50"});
    command({"cutover", "reads", "--percent", "100"});
    say("All reads are on v2. Something is wrong, say: back, at once, with nothing lost.");
    command({"rollback", "reads"});
    command({"cutover", "reads"});
    writer_->stop();
    say(fmt::format("The application wrote {} transactions meanwhile. What it wrote last is waited for, then all is compared once more.", writer_->committed()));
    command({"wait", "--lsn", value("select pg_current_wal_insert_lsn()"), "--timeout", "60s"});
    command({"verify"});
    command({"account"});
    const bool equal = value("select drifted_rows = 0 and whole from crossfade.verification order by id desc limit 1") == "t";
    if (!equal) throw precondition_failure("the last verification was not clean", "see above");
    if (options_.keep) keep();
    say("Stopping the daemon.");
    daemon_->signal(SIGTERM);
    const auto exit = daemon_->exit_within(30s);
    if (exit != 0) throw precondition_failure(fmt::format("the daemon ended with {}", exit.value_or(-1)), "its log is above");
    say("Moved, rolled back, moved again, verified equal, every row accounted for.");
  }

 private:
  void set_the_stage() {
    const auto size = *std::find_if(std::begin(kSizes), std::end(kSizes), [&](const Size& s) { return options_.size == s.name; });
    say("Starting a throw-away PostgreSQL and loading v1 with sample data: " + fmt::format("{} plans with {} exercises each.", size.plans, size.exercises_a_plan));
    ThrowawayServer::Options with;
    with.settings = {{"shared_buffers", "256MB"}, {"max_wal_size", "4GB"}, {"checkpoint_timeout", "30min"}};
    server_ = std::make_unique<ThrowawayServer>(with);
    run_sql(read_file(migration_ / "v1.sql"));
    run_sql(fmt::format("set crossfade.sample_plans = {}; set crossfade.sample_exercises_per_plan = {};", size.plans, size.exercises_a_plan) +
            read_file(migration_ / "sample.sql") + "; analyze");
    say(fmt::format("An application starts to write v1 and will not stop: about {} transactions a second.", size.writes_per_second));
    writer_ = std::make_unique<LiveWriter>(server_->conninfo(), migration_ / "workload", size.writes_per_second);
  }

  void start_daemon() {
    say("$ crossfade run --prepare        (in the background; its log: " + log().string() + ")");
    auto words = base({"run", "--prepare"});
    words.insert(words.end(), {"--http", "127.0.0.1:0"});
    daemon_ = std::make_unique<Program>(words, log());
  }

  void watch_until_following() {
    const bool terminal = isatty(STDOUT_FILENO) == 1;
    auto next_line = pg::Clock::now();
    for (;;) {
      if (!daemon_->running()) throw precondition_failure("the daemon has ended:\n" + daemon_->output(), "see its log above");
      const auto status = now();
      const bool done = status && status->phase() == "following";
      if (status && (terminal || done || pg::Clock::now() >= next_line)) {
        const auto& backfill = status->backfill();
        const double share = done ? 100 : backfill.estimated_rows() > 0 ? std::min(99.0, 100 * backfill.done_rows() / backfill.estimated_rows()) : 0;
        std::cout << (terminal ? "\r\033[K" : "")
                  << fmt::format("  {:<12} {:>3.0f} %  {:>10} rows  {:>9} rows/s{}  lag {}", status->phase(), share, api::human_count(backfill.done_rows()),
                                 api::human_count(backfill.rows_per_second()),
                                 backfill.has_eta_seconds() ? "  " + api::human_seconds(backfill.eta_seconds()) + " left" : "",
                                 status->lag().has_seconds() ? api::human_seconds(status->lag().seconds()) : "not known yet")
                  << (terminal && !done ? "" : "\n") << std::flush;
        next_line = pg::Clock::now() + 2s;
      }
      if (done) return;
      std::this_thread::sleep_for(200ms);
    }
  }

  std::optional<v1::Status> now() {
    try {
      v1::Status status;
      const auto answer = api::ask(control(), {"GET", "/status", ""});
      if (google::protobuf::util::JsonStringToMessage(answer.body, &status).ok()) return status;
    } catch (const Failure&) {
      // It is still preparing; its log is shown if it ends.
    }
    return std::nullopt;
  }

  void command(std::vector<std::string> words) {
    std::string typed;
    for (const auto& word : words) typed += " " + word;
    say("$ crossfade" + typed);
    const auto output = server_->directory() / fmt::format("command_{}.txt", ++commands_);
    Program program(base(words), output);
    const auto exit = program.exit_within(30min);
    std::istringstream lines(program.output());
    for (std::string line; std::getline(lines, line);) std::cout << "  " << line << "\n";
    if (exit != 0) throw precondition_failure(fmt::format("crossfade{} ended with {}", typed, exit.value_or(-1)), "see above");
  }

  void keep() {
    say("Everything is left running until Ctrl-C. In another terminal:");
    std::cout << fmt::format("  psql '{}'\n  {} status --watch --migration {} --source '{}' --control {}\n", server_->conninfo(), binary(), migration_.string(),
                             server_->conninfo(), control()) << std::flush;
    asio::io_context io;
    asio::signal_set signals(io, SIGINT, SIGTERM);
    signals.async_wait([](const boost::system::error_code&, int) {});
    io.run();
  }

  std::vector<std::string> base(std::vector<std::string> words) const {
    words.insert(words.begin(), binary());
    words.insert(words.end(), {"--migration", migration_.string(), "--source", server_->conninfo(), "--control", control(), "--no-input"});
    return words;
  }
  static std::string binary() { return std::filesystem::read_symlink("/proc/self/exe").string(); }
  std::string control() const { return (server_->directory() / "control.sock").string(); }
  std::filesystem::path log() const { return server_->directory() / "daemon.log"; }

  void run_sql(std::string sql) { value(std::move(sql)); }

  /// The first value of the last statement's result; "" if there is none.
  std::string value(std::string sql) {
    asio::io_context io;
    const auto query = [&]() -> asio::awaitable<std::string> {
      pg::Endpoint endpoint;
      endpoint.conninfo = server_->conninfo();
      pg::Connection connection = co_await pg::Connection::open(endpoint);
      co_await connection.script("select set_config('search_path', 'public', false)");
      const auto rows = co_await connection.script(sql);
      co_return rows.empty() ? std::string{} : std::string(rows.text(0, 0));
    };
    return run_to_end(io, query());
  }

  const Options& options_;
  const std::filesystem::path migration_;
  std::unique_ptr<ThrowawayServer> server_;
  std::unique_ptr<LiveWriter> writer_;
  std::unique_ptr<Program> daemon_;
  int commands_ = 0;
};

}  // namespace

ExitCode demo(const Options& options) {
  const auto began = pg::Clock::now();
  Demo(options, options.migration.empty() ? default_migration() : std::filesystem::absolute(options.migration)).play();
  std::cout << fmt::format("  {} in all\n", api::human_seconds(std::chrono::duration<double>(pg::Clock::now() - began).count()));
  return ExitCode::kOk;
}

}  // namespace crossfade::app
