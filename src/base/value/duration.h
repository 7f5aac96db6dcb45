#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

namespace crossfade {

/// Far above what anybody waits for, and far below where a clock that it is added to would overflow.
inline constexpr std::chrono::milliseconds kLongestDuration = std::chrono::days(10'000);
inline constexpr std::uint64_t kLargestSize = std::uint64_t{1} << 50;

/// "250ms", "1.5s", "10m" or "10min", "12h", "7d": digits and a unit; only 0 needs none. The command line, the migration's file and
/// what the server shows of its settings are read alike. What is not 0 is never rounded to it: a limit of 0 often means none.
/// Throws a usage Failure that names `text` for anything else, and for what is longer than kLongestDuration.
std::chrono::milliseconds parse_duration(std::string_view text);

/// "4096", "64MB", "1.5GB" in bytes; kB is 1024 of them, as for PostgreSQL. Throws a usage Failure that names `text` for anything else,
/// and for what is more than kLargestSize.
std::uint64_t parse_size(std::string_view text);

}  // namespace crossfade
