#pragma once

#include <string>

#include "api/server.h"

namespace crossfade::api {

/// The command line's side: one request to the daemon's Unix socket, as JSON. Throws a Failure with the daemon's own
/// exit code and words where it refuses; kNotReady where no daemon answers, kPermission where it is not ours to ask,
/// and kOutcomeUnknown where the daemon ended in the middle of a command.
Response ask(const std::string& socket_path, const Request& request);

/// The same beside other work; ended by cancellation, while what was asked for goes on.
asio::awaitable<Response> ask_in_turn(std::string socket_path, Request request);

}  // namespace crossfade::api
