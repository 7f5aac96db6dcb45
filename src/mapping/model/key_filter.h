#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/value/id.h"

namespace crossfade::mapping {

/// Which rows of a target a statement is about: one locator's keys, or a range of its values. A statement takes the
/// filters' parameters one filter after the other, all as text:
///   kValues  one array a column that is not null by `null_mask` (an indirect locator: one array a lookup column)
///   kRange   the bounds that are there, low before high, of the column that the locator is walked along
///   kNoChunkKey  none: rows without a value in that column
///   kGiven   one array of what the select of an indirect locator of one column has given
///   kRows    the same of one of several columns: one array of texts a column
///   kPartMissing  none: rows without a value in one of an indirect locator's columns. What its select gives as null equals none of them.
struct KeyFilter {
  enum class Form { kValues, kRange, kNoChunkKey, kGiven, kRows, kPartMissing };

  Form form = Form::kValues;
  LocatorId locator;
  std::uint32_t null_mask = 0;  ///< kValues: bit n set, column n is null in every key of this filter
  bool has_low = false;         ///< kRange: rows above the bound only; it is exclusive
  bool has_high = false;        ///< kRange: rows up to the bound only; it is inclusive
  std::string given_type = {};  ///< kGiven: the array's, as Statements::lookup() says it

  bool operator==(const KeyFilter&) const = default;
  auto operator<=>(const KeyFilter&) const = default;
};

/// A stretch of the walk: values above `low` up to `high`; none stands for no bound. Rows without a value belong to the
/// stretch that has no upper bound, unless it is told apart by `with_nulls`.
struct Range {
  std::optional<std::string> low;
  std::optional<std::string> high;
  bool with_nulls = true;
};

std::vector<KeyFilter> range_picks(const Range& range);
/// The parameters of range_picks().
std::vector<std::optional<std::string>> range_parameters(const Range& range);

}  // namespace crossfade::mapping
