#include "mapping/model/key_filter.h"

namespace crossfade::mapping {

std::vector<KeyFilter> range_picks(const Range& range) {
  KeyFilter filter;
  filter.form = KeyFilter::Form::kRange;
  filter.has_low = range.low.has_value();
  filter.has_high = range.high.has_value();
  std::vector<KeyFilter> filters = {filter};
  if (range.with_nulls && range.low && !range.high) {
    KeyFilter nulls;
    nulls.form = KeyFilter::Form::kNoChunkKey;
    filters.push_back(nulls);
  }
  return filters;
}

std::vector<std::optional<std::string>> range_parameters(const Range& range) {
  std::vector<std::optional<std::string>> parameters;
  if (range.low) parameters.push_back(range.low);
  if (range.high) parameters.push_back(range.high);
  return parameters;
}

}  // namespace crossfade::mapping
