#include "mapping/amend/diff.h"

#include <algorithm>
#include <sstream>
#include <vector>

namespace crossfade::mapping {
namespace {

/// More lines than this on both sides are not laid side by side: the table would have millions of cells.
constexpr std::size_t kMostCells = 4'000'000;

using Lines = std::vector<std::string>;

Lines lines_of(const std::string& text) {
  Lines lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

}  // namespace

std::string line_diff(const std::string& before, const std::string& now) {
  auto old = lines_of(before);
  auto fresh = lines_of(now);
  std::size_t same = 0;
  while (same < std::min(old.size(), fresh.size()) && old[same] == fresh[same]) ++same;
  old.erase(old.begin(), old.begin() + static_cast<std::ptrdiff_t>(same));
  fresh.erase(fresh.begin(), fresh.begin() + static_cast<std::ptrdiff_t>(same));
  while (!old.empty() && !fresh.empty() && old.back() == fresh.back()) {
    old.pop_back();
    fresh.pop_back();
  }
  // longest[i][j]: lines that old from i and fresh from j have in common.
  const auto width = fresh.size() + 1;
  std::vector<std::size_t> longest;
  const bool aligned = (old.size() + 1) * width <= kMostCells;
  if (aligned) longest.resize((old.size() + 1) * width);
  for (std::size_t i = aligned ? old.size() : 0; i-- > 0;) {
    for (std::size_t j = fresh.size(); j-- > 0;) {
      longest[i * width + j] = old[i] == fresh[j] ? longest[(i + 1) * width + j + 1] + 1 : std::max(longest[(i + 1) * width + j], longest[i * width + j + 1]);
    }
  }
  std::string text;
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < old.size() || j < fresh.size()) {
    if (aligned && i < old.size() && j < fresh.size() && old[i] == fresh[j]) {
      ++i;
      ++j;
    } else if (i < old.size() && (j == fresh.size() || !aligned || longest[(i + 1) * width + j] >= longest[i * width + j + 1])) {
      text += "- " + old[i++] + "\n";
    } else {
      text += "+ " + fresh[j++] + "\n";
    }
  }
  return text;
}

}  // namespace crossfade::mapping
