#include "base/value/duration.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <span>

#include "base/error/failure.h"

namespace crossfade {
namespace {

struct Unit {
  std::string_view word;
  std::uint64_t factor;
};

constexpr Unit kTimes[] = {{"ms", 1}, {"s", 1'000}, {"m", 60'000}, {"min", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}};
constexpr Unit kSizes[] = {{"", 1},
                           {"B", 1},
                           {"kB", 1 << 10},
                           {"KB", 1 << 10},
                           {"KiB", 1 << 10},
                           {"MB", 1 << 20},
                           {"MiB", 1 << 20},
                           {"GB", 1 << 30},
                           {"GiB", 1 << 30},
                           {"TB", std::uint64_t{1} << 40},
                           {"TiB", std::uint64_t{1} << 40}};

/// Digits with at most one point among them: no sign, no exponent, no word for what is not a number.
std::optional<double> read_number(std::string_view digits) {
  double number = 0;
  const auto* const end = digits.data() + digits.size();
  const auto [read, error] = std::from_chars(digits.data(), end, number, std::chars_format::fixed);
  if (error != std::errc() || read != end) return std::nullopt;
  return number;
}

/// How many of the smallest unit `text` says, in double, which is exact up to both limits; nothing where it says none.
std::optional<double> read_quantity(std::string_view text, std::span<const Unit> units) {
  const auto split = std::min(text.find_first_not_of("0123456789."), text.size());
  const auto number = read_number(text.substr(0, split));
  if (!number) return std::nullopt;
  const auto word = text.substr(split);
  const auto unit = std::find_if(units.begin(), units.end(), [&](const Unit& candidate) { return candidate.word == word; });
  if (unit != units.end()) return *number * static_cast<double>(unit->factor);
  if (word.empty() && *number == 0) return 0;
  return std::nullopt;
}

std::uint64_t whole(double quantity) {
  if (quantity > 0 && quantity < 1) return 1;
  return static_cast<std::uint64_t>(quantity + 0.5);
}

}  // namespace

std::chrono::milliseconds parse_duration(std::string_view text) {
  const auto quantity = read_quantity(text, kTimes);
  if (!quantity) {
    throw usage_failure(fmt::format("\"{}\" is not a duration", text), "Write a number and one of ms, s, m, min, h and d, e.g. 250ms");
  }
  if (*quantity > static_cast<double>(kLongestDuration.count())) {
    throw usage_failure(fmt::format("\"{}\" is longer than any duration may be", text), "Write 10000d at most");
  }
  return std::chrono::milliseconds(whole(*quantity));
}

std::uint64_t parse_size(std::string_view text) {
  const auto quantity = read_quantity(text, kSizes);
  if (!quantity) {
    throw usage_failure(fmt::format("\"{}\" is not a size", text), "Write a number and one of B, kB, MB, GB and TB, e.g. 64MB");
  }
  if (*quantity > static_cast<double>(kLargestSize)) {
    throw usage_failure(fmt::format("\"{}\" is more than any size may be", text), "Write 1024TB at most");
  }
  return whole(*quantity);
}

}  // namespace crossfade
