#include "mapping/model/pick.h"

namespace crossfade::mapping {

std::vector<Pick> range_picks(const Range& range) {
  Pick pick;
  pick.form = Pick::Form::kRange;
  pick.has_low = range.low.has_value();
  pick.has_high = range.high.has_value();
  std::vector<Pick> picks = {pick};
  if (range.with_nulls && range.low && !range.high) {
    Pick nulls;
    nulls.null_mask = 1;
    picks.push_back(nulls);
  }
  return picks;
}

std::vector<std::optional<std::string>> range_parameters(const Range& range) {
  std::vector<std::optional<std::string>> parameters;
  if (range.low) parameters.push_back(range.low);
  if (range.high) parameters.push_back(range.high);
  return parameters;
}

}  // namespace crossfade::mapping
