#include <fmt/format.h>

#include <fstream>

#include "support/move.h"

namespace crossfade::test {
namespace {

std::filesystem::path gym_with_a_key_to_a_table_that_stays() {
  static int number = 0;
  const auto folder = shared_server().directory() / fmt::format("short_waits{}", ++number) / "gym";
  std::filesystem::create_directories(folder.parent_path());
  std::filesystem::copy(test_migration("gym"), folder, std::filesystem::copy_options::recursive);
  std::ofstream(folder / "v2.sql", std::ios::app) << "\ncreate table gym_v2.notes (plan_id int, coach_id int references public.coaches);\n";
  return folder;
}

/// A lock of a table that applications write: whoever comes behind us waits as long as we do.
class ShortWaitsTest : public testing::Test {
 protected:
  ShortWaitsTest() { move.sql().exec("create table coaches (id int primary key, name text); insert into coaches values (1, 'a')"); }

  /// While `words` cannot have its lock of the table, those who write it go on.
  void expect_writers_go_on(const std::vector<std::string>& words) {
    Sql holder(move.conninfo()), writer(move.conninfo());
    holder.exec("begin; update coaches set name = 'held' where id = 1");
    auto command = move.start(words);
    const auto waits = [&] {
      return move.sql().value("select exists (select from pg_locks l join pg_stat_activity a using (pid) where a.application_name like 'crossfade%' and not l.granted and l.relation = 'coaches'::regclass)") == "t";
    };
    writer.exec("set statement_timeout = '1s'");
    for (int n = 0; n < 4; ++n) {
      ASSERT_TRUE(eventually([&] { return waits() || !command->running(); }, kLimit));
      ASSERT_TRUE(command->running()) << command->output();
      EXPECT_NO_THROW(writer.exec("insert into coaches values (default_id(), 'w')")) << words.front() << ": a writer waited behind it for a second";
      ASSERT_TRUE(eventually([&] { return !waits(); }, kLimit)) << "it lets go";
    }
    holder.exec("commit");
    const auto exit = command->exit_within(kLimit);
    EXPECT_EQ(exit.value_or(-1), 0) << command->output();
  }

  Move move{gym_with_a_key_to_a_table_that_stays()};
};

TEST_F(ShortWaitsTest, WhoeverWritesATableThatV2RefersToWaitsNoLongerThanAMomentForAPreparationAndItsEnd) {
  move.sql().exec("create sequence ids start 10; create function default_id() returns int language sql as 'select nextval(''ids'')::int'");
  expect_writers_go_on({"plan"});
  expect_writers_go_on({"prepare"});
  EXPECT_EQ(move.sql().value("select count(*) from pg_constraint where contype = 'f' and confrelid = 'coaches'::regclass"), "1");
  expect_writers_go_on({"cancel", "--confirm", "gym"});
  EXPECT_EQ(move.sql().value("select count(*) from pg_namespace where nspname in ('gym_v2', 'crossfade')"), "0");
}

TEST_F(ShortWaitsTest, NobodyWhoWritesItWaitsForALookThatTakesLong) {
  Sql writer(move.conninfo());
  writer.exec("set lock_timeout = '1s'");
  for (const auto& words : std::vector<std::vector<std::string>>{{"lint", "--for", "5s"}, {"plan"}, {"prepare"}}) {
    auto command = move.start(words);
    int written = 0;
    while (command->running()) {
      EXPECT_NO_THROW(writer.exec("update coaches set name = 'w'")) << words.front() << " had its table locked";
      EXPECT_LE(move.sql().value("select count(*) from pg_locks where relation = 'coaches'::regclass and granted and mode = 'ShareRowExclusiveLock'"), "1");
      ++written;
    }
    EXPECT_GT(written, 0);
    EXPECT_EQ(command->exit_within(kLimit).value_or(-1), 0) << command->output();
  }
  EXPECT_EQ(move.sql().value("select pg_get_constraintdef(oid) from pg_constraint where contype = 'f' and confrelid = 'coaches'::regclass"), "FOREIGN KEY (coach_id) REFERENCES coaches(id)");
}

TEST_F(ShortWaitsTest, ALockThatIsNotToBeHadIsGivenUpWithHowToFindWhoHasIt) {
  Sql holder(move.conninfo());
  holder.exec("begin; update coaches set name = 'held' where id = 1");
  const auto [exit, text] = move.call({"prepare"});
  EXPECT_EQ(exit, 10) << text;
  EXPECT_NE(text.find("v2.sql"), std::string::npos) << text;
  EXPECT_NE(text.find("a lock was not to be had in 50 tries of 100 ms"), std::string::npos) << text;
  EXPECT_NE(text.find("from pg_stat_activity where xact_start <"), std::string::npos) << text;
  EXPECT_EQ(move.sql().value("select count(*) from pg_namespace where nspname in ('gym_v2', 'crossfade')"), "0") << "nothing was changed";
}

}  // namespace
}  // namespace crossfade::test
