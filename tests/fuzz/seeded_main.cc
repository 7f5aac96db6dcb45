#include <chrono>
#include <cstdlib>
#include <iostream>
#include <random>

#include "fuzz/target.h"

/// Feeds a target with mutated seeds for a few seconds: FUZZ_SECONDS of them, from the number FUZZ_SEED. The same
/// number gives the same inputs.
namespace crossfade::fuzz {
namespace {

using Random = std::mt19937_64;

std::uint64_t setting(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

std::size_t below(Random& random, std::size_t limit) { return static_cast<std::size_t>(random() % limit); }

/// Numbers at which lengths and counts go wrong.
char interesting(Random& random) {
  constexpr std::string_view kBytes("\x00\x01\x7F\x80\xFF", 5);
  return random() % 2 == 0 ? kBytes[below(random, kBytes.size())] : static_cast<char>(random());
}

std::string mutated(std::string bytes, const std::vector<std::string>& seeds, Random& random) {
  for (auto steps = below(random, 5); steps > 0; --steps) {
    const auto at = below(random, bytes.size() + 1);
    switch (random() % 5) {
      case 0:
        if (at < bytes.size()) bytes[at] = interesting(random);
        break;
      case 1:
        bytes.resize(at);
        break;
      case 2:
        bytes.insert(at, 1 + below(random, 8), interesting(random));
        break;
      case 3:
        bytes.erase(at, 1 + below(random, 8));
        break;
      case 4:
        bytes.replace(at, std::string::npos, seeds[below(random, seeds.size())]);
        break;
    }
  }
  return bytes;
}

int run() {
  const auto seed = setting("FUZZ_SEED", std::random_device{}());
  const auto seconds = std::chrono::seconds(setting("FUZZ_SECONDS", 5));
  // Said first: a target that breaks ends the process.
  std::cout << "FUZZ_SEED=" << seed << std::endl;
  Random random(seed);
  const auto all = seeds();
  for (const auto& bytes : all) run_once(bytes);
  std::uint64_t inputs = 0;
  for (const auto until = std::chrono::steady_clock::now() + seconds; std::chrono::steady_clock::now() < until;
       ++inputs) {
    const auto bytes = mutated(all[below(random, all.size())], all, random);
    // A string has bytes to spare behind its end; a sanitizer sees the first one read beyond these.
    const std::vector<char> exact(bytes.begin(), bytes.end());
    run_once({exact.data(), exact.size()});
  }
  std::cout << inputs << " inputs" << std::endl;
  return EXIT_SUCCESS;
}

}  // namespace
}  // namespace crossfade::fuzz

int main() { return crossfade::fuzz::run(); }
