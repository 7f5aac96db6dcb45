#pragma once

#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "base/error/exit_code.h"
#include "support/move.h"

namespace crossfade::test {

namespace fs = std::filesystem;

/// A migration's folder that is edited while the migration goes on.
class AmendTest : public testing::Test {
 protected:
  explicit AmendTest(const std::string& name = "gym") : folder(fs::path(testing::TempDir()) / fmt::format("amend-{}", getpid()) / name) {
    fs::remove_all(folder.parent_path());
    fs::create_directories(folder.parent_path());
    fs::copy(test_migration(name), folder);
    // As slow as the machine is: a test of limits gives its own.
    std::ofstream(folder / "migration.yaml", std::ios::app) << "cutover: {hold_limit: 5s}\n";
    move = std::make_unique<Move>(folder);
  }
  ~AmendTest() override {
    move.reset();
    fs::remove_all(folder.parent_path());
  }

  std::string text_of(const std::string& file) {
    std::ifstream stream(folder / file);
    return {std::istreambuf_iterator<char>(stream), {}};
  }
  void edit(const std::string& file, const std::string& before, const std::string& now) {
    auto text = text_of(file);
    const auto at = text.find(before);
    ASSERT_NE(at, std::string::npos) << file << " lacks " << before;
    std::ofstream(folder / file) << text.replace(at, before.size(), now);
  }
  fs::path ddl(const std::string& text) {
    std::ofstream(folder.parent_path() / "hotfix.sql") << text;
    return folder.parent_path() / "hotfix.sql";
  }
  std::string amend(std::vector<std::string> more = {}, ExitCode expected = ExitCode::kOk) {
    more.insert(more.begin(), "amend");
    const auto [exit, text] = move->call(std::move(more));
    EXPECT_EQ(exit, static_cast<int>(expected)) << text;
    return text;
  }
  static bool names(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }
  std::string value(const std::string& sql) { return move->sql().value(sql); }
  void expect_said_nothing() {
    EXPECT_TRUE(eventually([&] { return value(fmt::format("select count(*) from crossfade.shape_changes('{}')", folder.filename().string())) == "0"; }, kLimit));
  }
  void follow() {
    move->start_daemon();
    move->expect_equal();
  }
  /// Everything equal by what the database says now, and the daemon that worked is the one that works.
  void expect_made_good() {
    expect_said_nothing();
    move->expect_equal();
    EXPECT_TRUE(move->daemon().running());
  }
  std::string filled_since(const std::string& time) {
    return value(fmt::format("select string_agg(target, ' ' order by target) from crossfade.backfill where started_at > '{}'", time));
  }

  const fs::path folder;
  std::unique_ptr<Move> move;
};

}  // namespace crossfade::test
