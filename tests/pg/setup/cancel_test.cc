#include <fmt/format.h>

#include <array>
#include <cstdio>
#include <memory>

#include "support/move.h"

namespace crossfade::test {
namespace {

std::string output_of(const std::string& command) {
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
  std::string output;
  std::array<char, 4096> part{};
  while (const auto size = std::fread(part.data(), 1, part.size(), pipe.get())) output.append(part.data(), size);
  return output;
}

class CancelTest : public testing::Test {
 protected:
  void SetUp() override { CROSSFADE_NEEDS("pg_dump"); }
  /// Everything that a migration could leave behind.
  std::string everything() {
    const auto binaries = move.server().binaries().string();
    auto text = output_of(fmt::format("{}/pg_dump --schema-only --dbname='{}' | grep -v restrict", binaries, move.conninfo())) +
                output_of(fmt::format("{}/pg_dumpall --globals-only --dbname='{}' | grep -v restrict", binaries, move.server().conninfo()));
    for (const char* query : {"select slot_name from pg_replication_slots", "select pubname from pg_publication",
                              "select tgrelid::regclass || tgname from pg_trigger where not tgisinternal",
                              "select nspname from pg_namespace where nspname !~ '^pg_'", "select relname || relreplident::text from pg_class where relkind = 'r'"}) {
      for (const auto& row : move.sql().rows(std::string(query) + " order by 1")) text += row + "\n";
    }
    return text;
  }
  void cancel() {
    const auto [exit, output] = move.call({"cancel", "--confirm", "gym"});
    EXPECT_EQ(exit, 0) << output;
  }

  Move move{test_migration("gym")};
};

TEST_F(CancelTest, V1IsAsItWas) {
  const auto before = everything();
  ASSERT_NE(before.find("CREATE TABLE"), std::string::npos) << before;
  move.start_daemon();
  move.expect_equal();
  const auto refused = move.call({"cancel", "--confirm", "gym"});
  EXPECT_EQ(refused.first, 9) << "a daemon is at work: " << refused.second;
  move.stop_daemon();
  EXPECT_NE(everything(), before);
  cancel();
  EXPECT_EQ(everything(), before);
  // And it can begin again.
  move.start_daemon();
  move.expect_equal();
  move.stop_daemon();
  cancel();
  EXPECT_EQ(everything(), before);
}

TEST_F(CancelTest, InTheMidstOfABackfillIntoTablesThatWereThere) {
  move.sql().exec("create schema gym_v2; create schema gym_map");
  for (const char* file : {"v2.sql", "mapping.sql"}) move.sql().exec(output_of(fmt::format("cat {}/{}", test_migration("gym").string(), file)));
  move.sql().exec("insert into exercises select n, 1 + n % 100, 'exercise ' || n, n % 7 from generate_series(1001, 200000) n");
  const auto before = everything();
  move.start_daemon();
  ASSERT_TRUE(eventually([&] {
    return move.sql().value("select to_regclass('crossfade.deferred')") != "" && move.sql().value("select count(*) from crossfade.deferred") == "6";
  })) << "keys and indexes are taken off";
  move.kill_daemon();
  EXPECT_NE(everything(), before);
  cancel();
  EXPECT_EQ(everything(), before);
}

TEST(CancelKeysTest, AKeyOfAPartitionedTableThatWasThereComesBackWhole) {
  Move move(test_migration("keys"));
  auto& sql = move.sql();
  sql.exec("create schema keys_v2; set search_path = keys_v2, public;" + output_of(fmt::format("cat {}/v2.sql", move.folder().string())) + "; reset search_path");
  const auto keys = [&] {
    return sql.rows("select conrelid::regclass, conname, pg_get_constraintdef(oid), conparentid <> 0, convalidated, case conparentid when 0 then obj_description(oid, 'pg_constraint') end "
                    "from pg_constraint where contype = 'f' and connamespace = 'keys_v2'::regnamespace and confrelid = 'owners'::regclass order by 1, 2");
  };
  const auto before = keys();
  ASSERT_EQ(before.size(), 8U) << "two of the table and of three partitions";
  move.start_daemon();
  move.expect_equal();
  EXPECT_EQ(keys().size(), 0U) << "left out";
  move.stop_daemon();
  const auto [exit, text] = move.call({"cancel", "--confirm", "keys"});
  EXPECT_EQ(exit, 0) << text;
  EXPECT_EQ(keys(), before);
}

}  // namespace
}  // namespace crossfade::test
