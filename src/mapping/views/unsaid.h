#pragma once

#include <string>
#include <vector>

#include "mapping/views/reverse_view.h"

namespace crossfade::mapping::views {

/// A column of one side of which the other side has no word.
struct Unsaid {
  TableName table;
  std::string column;     ///< "" where it is about the table's rows
  std::string why;

  bool operator==(const Unsaid&) const = default;
};

/// What of v1 is in no table of v2, or in none in a form from which it could be had back. Pure, as is the other.
std::vector<Unsaid> not_in_v2(const derive::Reading& reading);

/// What of v2 comes from nothing in v1: columns that the views leave out, and those that are one value.
std::vector<Unsaid> not_in_v1(const derive::Reading& reading);

/// A column of a table that a view fills with one of another table's, as it is or cast.
struct HandedThrough {
  TableName filled;
  std::string column;
  TableName from;
  std::string from_column;
};

/// Of all views, those whose columns come from one place. Pure.
std::vector<HandedThrough> handed_through(const derive::Reading& reading);

/// One line a table and reason; "" of nothing.
std::string unsaid_text(const std::string& title, const std::vector<Unsaid>& all, std::size_t width = 0);

}  // namespace crossfade::mapping::views
