#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace crossfade {

/// Eight hexadecimal digits that stay the same on every machine and in every version: they become parts of names. FNV-1a.
inline std::string short_hash(std::string_view text) {
  std::uint32_t hash = 2166136261U;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  std::string digits;
  for (int shift = 28; shift >= 0; shift -= 4) digits += "0123456789abcdef"[hash >> shift & 15U];
  return digits;
}

/// Sixteen digits, to notice that a text is not what it was. No guard against somebody who wants two to be alike.
inline std::string content_hash(std::string_view text) {
  std::uint64_t hash = 14695981039346656037U;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
  std::string digits;
  for (int shift = 60; shift >= 0; shift -= 4) digits += "0123456789abcdef"[hash >> shift & 15U];
  return digits;
}

}  // namespace crossfade
