#pragma once

#include <string>

#include "crossfade/v1/explain.pb.h"

namespace crossfade::verify {

/// Once all else is known. Pure.
void add_next_steps(v1::ExplainReply& reply);

/// As people read it. Pure.
std::string to_text(const v1::ExplainReply& reply);

}  // namespace crossfade::verify
