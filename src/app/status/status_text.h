#pragma once

#include <string>

#include "base/text/paint.h"
#include "crossfade/v1/status.pb.h"

namespace crossfade::app {

/// The state of a migration, for people and for scripts. Pure; `now` in seconds since 1970.

/// The block `crossfade status` prints. Of a terminal `width` columns wide no word is cut in two, and what mends a thing stands in a line
/// of its own where it has no place beside it; 0: there is none, and a line is a line.
std::string status_block(const v1::Status& status, double now, const Paint& paint = {}, std::size_t width = 0);

/// The same in one line, without its end: for `--watch` where there is no terminal.
std::string status_line(const v1::Status& status, double now);

/// The documented JSON, in one line: every field there, null where something is not known.
std::string status_json(const v1::Status& status);

/// One word of a command that is advised, as a shell takes it whatever is in it.
std::string shell_word(const std::string& text);

}  // namespace crossfade::app
