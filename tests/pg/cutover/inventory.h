#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "pg/cutover/gym_writes.h"

namespace crossfade::test {

/// A folder of its own for each test, since these change migration.yaml.
inline std::filesystem::path folder_of_gym() {
  static int number = 0;
  const auto folder = shared_server().directory() / fmt::format("inventory{}", ++number) / "gym";
  std::filesystem::create_directories(folder.parent_path());
  std::filesystem::copy(test_migration("gym"), folder, std::filesystem::copy_options::recursive);
  return folder;
}

/// What hangs on the tables and is not theirs.
class InventoryTest : public GymWrites {
 protected:
  InventoryTest() : GymWrites(shared_server(), folder_of_gym()) {}

  void say(const std::string& inventory) { std::ofstream(move.folder() / "migration.yaml", std::ios::app) << "cutover: {inventory: {" << inventory << "}}\n"; }
  /// Roles are the server's, and other tests may have made them.
  void with_roles(const std::vector<std::string>& names) {
    for (const auto& name : names) move.sql().exec(fmt::format("do $$ begin create role {}; exception when duplicate_object then null; end $$", name));
  }
  std::string refused(const std::string& group) {
    const auto [exit, text] = move.call(flip(group));
    EXPECT_EQ(exit, 5) << text;
    return text;
  }
  std::string referred(const std::string& key) { return move.sql().value(fmt::format("select confrelid::regclass || ' ' || convalidated from pg_constraint where conname = '{}'", key)); }
};

}  // namespace crossfade::test
