#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/value/key.h"
#include "mapping/model/model.h"

namespace crossfade::verify {

/// A row that view and shadow do not agree on.
struct Difference {
  TargetId target;
  std::optional<KeyValues> chunk_key;       ///< values of the target's first locator; nothing where the row is not found by it
  std::optional<std::string> in_view;    ///< the row as jsonb prints it; nothing: the shadow has one too many
  std::optional<std::string> in_shadow;  ///< nothing: the shadow misses it
  std::string refusal = {};              ///< why the two cannot be held against each other for `chunk_key`, or for some row: the view raises an error
  bool repaired = false;
};

/// The members of an object as jsonb prints it, each value as its text: {"a": 1, "b": "x"} → a → 1, b → "x". Values are
/// not read any further, so that no number loses a digit and 1.0 stays apart from 1.00.
std::vector<std::pair<std::string, std::string>> columns_of(std::string_view object);

/// "id 42", "user_id 1, day null".
std::string key_name(const std::vector<std::string>& columns, const KeyValues& values);

/// The primary key of the row: "id 42", "plan_id 1, number 2". Where the view fails what it was asked for.
std::string row_name(const mapping::Target& target, const Difference& difference);

/// A column in which the two rows differ, values as jsonb prints them.
struct DifferingColumn {
  std::string name;
  std::string in_view;
  std::string in_shadow;
};
/// None where one side lacks the row, and where the stored bytes differ and the texts do not (0.0 and -0.0).
std::vector<DifferingColumn> differing_columns(const Difference& difference);

}  // namespace crossfade::verify
