#include "base/value/snapshot.h"

#include <algorithm>
#include <charconv>

namespace crossfade {
namespace {

std::optional<Xid> parse_xid(std::string_view digits) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (digits.empty() || error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return Xid{static_cast<std::uint32_t>(value)};
}

}  // namespace

std::optional<Snapshot> Snapshot::parse(std::string_view text) {
  const auto first = text.find(':');
  const auto second = first == std::string_view::npos ? first : text.find(':', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  Snapshot snapshot;
  const auto xmin = parse_xid(text.substr(0, first));
  const auto xmax = parse_xid(text.substr(first + 1, second - first - 1));
  if (!xmin || !xmax) return std::nullopt;
  snapshot.xmin_ = *xmin;
  snapshot.xmax_ = *xmax;
  auto rest = text.substr(second + 1);
  while (!rest.empty()) {
    const auto comma = rest.find(',');
    const auto xid = parse_xid(rest.substr(0, comma));
    if (!xid) return std::nullopt;
    snapshot.in_progress_.push_back(*xid);
    rest = comma == std::string_view::npos ? std::string_view{} : rest.substr(comma + 1);
  }
  return snapshot;
}

bool Snapshot::sees(Xid xid) const {
  if (xid.value == 0 || precedes(xid, xmin_)) return true;
  if (!precedes(xid, xmax_)) return false;
  return std::find(in_progress_.begin(), in_progress_.end(), xid) == in_progress_.end();
}

}  // namespace crossfade
