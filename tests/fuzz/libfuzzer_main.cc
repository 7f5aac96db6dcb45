#include <cstddef>
#include <cstdint>

#include "fuzz/target.h"

// NOLINTNEXTLINE(readability-identifier-naming): the name that libFuzzer looks for
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  crossfade::fuzz::run_once({reinterpret_cast<const char*>(bytes), size});
  return 0;
}
