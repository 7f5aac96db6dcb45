#include "base/value/duration.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/error/failure.h"

namespace crossfade {
namespace {

using namespace std::chrono_literals;

/// The message of the usage Failure that `parse` gives for `text`; "taken" where it gives none.
template <typename Parse>
std::string refusal(Parse parse, std::string_view text) {
  try {
    parse(text);
  } catch (const Failure& failure) {
    EXPECT_EQ(failure.exit(), ExitCode::kUsage);
    EXPECT_FALSE(failure.advice().empty());
    return failure.what();
  }
  return "taken";
}

TEST(Duration, EveryUnitIsRead) {
  EXPECT_EQ(parse_duration("250ms"), 250ms);
  EXPECT_EQ(parse_duration("2s"), 2s);
  EXPECT_EQ(parse_duration("5m"), 5min);
  EXPECT_EQ(parse_duration("5min"), 5min);
  EXPECT_EQ(parse_duration("12h"), 12h);
  EXPECT_EQ(parse_duration("7d"), 168h);
  EXPECT_EQ(parse_duration("1.5s"), 1500ms);
  EXPECT_EQ(parse_duration("1.1s"), 1100ms);
}

TEST(Duration, OnlyNoughtNeedsNoUnit) {
  EXPECT_EQ(parse_duration("0"), 0ms);
  EXPECT_EQ(parse_duration("0s"), 0ms);
  EXPECT_EQ(refusal(parse_duration, "30"), "\"30\" is not a duration");
}

TEST(Duration, WhatIsNotNoughtIsNotRoundedToIt) {
  EXPECT_EQ(parse_duration("0.1ms"), 1ms);
  EXPECT_EQ(parse_duration("0.0001s"), 1ms);
}

TEST(Duration, WhatIsNoDurationIsRefusedByName) {
  for (const std::string text : {"", "s", "ms", "-1s", "+1s", " 1s", "1 s", "1s ", "inf", "infh", "nan", "nans", "1e3s", "1e300h", "0x10s", "1..5s", ".", ".s",
                                 "1,5s", "1S", "1min30s", "1w", "1µs"}) {
    EXPECT_EQ(refusal(parse_duration, text), "\"" + text + "\" is not a duration");
  }
}

TEST(Duration, WhatIsTooLongIsRefusedByName) {
  EXPECT_EQ(parse_duration("10000d"), kLongestDuration);
  for (const auto& text : std::vector<std::string>{"10001d", "240001h", "99999999999999999999999h", "864000000001ms", std::string(400, '9') + "s"}) {
    EXPECT_NE(refusal(parse_duration, text), "taken") << text;
  }
  EXPECT_EQ(refusal(parse_duration, "10001d"), "\"10001d\" is longer than any duration may be");
}

TEST(Size, EveryUnitIsRead) {
  EXPECT_EQ(parse_size("0"), 0U);
  EXPECT_EQ(parse_size("4096"), 4096U);
  EXPECT_EQ(parse_size("8B"), 8U);
  EXPECT_EQ(parse_size("8kB"), 8192U);
  EXPECT_EQ(parse_size("64MB"), std::uint64_t{64} << 20);
  EXPECT_EQ(parse_size("1.5GB"), std::uint64_t{3} << 29);
  EXPECT_EQ(parse_size("1TiB"), std::uint64_t{1} << 40);
}

TEST(Size, WhatIsNoSizeOrTooLargeIsRefusedByName) {
  for (const std::string text : {"", "MB", "-1MB", "inf", "nan", "infGB", "1e9", "1e300GB", "64mb", "64 MB", "64MBs"}) {
    EXPECT_EQ(refusal(parse_size, text), "\"" + text + "\" is not a size");
  }
  EXPECT_EQ(parse_size("1024TB"), kLargestSize);
  EXPECT_EQ(refusal(parse_size, "1025TB"), "\"1025TB\" is more than any size may be");
}

}  // namespace
}  // namespace crossfade
