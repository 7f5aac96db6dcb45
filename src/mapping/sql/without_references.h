#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace crossfade::mapping {

/// The table of a foreign key as a script writes it: {"public", "users"}, or {"users"}.
using WrittenName = std::vector<std::string>;

/// `sql` without the foreign keys to tables of which `leave_out` is true: of a column, of a table, or added by `alter table`. What is left
/// stands in its line. A script that builds its statements as it goes keeps the keys of those.
std::string without_references(std::string_view sql, const std::function<bool(const WrittenName&)>& leave_out);

}  // namespace crossfade::mapping
