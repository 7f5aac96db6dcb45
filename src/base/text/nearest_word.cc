#include "base/text/nearest_word.h"

#include <algorithm>
#include <numeric>

namespace crossfade {
namespace {

/// Levenshtein's distance, one row of the table at a time.
std::size_t distance(std::string_view left, std::string_view right) {
  std::vector<std::size_t> row(right.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < left.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < right.size(); ++j) {
      const auto changed = diagonal + (left[i] == right[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({changed, row[j] + 1, diagonal + 1});
    }
  }
  return row.back();
}

}  // namespace

std::optional<std::string> nearest_word(std::string_view written, const std::vector<std::string>& words) {
  const auto near = [&](const std::string& word) { return distance(written, word); };
  const auto best = std::min_element(words.begin(), words.end(),
                                     [&](const auto& left, const auto& right) { return near(left) < near(right); });
  if (best == words.end() || near(*best) > 2 || near(*best) * 2 >= written.size()) return std::nullopt;
  return *best;
}

}  // namespace crossfade
