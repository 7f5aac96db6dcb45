#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace crossfade {

/// A position in the write-ahead log, in bytes from its beginning. Zero means "none yet", as in PostgreSQL.
struct Lsn {
  std::uint64_t bytes = 0;

  auto operator<=>(const Lsn&) const = default;
  explicit operator bool() const { return bytes != 0; }
};

/// "16/B374D848", as pg_lsn prints it.
std::string to_string(Lsn lsn);

/// Reads what pg_lsn prints; nothing for any other text.
std::optional<Lsn> parse_lsn(std::string_view text);

/// How far `ahead` is in front of `behind`, in bytes; 0 where it is not in front.
inline std::uint64_t bytes_between(Lsn behind, Lsn ahead) {
  return ahead > behind ? ahead.bytes - behind.bytes : 0;
}

}  // namespace crossfade
