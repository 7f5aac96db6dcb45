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

TEST(CheckSource, AServerThatCanSendGeneratedColumnsIsKnownByItsVersion) {
  ServerCatalog server;
  server.version = 170005;
  EXPECT_FALSE(server.streams_generated());
  server.version = 180000;
  EXPECT_TRUE(server.streams_generated());
}

}  // namespace
}  // namespace crossfade::mapping
