#pragma once

#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "lint/source_copies.h"
#include "mapping/model/model.h"
#include "verify/diff/difference.h"

namespace crossfade::lint {

/// Finds the follow rule that would have announced rows: columns of the view that have, in each of them, the value of the
/// same column of the changed row.
class RuleSuggestion {
 public:
  RuleSuggestion(SourceId source, TargetId target) : source_(source), target_(target) {}

  /// One more row that was left behind, and the rows whose change did it.
  void explain(const mapping::Model& model, const ById<SourceId, SourceShape>& shapes, const std::vector<RowImages>& changed, const verify::Difference& row);

  /// "targets.exercises.follow: plans: {plan_id: id}"; "" where no column is left.
  std::string words(const mapping::Model& model) const;

 private:
  using Pairs = std::set<std::pair<std::string, std::string>>;  ///< view column, source column

  SourceId source_;
  TargetId target_;
  std::optional<Pairs> pairs_;
};

}  // namespace crossfade::lint
