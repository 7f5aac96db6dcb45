#pragma once

#include <string>

namespace crossfade::test {

/// The value of `series` in a page of metrics, written as it stands there: name{label="value"}. Fails the test where there
/// is none.
double value_of(const std::string& series, const std::string& page);

}  // namespace crossfade::test
