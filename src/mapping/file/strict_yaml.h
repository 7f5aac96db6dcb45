#pragma once

#include <google/protobuf/message.h>

#include <string>
#include <string_view>

namespace crossfade::mapping {

/// Reads the YAML `text` into `message`, whose field names are the keys. Throws a usage Failure that begins with
/// "file:line:column:" for keys that the message lacks (with the nearest one it has, or all of them) and for values of the
/// wrong kind. Durations are written as parse_duration takes them; enum values without their prefix and in lower case.
void read_yaml(std::string_view file, const std::string& text, google::protobuf::Message& message);

}  // namespace crossfade::mapping
