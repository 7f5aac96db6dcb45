#include "sync/queue/mark.h"

#include <sstream>

namespace crossfade::sync {

std::optional<Mark> parse_mark(std::string_view words) {
  std::istringstream in{std::string(words)};
  std::string what;
  in >> what;
  Beat beat;
  if (what == "beat" && in >> beat.epoch >> beat.number >> beat.sent_at) return beat;
  Barrier barrier;
  if (what == "barrier" && in >> barrier.id) return barrier;
  return std::nullopt;
}

}  // namespace crossfade::sync
