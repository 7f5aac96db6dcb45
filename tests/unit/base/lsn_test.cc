#include "base/value/lsn.h"

#include <gtest/gtest.h>

#include <limits>

namespace crossfade {
namespace {

TEST(LsnTest, IsWrittenAsThePgLsnTypeWritesIt) {
  EXPECT_EQ(to_string(Lsn{0x16B374D848}), "16/B374D848");
  EXPECT_EQ(to_string(Lsn{0}), "0/0");
  EXPECT_EQ(to_string(Lsn{std::numeric_limits<std::uint64_t>::max()}), "FFFFFFFF/FFFFFFFF");
}

TEST(LsnTest, ReadsBackWhatItWrites) {
  for (const std::uint64_t bytes : {0ULL, 1ULL, 0xFFFFFFFFULL, 0x100000000ULL, 0x16B374D848ULL, ~0ULL}) {
    EXPECT_EQ(parse_lsn(to_string(Lsn{bytes})), Lsn{bytes});
  }
}

TEST(LsnTest, ReadsSmallLettersAndLeadingZeroes) {
  EXPECT_EQ(parse_lsn("16/b374d848"), Lsn{0x16B374D848});
  EXPECT_EQ(parse_lsn("0/00000001"), Lsn{1});
}

TEST(LsnTest, AnyOtherTextIsNoPosition) {
  for (const auto* text : {"", "/", "1/", "/1", "1", "1/2/3", "1/G", "-1/2", "1/ 2", "100000000/0", "0/100000000"}) {
    EXPECT_EQ(parse_lsn(text), std::nullopt) << text;
  }
}

TEST(LsnTest, WhatIsNotInFrontIsZeroBytesAhead) {
  EXPECT_EQ(bytes_between(Lsn{100}, Lsn{130}), 30U);
  EXPECT_EQ(bytes_between(Lsn{130}, Lsn{100}), 0U);
  EXPECT_EQ(bytes_between(Lsn{100}, Lsn{100}), 0U);
}

TEST(LsnTest, ZeroMeansNoneYet) {
  EXPECT_FALSE(Lsn{});
  EXPECT_TRUE(Lsn{1});
}

}  // namespace
}  // namespace crossfade
