#include "mapping/preflight/check_source.h"

#include <gtest/gtest.h>

namespace crossfade::mapping {
namespace {

RelationCatalog plans(char identity, bool is_virtual) {
  RelationCatalog relation;
  relation.schema = "public";
  relation.name = "plans";
  ColumnCatalog size;
  size.name = "size";
  size.generated = true;
  size.is_virtual = is_virtual;
  relation.columns = {size};
  relation.identities = {{"public.plans", identity, {"id"}}};
  return relation;
}

std::vector<Finding> found(char identity, bool is_virtual) {
  std::vector<Finding> findings;
  check_virtual(plans(identity, is_virtual), findings);
  return findings;
}

TEST(CheckSource, APublicationMustNotMakeTheServerRefuseTheApplicationsUpdates) {
  EXPECT_TRUE(found('d', true).empty());
  EXPECT_TRUE(found('f', false).empty()) << "stored ones are sent";
  const auto findings = found('f', true);
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].level, Finding::Level::kFail);
  EXPECT_NE(findings[0].message.find("size, a virtual generated column"), std::string::npos) << findings[0].message;
}

TEST(CheckSource, WhatPartitionsOfOneTableLackIsOneFinding) {
  RelationCatalog sales;
  sales.schema = "public";
  sales.name = "sales";
  ColumnCatalog shop;
  shop.name = "shop";
  sales.columns = {shop};
  sales.identities = {{"public.sales_1", 'd', {"id"}}, {"public.sales_2", 'f', {}}, {"public.sales_3", 'd', {"id"}}};
  WrittenRule rule;
  rule.target = "days";
  rule.source = "sales";
  rule.source_columns = {"shop"};
  std::vector<Finding> findings;
  check_identity(rule, sales, findings);
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].message, "the WAL does not tell the old shop of 2 partitions of public.sales: their replica identity leaves it out");
  EXPECT_EQ(findings[0].fix, "alter table public.sales_1 replica identity full;\nalter table public.sales_3 replica identity full;");
}

TEST(CheckSource, AServerThatCanSendGeneratedColumnsIsKnownByItsVersion) {
  ServerCatalog server;
  server.version = 170005;
  EXPECT_FALSE(server.streams_generated());
  server.version = 180000;
  EXPECT_TRUE(server.streams_generated());
}

}  // namespace
}  // namespace crossfade::mapping
