#include "base/memory/largest_message.h"

#include <dlfcn.h>

#include <atomic>
#include <cerrno>

namespace crossfade {
namespace {

std::size_t largest = kUnbounded;
thread_local std::size_t most_at_once = kUnbounded;
thread_local bool reached = false;

using Realloc = void* (*)(void*, std::size_t);

}  // namespace

void take_messages_up_to(std::size_t most) { largest = most; }
std::size_t largest_message_taken() { return largest; }

GrowthLimit::GrowthLimit(std::size_t most) {
  most_at_once = most;
  reached = false;
}
GrowthLimit::~GrowthLimit() { most_at_once = kUnbounded; }
bool GrowthLimit::was_reached() const { return reached; }

}  // namespace crossfade

// The sanitizers have an allocator of their own.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
/// Stands before the C library's, for what was linked too, and hands on to whichever comes next.
extern "C" __attribute__((visibility("default"))) void* realloc(void* memory, std::size_t size) noexcept {
  using namespace crossfade;
  static std::atomic<Realloc> next{nullptr};
  auto hand_on = next.load(std::memory_order_relaxed);
  if (hand_on == nullptr) {
    hand_on = reinterpret_cast<Realloc>(dlsym(RTLD_NEXT, "realloc"));
    next.store(hand_on, std::memory_order_relaxed);
  }
  if (size > most_at_once) {
    reached = true;
    errno = ENOMEM;
    return nullptr;
  }
  return hand_on(memory, size);
}
#endif
