#include "mapping/scaffold/way_back.h"

#include <gtest/gtest.h>

#include "base/error/failure.h"
#include "mapping/file/migration_file.h"

namespace crossfade::mapping {
namespace {

const std::string kSources = "sources: {plans: {key: [id]}}  # by hand\ntargets: {plans: {}}\n";

TEST(WayBack, IsAddedToAFileThatHasNone) {
  EXPECT_EQ(with_way_back("migration: gym\nschemas: {shadow: v2, mapping: map}\n" + kSources, {"plans"}),
            "migration: gym\nschemas: {shadow: v2, mapping: map, reverse: gym_unmap}\n" + kSources +
                "\n# The way back: the old tables that follow v2 once the writes have moved, by the views of reverse.sql.\nreverse:\n  plans: {}\n");
}

TEST(WayBack, SchemasMayStandBelowEachOther) {
  const auto text = with_way_back("migration: gym\nschemas:\n    shadow: v2\n    mapping: map\n" + kSources, {"plans"});
  EXPECT_NE(text.find("schemas:\n    reverse: gym_unmap\n    shadow: v2\n"), std::string::npos) << text;
}

TEST(WayBack, WhatIsThereIsLeftAlone) {
  const auto whole = "migration: gym\nschemas: {shadow: v2, mapping: map, reverse: back}\n" + kSources + "reverse:\n  plans: {follow: {plans: {id: id}}}\n";
  EXPECT_EQ(with_way_back(whole, {"plans"}), whole);
  EXPECT_EQ(reverse_schema(read_migration_yaml("migration.yaml", whole)), "back");
}

TEST(WayBack, AFormThatNothingCanBeAddedToIsRefusedWithTheLines) {
  try {
    with_way_back("migration: gym\nschemas: {shadow: v2,\n  mapping: map}\n" + kSources, {"plans"});
    FAIL() << "taken";
  } catch (const Failure& failure) {
    EXPECT_NE(failure.advice().find("reverse: gym_unmap"), std::string::npos) << failure.advice();
    EXPECT_NE(failure.advice().find("plans: {}"), std::string::npos) << failure.advice();
  }
}

}  // namespace
}  // namespace crossfade::mapping
