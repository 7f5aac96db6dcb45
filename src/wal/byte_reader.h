#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string_view>

#include "base/error/failure.h"

namespace crossfade::wal {

/// Takes big-endian numbers and strings off the front of a message; a Failure where it ends too early.
class ByteReader {
 public:
  ByteReader(std::string_view bytes, std::string_view what) : rest_(bytes), what_(what) {}

  template <typename Number>
  Number number() {
    const auto raw = bytes(sizeof(Number));
    std::uint64_t value = 0;
    for (const char c : raw) value = value << 8 | static_cast<unsigned char>(c);
    return static_cast<Number>(value);
  }

  std::string_view bytes(std::size_t count) {
    if (count > rest_.size()) throw malformed("it ends too early");
    const auto taken = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return taken;
  }

  /// Up to a zero byte, which is taken too.
  std::string_view string() {
    const auto end = rest_.find('\0');
    if (end == std::string_view::npos) throw malformed("a string has no end");
    const auto taken = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    return taken;
  }

  std::string_view rest() const { return rest_; }

  void expect_end() const {
    if (!rest_.empty()) throw malformed(fmt::format("{} bytes are left over", rest_.size()));
  }

  Failure malformed(std::string_view why) const {
    Failure::Facts facts;
    facts.message = fmt::format("a {} from the server cannot be read: {}", what_, why);
    facts.advice = "check that the server's version is supported; if it is, report this as a defect";
    return Failure(std::move(facts));
  }

 private:
  std::string_view rest_;
  std::string_view what_;
};

}  // namespace crossfade::wal
