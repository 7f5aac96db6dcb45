#pragma once

#include <vector>

#include "api/server.h"

namespace crossfade::api {

/// The status page and what it is made of, at "/". It gets its facts from /events.
std::vector<Endpoint> page_endpoints();

}  // namespace crossfade::api
