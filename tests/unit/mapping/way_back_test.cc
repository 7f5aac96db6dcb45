#include "mapping/scaffold/way_back.h"

#include <gtest/gtest.h>

#include "base/error/failure.h"

namespace crossfade::mapping {
namespace {

const std::string kSources = "sources: {plans: {key: [id]}}  # by hand\n";

TEST(WayBack, ItsSchemaIsAddedToAFileThatNamesNone) {
  EXPECT_EQ(with_way_back("migration: gym\nschemas: {shadow: v2, mapping: map}\n" + kSources), "migration: gym\nschemas: {shadow: v2, mapping: map, reverse: gym_unmap}\n" + kSources);
}

TEST(WayBack, SchemasMayStandBelowEachOther) {
  const auto text = with_way_back("migration: gym\nschemas:\n    shadow: v2\n    mapping: map\n" + kSources);
  EXPECT_NE(text.find("schemas:\n    reverse: gym_unmap\n    shadow: v2\n"), std::string::npos) << text;
}

TEST(WayBack, WhatIsThereIsLeftAlone) {
  const auto whole = "migration: gym\nschemas: {shadow: v2, mapping: map, reverse: back}\n" + kSources + "reverse:\n  plans: {follow: {plans: {id: id}}}\n";
  EXPECT_EQ(with_way_back(whole), whole);
  EXPECT_EQ(reverse_schema(whole), "back");
}

TEST(WayBack, AFormThatNothingCanBeAddedToIsRefusedWithTheLine) {
  try {
    with_way_back("migration: gym\nschemas: {shadow: v2,\n  mapping: map}\n" + kSources);
    FAIL() << "taken";
  } catch (const Failure& failure) {
    EXPECT_NE(failure.advice().find("reverse: gym_unmap"), std::string::npos) << failure.advice();
  }
}

}  // namespace
}  // namespace crossfade::mapping
