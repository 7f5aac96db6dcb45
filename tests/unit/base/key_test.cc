#include "base/value/key.h"

#include <gtest/gtest.h>

#include <set>
#include <unordered_set>

namespace crossfade {
namespace {

TEST(KeyTest, GivesBackWhatItWasMadeOf) {
  const KeyValues values = {"42", std::nullopt, "", "a'b\"c\0d"};
  const Key key(3, 1, values);
  EXPECT_EQ(key.target(), TargetId(3));
  EXPECT_EQ(key.locator(), LocatorId(1));
  EXPECT_EQ(key.values(), values);
}

TEST(KeyTest, NullAndTheEmptyTextAreDifferentKeys) { EXPECT_NE(Key(0, 0, {std::nullopt}), Key(0, 0, {""})); }

TEST(KeyTest, ValuesDoNotRunIntoEachOther) {
  EXPECT_NE(Key(0, 0, {"ab", "c"}), Key(0, 0, {"a", "bc"}));
  EXPECT_NE(Key(0, 0, {"ab"}), Key(0, 0, {"a", "b"}));
}

TEST(KeyTest, TheSameValuesInAnotherTargetOrLocatorAreAnotherKey) {
  EXPECT_NE(Key(0, 0, {"1"}), Key(1, 0, {"1"}));
  EXPECT_NE(Key(0, 0, {"1"}), Key(0, 1, {"1"}));
}

TEST(KeyTest, EqualKeysHaveEqualHashes) {
  std::unordered_set<Key> keys;
  keys.insert(Key(1, 0, {"42", "x"}));
  keys.insert(Key(1, 0, {"42", "x"}));
  EXPECT_EQ(keys.size(), 1U);
}

TEST(KeyTest, AKeyWithoutLocatorNamesEveryRow) {
  EXPECT_TRUE(Key::every_row(2).names_every_row());
  EXPECT_EQ(Key::every_row(2).target(), TargetId(2));
  EXPECT_FALSE(Key(2, 0, {"1"}).names_every_row());
}

// Invariant 3: at most one refresh in flight per key; a parent and its children go the same way.
TEST(KeyTest, TheSameValuesOfParentAndChildMeetInOneLane) {
  for (std::size_t workers = 1; workers < 9; ++workers) {
    EXPECT_EQ(Key(0, 0, {"42"}).worker(workers), Key(5, 2, {"42"}).worker(workers));
  }
}

TEST(KeyTest, KeysSpreadOverAllLanes) {
  std::set<std::size_t> workers;
  for (int id = 0; id < 100; ++id) workers.insert(Key(0, 0, {std::to_string(id)}).worker(4));
  EXPECT_EQ(workers, (std::set<std::size_t>{0, 1, 2, 3}));
}

TEST(KeyTest, ALongKeyCountsForMoreMemory) {
  EXPECT_GE(Key(0, 0, {std::string(1000, 'x')}).footprint(), Key(0, 0, {"x"}).footprint() + 999);
}

}  // namespace
}  // namespace crossfade
