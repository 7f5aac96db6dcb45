#include "base/value/key.h"

#include <cstring>

namespace crossfade {
namespace {

constexpr std::uint32_t kNull = 0xFFFFFFFF;
constexpr std::size_t kHeader = 2 * sizeof(std::uint16_t);

template <typename Number>
void append(std::string& out, Number number) {
  char raw[sizeof number];
  std::memcpy(raw, &number, sizeof number);
  out.append(raw, sizeof number);
}

template <typename Number>
Number number_at(const std::string& bytes, std::size_t at) {
  Number number;
  std::memcpy(&number, bytes.data() + at, sizeof number);
  return number;
}

}  // namespace

Key::Key(TargetId target, LocatorId locator, const KeyValues& values) {
  append(bytes_, target.place());
  append(bytes_, locator.place());
  for (const auto& value : values) {
    append(bytes_, value ? static_cast<std::uint32_t>(value->size()) : kNull);
    if (value) bytes_.append(*value);
  }
}

TargetId Key::target() const { return TargetId(number_at<std::uint16_t>(bytes_, 0)); }

LocatorId Key::locator() const { return LocatorId(number_at<std::uint16_t>(bytes_, sizeof(std::uint16_t))); }

KeyValues Key::values() const {
  KeyValues values;
  for (std::size_t at = kHeader; at < bytes_.size();) {
    const auto length = number_at<std::uint32_t>(bytes_, at);
    at += sizeof length;
    if (length == kNull) {
      values.emplace_back(std::nullopt);
      continue;
    }
    values.emplace_back(bytes_.substr(at, length));
    at += length;
  }
  return values;
}

std::size_t Key::worker(std::size_t workers) const {
  return std::hash<std::string_view>{}(std::string_view(bytes_).substr(kHeader)) % workers;
}

}  // namespace crossfade
