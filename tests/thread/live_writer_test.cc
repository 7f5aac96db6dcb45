#include "app/demo/live_writer.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "support/server.h"

namespace crossfade::test {
namespace {

namespace fs = std::filesystem;

class LiveWriterTest : public Postgres {
 protected:
  LiveWriterTest() {
    fs::create_directories(workload);
    sql.exec("create table written (n int generated always as identity)");
  }
  ~LiveWriterTest() override { fs::remove_all(workload); }

  void transaction(const std::string& name, const std::string& text) const { std::ofstream(workload / name) << text; }

  const fs::path workload = fs::path(testing::TempDir()) / ("workload-" + std::to_string(getpid()));
};

TEST_F(LiveWriterTest, WhatItCountsIsWhatIsCommittedWhenItStops) {
  transaction("1.sql", "insert into public.written default values");
  app::LiveWriter writer(database.conninfo(), workload, 500);
  EXPECT_TRUE(eventually([&] { return writer.committed() >= 50; }));
  writer.stop();
  EXPECT_EQ(sql.value("select count(*) from written"), std::to_string(writer.committed()));
}

TEST_F(LiveWriterTest, WhatTheDatabaseRefusesIsCountedApartAndRolledBackWhole) {
  transaction("1.sql", "begin; insert into public.written default values; select 1 / 0; commit");
  transaction("2.sql", "insert into public.written default values");
  app::LiveWriter writer(database.conninfo(), workload, 500);
  EXPECT_TRUE(eventually([&] { return writer.refused() >= 10 && writer.committed() >= 10; }));
  writer.stop();
  EXPECT_EQ(sql.value("select count(*) from written"), std::to_string(writer.committed()));
}

TEST_F(LiveWriterTest, ItGoesOnWithV2WhereTheTablesHaveItsShapeAndTurnsBack) {
  transaction("1.sql", "insert into public.written default values");
  const auto of_v2 = workload.string() + "_v2";
  fs::create_directories(of_v2);
  std::ofstream(of_v2 + "/1.sql") << "insert into public.written_v2 default values";
  app::LiveWriter writer(database.conninfo(), workload, 500);
  fs::remove_all(of_v2);
  const auto expect_more = [&](const std::string& table) {
    const auto before = std::stoi(sql.value("select count(*) from " + table));
    EXPECT_TRUE(eventually([&] { return std::stoi(sql.value("select count(*) from " + table)) >= before + 10; })) << table;
  };
  expect_more("written");
  sql.exec("alter table written rename to written_v2");
  expect_more("written_v2");
  sql.exec("alter table written_v2 rename to written");
  expect_more("written");
}

TEST_F(LiveWriterTest, ItEndsWithTheServer) {
  ThrowawayServer server;
  transaction("1.sql", "select 1");
  app::LiveWriter writer(server.conninfo(), workload, 500);
  EXPECT_TRUE(eventually([&] { return writer.committed() >= 10; }));
  server.stop(ThrowawayServer::Stop::kImmediate);
  writer.stop();
  EXPECT_GE(writer.committed(), 10U);
}

}  // namespace
}  // namespace crossfade::test
