#include "setup/state/servers.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace crossfade::setup {
namespace {

using mapping::Finding;

ServerFacts server(const char* id, int major) {
  ServerFacts facts;
  facts.id = id;
  facts.database = "app";
  facts.place = "host=somewhere dbname=app";
  facts.major = major;
  facts.encoding = "UTF8";
  facts.collation = "en_US.UTF-8 by the C library";
  facts.collation_version = "2.36";
  facts.role = "crossfade";
  facts.may_create = true;
  return facts;
}

std::vector<std::string> faults(const ServerFacts& source, const ServerFacts& target) {
  std::vector<Finding> findings;
  compare_servers(source, target, findings);
  std::vector<std::string> told;
  for (const auto& finding : findings) {
    if (finding.level != Finding::Level::kFail) continue;
    EXPECT_NE(finding.fix, "") << finding.message;
    told.push_back(finding.message);
  }
  return told;
}

TEST(ServersTest, ANewerMajorIsTaken) { EXPECT_TRUE(faults(server("1/5", 15), server("2/5", 17)).empty()); }

TEST(ServersTest, AnotherDatabaseOfOneServerIsTaken) { EXPECT_TRUE(faults(server("1/5", 15), server("1/6", 15)).empty()); }

TEST(ServersTest, OneDatabaseTwiceIsNot) { EXPECT_EQ(faults(server("1/5", 15), server("1/5", 15)).size(), 1U); }

TEST(ServersTest, ACopyOfTheServersFilesIsAnotherServer) {
  auto copy = server("1/5", 15);
  copy.started = 100;
  EXPECT_TRUE(faults(server("1/5", 15), copy).empty());
}

TEST(ServersTest, WhatTheTargetCannotTakeIsToldEachByItself) {
  EXPECT_EQ(faults(server("1/5", 15), server("2/5", 14)).size(), 1U);
  auto latin = server("2/5", 15);
  latin.encoding = "LATIN1";
  EXPECT_EQ(faults(server("1/5", 15), latin).size(), 1U);
  auto standby = server("2/5", 15);
  standby.standby = true;
  standby.may_create = false;
  EXPECT_EQ(faults(server("1/5", 15), standby).size(), 2U);
}

/// Walked along a column of that type, in the order of `collation`; "" is the database's.
mapping::Model walked(const std::string& type, const std::string& collation) {
  mapping::Locator walk;
  walk.columns = {"code"};
  walk.types = {type};
  walk.chunk_collation = collation;
  mapping::Target target;
  target.name = "codes";
  target.chunk_column = "code";
  target.locators.push_back(walk);
  mapping::Model model;
  model.targets.push_back(target);
  return model;
}

bool fits(const ServerFacts& target, const mapping::Model& model) {
  std::vector<Finding> findings;
  check_across(server("1/5", 15), target, model, findings);
  return findings.empty();
}

TEST(ServersTest, ATextIsWalkedAlongOnlyWhereBothOrderItAlike) {
  auto newer = server("2/5", 17);
  newer.collation_version = "2.41";
  EXPECT_TRUE(fits(server("2/5", 17), walked("text", "")));
  EXPECT_FALSE(fits(newer, walked("text", "")));
  EXPECT_TRUE(fits(newer, walked("text", "pg_catalog.\"C\"")));
  EXPECT_TRUE(fits(newer, walked("integer", "")));
  auto plain = server("2/5", 15);
  plain.collation = "C by the C library";
  EXPECT_FALSE(fits(plain, walked("character varying", "")));
}

}  // namespace
}  // namespace crossfade::setup
