#pragma once

#include <iostream>

#include "api/message.h"
#include "app/cli/options.h"
#include "base/error/exit_code.h"
#include "verify/queries/query_compare.h"
#include "verify/reply_text.h"

namespace crossfade::app {

/// What a proof found, as it was asked for, and the exit code that says so.
template <typename Reply>
ExitCode show_reply(const Options& options, const Reply& reply) {
  std::cout << (options.json ? api::json_of(reply) + "\n" : verify::to_text(reply));
  return verify::exit_code(reply);
}

}  // namespace crossfade::app
