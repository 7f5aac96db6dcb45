#pragma once

#include <string>

#include "api/server.h"

namespace google::protobuf {
class Message;
}

namespace crossfade::api {

/// `message` as one line of JSON: every field, in its order and under its own name; null for an optional one that is
/// not set, so that a script can tell "not known" from "renamed". For messages of texts, truths, doubles and 32-bit
/// numbers.
std::string json_of(const google::protobuf::Message& message);

/// Reads the body of `request`, which is JSON. An empty one is an empty message. Throws kUsage for anything else, fields unknown to us
/// included.
void read_body(const Request& request, google::protobuf::Message& message);

Response answer_with(const google::protobuf::Message& message, int status = 200);

}  // namespace crossfade::api
