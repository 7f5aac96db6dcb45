#pragma once

#include <string>

#include "api/server.h"

namespace crossfade::api {

/// The command line's side: one request to the daemon's Unix socket. Throws a Failure with the daemon's own exit code and
/// words where it refuses, and kNotReady where no daemon answers.
Response ask(const std::string& socket_path, const Request& request);

}  // namespace crossfade::api
