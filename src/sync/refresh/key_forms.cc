#include "sync/refresh/key_forms.h"

#include <cstdint>
#include <map>
#include <tuple>
#include <utility>

namespace crossfade::sync {

std::vector<std::vector<Key>> by_form(const std::vector<Key>& keys) {
  std::map<std::tuple<TargetId, LocatorId, std::vector<bool>>, std::vector<Key>> forms;
  for (const auto& key : keys) {
    std::vector<bool> nulls;
    for (const auto& value : key.values()) nulls.push_back(!value);
    forms[{key.target(), key.locator(), std::move(nulls)}].push_back(key);
  }
  std::vector<std::vector<Key>> found;
  for (auto& [form, of_form] : forms) found.push_back(std::move(of_form));
  return found;
}

}  // namespace crossfade::sync
