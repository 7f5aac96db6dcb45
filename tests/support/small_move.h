#pragma once

#include "support/move.h"
#include "support/small_migration.h"

namespace crossfade::test {

/// A small migration, moved.
class SmallMove : public Move {
 public:
  explicit SmallMove(const SmallMigration& migration) : Move(write_down(migration)) {}
  explicit SmallMove(std::filesystem::path folder) : Move(std::move(folder)) {}

  void follow() {
    start_daemon();
    expect_equal();
  }
  /// Everything that has committed can be read in v2, and these keys alone are set aside, as "target {key} sqlstate".
  void expect_set_aside(const std::vector<std::string>& keys) {
    expect_caught_up();
    EXPECT_TRUE(eventually([&] { return set_aside() == keys; }, kLimit)) << testing::PrintToString(set_aside());
  }
  std::vector<std::string> set_aside() { return sql().rows("select concat_ws(' ', target, key, sqlstate) from crossfade.quarantine order by target, key"); }
  /// The daemon finds its slot gone, and compares everything.
  void lose_the_slot_around(const std::string& changes) {
    stop_daemon();
    sql().exec("select pg_drop_replication_slot(slot_name) from pg_replication_slots where database = current_database()");
    sql().exec(changes);
    start_daemon();
  }
};

}  // namespace crossfade::test
