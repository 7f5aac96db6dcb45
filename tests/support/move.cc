#include "support/move.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <iterator>

#include "scenario/equal.h"

namespace crossfade::test {
namespace {

std::string read(const std::filesystem::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// Long enough to see what went wrong, short enough to be read.
std::string tail(const std::string& text) {
  constexpr std::size_t kMost = 4000;
  return text.size() <= kMost ? text : "…" + text.substr(text.size() - kMost);
}

}  // namespace

std::filesystem::path test_migration(const std::string& name) {
  return std::filesystem::path(CROSSFADE_SOURCE_DIR) / "tests" / "scenario" / "migrations" / name;
}

std::filesystem::path migration(const std::string& name) {
  return std::filesystem::path(CROSSFADE_SOURCE_DIR) / "sql" / "migrations" / name;
}

Move::Move(std::filesystem::path folder, ThrowawayServer& server)
    : folder_(std::move(folder)), directory_(server.directory()), database_(server), source_(database_.conninfo()) {
  reconnect();
  sql_->exec(read(folder_ / "v1.sql"));
}

Move::~Move() {
  if (testing::Test::HasFailure()) std::fprintf(stderr, "The daemon wrote:\n%s\n", tail(daemon_log()).c_str());
}

void Move::start_daemon(const std::vector<std::string>& more) {
  std::vector<std::string> words{"run", "--prepare"};
  words.insert(words.end(), more.begin(), more.end());
  daemon_ = std::make_unique<Program>(command_line(std::move(words)), file(".log"));
}

void Move::stop_daemon() {
  daemon_->signal(SIGTERM);
  EXPECT_EQ(daemon_->exit_within(kLimit), 0) << "of the daemon that was told to stop";
  daemon_.reset();
}

void Move::kill_daemon() {
  daemon_->signal(SIGKILL);
  EXPECT_EQ(daemon_->exit_within(kLimit), 128 + SIGKILL) << "the daemon had ended by itself";
  daemon_.reset();
}

std::string Move::daemon_log() const { return read(file(".log")); }

std::pair<int, std::string> Move::call(std::vector<std::string> words) {
  const auto program = start(std::move(words));
  const auto exit = program->exit_within(kLimit);
  return {exit.value_or(-1), program->output()};
}

std::unique_ptr<Program> Move::start(std::vector<std::string> words, const Environment& environment) {
  return std::make_unique<Program>(command_line(std::move(words)), file(fmt::format("-{}.log", ++calls_)), environment);
}

bool Move::logged(const std::string& text) {
  const auto found = [&] { return daemon_log().find(text) != std::string::npos; };
  eventually([&] { return found() || !daemon_->running(); }, kLimit);
  return found();
}

void Move::expect_caught_up() {
  const auto lsn = sql_->value("select pg_current_wal_insert_lsn()");
  // Before there is a checkpoint nothing can be waited for.
  const auto prepared = [&] {
    return sql_->value("select to_regclass('crossfade.checkpoint')") != "" &&
           sql_->value(fmt::format("select 1 from crossfade.checkpoint where migration = '{}'", name())) == "1";
  };
  const auto there = [&] { return prepared() && sql_->value(fmt::format("select crossfade.wait_for('{}', '100ms')", lsn)) == "t"; };
  const bool caught_up = eventually([&] { return there() || !daemon_->running(); }, kLimit);
  ASSERT_TRUE(daemon_->running()) << "the daemon has ended by itself";
  ASSERT_TRUE(caught_up) << "not caught up with " << lsn;
}

void Move::expect_equal() {
  expect_caught_up();
  if (testing::Test::HasFatalFailure()) return;
  const auto differences = differences_to_views(*sql_, folder_);
  EXPECT_TRUE(differences.empty()) << fmt::format("{}", fmt::join(differences, "\n"));
  const auto refused = sql_->rows("select target, key, sqlstate, message from crossfade.quarantine limit 5");
  EXPECT_TRUE(refused.empty()) << fmt::format("in quarantine:\n{}", fmt::join(refused, "\n"));
}

std::vector<std::string> Move::command_line(std::vector<std::string> words) const {
  words.insert(words.begin(), CROSSFADE_BINARY);
  const auto option = [&](const std::string& name, const std::string& value) {
    // What a test gives itself outranks.
    if (std::find(words.begin(), words.end(), name) == words.end()) words.insert(words.end(), {name, value});
  };
  option("--migration", folder_.string());
  option("--source", source_);
  option("--control", file(".sock").string());
  words.emplace_back("--no-input");
  return words;
}

}  // namespace crossfade::test
