#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "base/text/sql_text.h"
#include "sync/refresh/refresh.h"

namespace crossfade::sync {
namespace {

using mapping::KeyFilter;
using Arrays = std::vector<std::optional<std::string>>;

constexpr LocatorId kById = 0;
constexpr LocatorId kByUserAndDay = 1;
constexpr LocatorId kByLookup = 2;

mapping::Model two_targets() {
  const mapping::Locator id{{"id"}, {"integer"}, "", {}, ""};
  const mapping::Locator user_and_day{{"user_id", "day"}, {"integer", "date"}, "", {}, ""};
  const mapping::Locator lookup{{"id"}, {"integer", "text"}, "select id from t where a = any($1) and b = any($2)", {}, ""};
  mapping::Model model;
  model.targets = {{"parents", {}, {"id"}, {id}, 0, "", 0}, {"children", {}, {"id"}, {id, user_and_day, lookup}, 0, "", 0}};
  return model;
}

KeyFilter values_of(LocatorId locator, std::uint32_t null_mask = 0) {
  KeyFilter filter;
  filter.locator = locator;
  filter.null_mask = null_mask;
  return filter;
}

class SelectKeys : public testing::Test {
 protected:
  Selection children(const std::vector<Key>& keys) const { return select_keys(model, keys).at(1); }

  const mapping::Model model = two_targets();
};

TEST_F(SelectKeys, NoKeysAreNoSelection) { EXPECT_TRUE(select_keys(model, {}).empty()); }

TEST_F(SelectKeys, KeysOfOneLocatorTravelAsOneArray) {
  const auto selection = children({Key(1, kById, {"1"}), Key(1, kById, {"2"})});
  EXPECT_EQ(selection.filters, std::vector<KeyFilter>{values_of(kById)});
  EXPECT_EQ(selection.parameters, (Arrays{R"({"1","2"})"}));
}

TEST_F(SelectKeys, EachTargetHasItsOwn) {
  const auto selections = select_keys(model, {Key(1, kById, {"1"}), Key(0, kById, {"2"})});
  ASSERT_EQ(selections.size(), 2U);
  EXPECT_EQ(selections.at(0).parameters, Arrays{R"({"2"})"});
  EXPECT_EQ(selections.at(1).parameters, Arrays{R"({"1"})"});
}

TEST_F(SelectKeys, ACompositeKeyTravelsAsOneArrayAColumn) {
  const auto selection = children({Key(1, kByUserAndDay, {"7", "2024-01-01"}), Key(1, kByUserAndDay, {"8", "2024-01-02"})});
  EXPECT_EQ(selection.filters, std::vector<KeyFilter>{values_of(kByUserAndDay)});
  EXPECT_EQ(selection.parameters, (Arrays{R"({"7","8"})", R"({"2024-01-01","2024-01-02"})"}));
}

TEST_F(SelectKeys, KeysWithNullsInTheSamePlacesAreAPickOfTheirOwn) {
  const auto selection = children({Key(1, kByUserAndDay, {"7", std::nullopt}), Key(1, kByUserAndDay, {"8", "2024-01-02"}),
                                   Key(1, kByUserAndDay, {std::nullopt, std::nullopt}), Key(1, kByUserAndDay, {std::nullopt, "2024-01-03"})});
  EXPECT_EQ(selection.filters, (std::vector<KeyFilter>{values_of(kByUserAndDay), values_of(kByUserAndDay, 1),
                                                       values_of(kByUserAndDay, 2), values_of(kByUserAndDay, 3)}));
  EXPECT_EQ(selection.parameters, (Arrays{R"({"8"})", R"({"2024-01-02"})", R"({"2024-01-03"})", R"({"7"})"}));
}

TEST_F(SelectKeys, ANullKeyOfOneColumnNeedsNoParameter) {
  const auto selection = children({Key(1, kById, {std::nullopt})});
  EXPECT_EQ(selection.filters, std::vector<KeyFilter>{values_of(kById, 1)});
  EXPECT_TRUE(selection.parameters.empty());
}

TEST_F(SelectKeys, SeveralLocatorsOfATargetAreSeveralPicksOfOneStatement) {
  const auto selection = children({Key(1, kByUserAndDay, {"7", "2024-01-01"}), Key(1, kById, {"1"})});
  EXPECT_EQ(selection.filters, (std::vector<KeyFilter>{values_of(kById), values_of(kByUserAndDay)}));
  EXPECT_EQ(selection.parameters, (Arrays{R"({"1"})", R"({"7"})", R"({"2024-01-01"})"}));
}

TEST_F(SelectKeys, AnIndirectKeyCarriesItsNullsToTheLookup) {
  const auto selection = children({Key(1, kByLookup, {"1", std::nullopt}), Key(1, kByLookup, {"2", "x"})});
  EXPECT_EQ(selection.filters, std::vector<KeyFilter>{values_of(kByLookup)});
  EXPECT_EQ(selection.parameters, (Arrays{R"({"1","2"})", R"({NULL,"x"})"}));
}

RC_GTEST_PROP(SelectKeysProperty, EveryKeyComesOutAgainAndNoOther, ()) {
  const auto model = two_targets();
  const auto value = rc::gen::maybe(rc::gen::element<std::string>("", "a", "NULL", "{,}", "\\", "\""));
  std::vector<Key> keys;
  const auto drawn = *rc::gen::container<std::vector<std::pair<bool, std::pair<rc::Maybe<std::string>, rc::Maybe<std::string>>>>>(
      rc::gen::pair(rc::gen::arbitrary<bool>(), rc::gen::pair(value, value)));
  const auto optional = [](const rc::Maybe<std::string>& each) { return each ? std::optional(*each) : std::nullopt; };
  for (const auto& [single, values] : drawn) {
    keys.push_back(single ? Key(1, kById, {optional(values.first)})
                          : Key(1, kByUserAndDay, {optional(values.first), optional(values.second)}));
  }
  std::vector<Key> again;
  std::size_t all_null = 0;
  for (const auto& [target, selection] : select_keys(model, keys)) {
    std::size_t parameter = 0;
    for (const auto& filter : selection.filters) {
      const auto width = model.targets[target].locators[filter.locator].columns.size();
      std::vector<Arrays> arrays(width);
      std::size_t rows = 0;
      for (std::size_t n = 0; n < width; ++n) {
        if ((filter.null_mask >> n & 1U) != 0) continue;
        arrays[n] = parse_array(selection.parameters.at(parameter++).value());
        rows = arrays[n].size();
      }
      if (rows == 0) ++all_null;
      for (std::size_t row = 0; row < rows; ++row) {
        KeyValues values(width);
        for (std::size_t n = 0; n < width; ++n) values[n] = arrays[n].empty() ? std::nullopt : arrays[n].at(row);
        again.emplace_back(target, filter.locator, values);
      }
    }
    RC_ASSERT(parameter == selection.parameters.size());
  }
  const auto is_all_null = [](const Key& key) {
    const auto values = key.values();
    return std::all_of(values.begin(), values.end(), [](const auto& each) { return !each; });
  };
  std::unordered_set<Key> without_values;
  std::copy_if(keys.begin(), keys.end(), std::inserter(without_values, without_values.end()), is_all_null);
  RC_ASSERT(all_null == without_values.size());
  std::erase_if(keys, is_all_null);
  const auto as_text = [](const std::vector<Key>& some) {
    std::vector<std::string> out;
    for (const auto& key : some) out.push_back(std::to_string(key.locator().place()) + array_text(key.values()));
    std::sort(out.begin(), out.end());
    return out;
  };
  RC_ASSERT(as_text(again) == as_text(keys));
}

}  // namespace
}  // namespace crossfade::sync
