#include "mapping/catalog/slot_names.h"

#include <gtest/gtest.h>

namespace crossfade::mapping {
namespace {

TEST(SlotNames, TellTheDatabaseAndTheDirection) {
  const auto names = slot_names("gym", "16384");
  EXPECT_EQ(names.of(Direction::kForward), "crossfade_16384_gym");
  EXPECT_EQ(names.of(Direction::kReverse), "crossfade_16384_gym_reverse");
  EXPECT_NE(slot_names("gym", "16385").forward, names.forward);
}

TEST(SlotNames, FitIntoTheServersNamesAndStayApart) {
  const std::string longest(40, 'a');
  const auto one = slot_names(longest, "4294967295");
  const auto other = slot_names(std::string(39, 'a') + "b", "4294967295");
  EXPECT_LE(one.reverse.size(), 63U);
  EXPECT_EQ(one.forward, "crossfade_4294967295_aaaaaaaaaaaaaaaaaaaaaaaaa_" + one.forward.substr(47));
  EXPECT_NE(one.forward, other.forward);
  EXPECT_EQ(one.forward, slot_names(longest, "4294967295").forward) << "a name is for good";
  EXPECT_EQ(one.forward.substr(47), "eb83bc4d") << "and the same in every version";
}

}  // namespace
}  // namespace crossfade::mapping
