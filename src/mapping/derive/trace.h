#pragma once

#include <map>
#include <string>
#include <vector>

#include "mapping/derive/query_tree.h"

namespace crossfade::mapping::derive {

/// A column of an item; none where the name leads to nothing that is known.
struct Place {
  const Item* item = nullptr;
  std::string column;
};
Place resolve(const Level& level, const boost::json::object& reference);

/// The function whose first column is the item's first; none where it is something else that stands there as a table does.
const boost::json::object* first_call(const Node& from);

/// The item that all columns of the expression are of; none where it has none, or they are of several.
const Item* only_item(const Level& level, const Node& expression);

/// The table and its column that a column of the view hands through unchanged; nothing where it is made or comes from several.
Place origin(const Level& level, std::size_t output);

/// What one branch of a view shows of the rows of a table that its rows are made of.
struct Shown {
  TableName source;
  std::map<std::string, std::string> columns = {};    ///< of the view: the source's column that it hands through unchanged
  std::map<std::string, std::string> constants = {};  ///< of the view: what it is in all rows of the branch, as SQL; none of another kind
};
std::vector<Shown> shown(const Level& root);

/// Whether a condition on the column reaches tables in every branch.
bool traceable(const Level& level, std::size_t output);

/// Without a cast that changes no value: the server writes them where text meets varchar.
const Node* uncast(const Level& level, const Node* node);

/// Whether all calls are of functions that give one value, by their arguments alone.
bool plain_calls(const Facts& facts, const Node& expression);

}  // namespace crossfade::mapping::derive
