#pragma once

#include <iostream>
#include <string>
#include <vector>

#include "api/message.h"
#include "app/cli/options.h"
#include "base/error/failure.h"
#include "crossfade/v1/reply.pb.h"

namespace crossfade::app {

/// The answer of a command that has no text of its own for people, or has said it: for whoever asked for JSON.
inline void tell_script(const Options& options, const google::protobuf::Message& reply) {
  if (options.json) std::cout << api::json_of(reply) << '\n';
}

inline v1::Did did(const std::string& message, const std::vector<std::string>& notes = {}, const std::vector<std::string>& next_steps = {}) {
  v1::Did reply;
  reply.set_message(message);
  for (const auto& note : notes) reply.add_notes(note);
  for (const auto& step : next_steps) reply.add_next_steps(step);
  return reply;
}

/// For a command whose output is made for another program than one that reads JSON.
inline void refuse_json(const Options& options, const std::string& what) {
  if (options.json) throw usage_failure(what + " is not JSON", "leave out --json");
}

}  // namespace crossfade::app
