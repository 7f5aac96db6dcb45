#include "mapping/derive/facts.h"

#include <algorithm>
#include <utility>

namespace crossfade::mapping::derive {

bool is_integer(const std::string& type) { return type == "smallint" || type == "integer" || type == "bigint"; }

const ColumnFacts* RelationFacts::find(const std::string& column) const {
  const auto found = std::find_if(columns.begin(), columns.end(), [&](const ColumnFacts& each) { return each.name == column; });
  return found == columns.end() ? nullptr : &*found;
}

void Facts::add(RelationFacts relation) {
  auto name = relation.name.quoted();
  relations[std::move(name)] = std::move(relation);
}

}  // namespace crossfade::mapping::derive
