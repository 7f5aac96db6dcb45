#include "lint/suggest_rule.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace crossfade::lint {
namespace {

/// Columns of the view and their values as text; what jsonb quotes is unquoted as far as keys go.
std::map<std::string, std::string> values_of(const mapping::Model& model, const verify::Difference& row) {
  std::map<std::string, std::string> values;
  for (auto [name, value] : verify::columns_of(row.in_view ? *row.in_view : *row.in_shadow)) {
    if (value.size() >= 2 && value.front() == '"') value = value.substr(1, value.size() - 2);
    values.emplace(std::move(name), std::move(value));
  }
  const auto& chunk_key = model.targets[row.target].locators.front();
  for (std::size_t n = 0; row.chunk_key && n < chunk_key.columns.size() && n < row.chunk_key->size(); ++n) {
    if ((*row.chunk_key)[n]) values.emplace(chunk_key.columns[n], *(*row.chunk_key)[n]);
  }
  return values;
}

}  // namespace

void RuleSuggestion::explain(const mapping::Model& model, const ById<SourceId, SourceShape>& shapes, const std::vector<RowImages>& changed, const verify::Difference& row) {
  Pairs possible;
  const auto values = values_of(model, row);
  for (const auto& images : changed) {
    if (images.source != source_) continue;
    for (const auto* image : {&images.before, &images.after}) {
      if (!*image) continue;
      for (std::size_t n = 0; n < (*image)->size(); ++n) {
        for (const auto& [name, value] : values) {
          if ((**image)[n] == value) possible.emplace(name, shapes[source_].columns[n].name);
        }
      }
    }
  }
  if (!pairs_) {
    pairs_ = std::move(possible);
  } else {
    std::erase_if(*pairs_, [&](const auto& pair) { return !possible.contains(pair); });
  }
}

std::string RuleSuggestion::words(const mapping::Model& model) const {
  if (!pairs_ || pairs_->empty()) return "";
  const auto& source = model.sources[source_];
  const auto& target = model.targets[target_];
  // A column that identifies the changed row names the rows that hang on it; one that the target is located by already
  // has its index.
  const auto weight = [&](const std::pair<std::string, std::string>& pair) {
    const bool of_key = source.key.size() == 1 && source.key.front() == pair.second;
    const bool located = std::any_of(target.locators.begin(), target.locators.end(), [&](const mapping::Locator& locator) {
      return !locator.indirect() && locator.columns == std::vector{pair.first};
    });
    return (of_key ? 2 : 0) + (located ? 1 : 0);
  };
  const auto best = std::max_element(pairs_->begin(), pairs_->end(), [&](const auto& a, const auto& b) { return weight(a) < weight(b); });
  const auto* section = model.direction == mapping::Direction::kForward ? "targets" : "reverse";
  return fmt::format("{}.{}.follow: {}: {{{}: {}}}", section, target.name, source.name, best->first, best->second);
}

}  // namespace crossfade::lint
