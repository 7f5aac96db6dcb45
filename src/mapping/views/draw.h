#pragma once

#include <string>
#include <vector>

#include "base/text/paint.h"
#include "mapping/derive/derive.h"

namespace crossfade::mapping::views {

/// One thing that stands in a view. What it is made of comes next, one deeper.
struct Part {
  int depth = 0;
  std::string text;         ///< "select, group by plan_id", "left join public.plans (p) on p.id = e.plan_id"
  TableName source = {};    ///< of a table; without a name of all else
  std::string way = {};     ///< of a table: how its changes lead to rows of the view; or why they do not
  bool told = true;         ///< of a table: they do

  bool is_table() const { return !source.name.empty(); }
  bool operator==(const Part&) const = default;
};

/// The view from the outside in; empty where it could not be read. Pure.
std::vector<Part> draw(const derive::Facts& facts, const std::string& view, const derive::Answer& answer);

/// As a tree below `title`.
std::string drawing_text(const std::string& title, const std::vector<Part>& parts, const Paint& paint = {});

}  // namespace crossfade::mapping::views
