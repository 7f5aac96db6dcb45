#include "sync/state/suspects.h"

#include <algorithm>
#include <iterator>

namespace crossfade::sync {

void Suspects::note(const std::vector<Key>& in_hand) {
  std::unordered_set<Key> both;
  std::copy_if(in_hand.begin(), in_hand.end(), std::inserter(both, both.end()), [&](const Key& key) { return keys_.contains(key); });
  lost_ = both.empty() ? 1 : lost_ + 1;
  if (both.empty()) both.insert(in_hand.begin(), in_hand.end());
  keys_ = std::move(both);
}

void Suspects::done(const std::vector<Key>& in_hand) {
  if (keys_.empty() && convicted.empty()) return;
  for (const auto& key : in_hand) {
    keys_.erase(key);
    convicted.erase(key);
  }
  if (keys_.empty()) lost_ = 0;
}

bool Suspects::suspected(const Key& key) const { return deaths.contains(key) || convicted.contains(key) || (lost_ >= kLost && keys_.contains(key)); }

bool Suspects::any(const std::vector<Key>& keys) const {
  const bool none = lost_ < kLost && deaths.empty() && convicted.empty();
  return !none && std::any_of(keys.begin(), keys.end(), [&](const Key& key) { return suspected(key); });
}

void Suspects::clear(const Key& key) {
  keys_.erase(key);
  deaths.erase(key);
  convicted.erase(key);
}

int Suspects::of(const std::map<Low, int>& lost, const Low& low) {
  const auto found = lost.find(low);
  return found == lost.end() ? 0 : found->second;
}

void Suspects::clear_chunks(TargetId target) {
  for (auto* lost : {&chunks, &claims}) std::erase_if(*lost, [&](const auto& each) { return each.first.first == target; });
}

}  // namespace crossfade::sync
