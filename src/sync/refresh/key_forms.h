#pragma once

#include <vector>

#include "base/value/key.h"

namespace crossfade::sync {

/// Keys of one form of one locator of one target, apart: what one filter of a statement takes.
std::vector<std::vector<Key>> by_form(const std::vector<Key>& keys);

}  // namespace crossfade::sync
