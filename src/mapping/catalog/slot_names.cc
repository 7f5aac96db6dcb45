#include "mapping/catalog/slot_names.h"

#include <embedded_sql.h>
#include <fmt/format.h>

#include <algorithm>

#include "base/text/short_hash.h"
#include "base/text/sql_text.h"
#include "pg/row.h"

namespace crossfade::mapping {
namespace {

namespace queries = sql::queries;

/// Of 63 bytes, "crossfade_", an oid, "_" and "_reverse" leave so many.
constexpr std::size_t kRoom = 63 - 10 - 10 - 1 - 8;

std::string fitting(const std::string& migration) {
  if (migration.size() <= kRoom) return migration;
  return migration.substr(0, kRoom - 9) + "_" + short_hash(migration);
}

/// As they were called before names of slots told their database.
SlotNames without_database(const std::string& migration) { return {"crossfade_" + migration, "crossfade_" + migration + "_reverse"}; }

}  // namespace

SlotNames slot_names(const std::string& migration, const std::string& database_oid) {
  // The oid first: no name of a migration begins with a digit, so that no two migrations' names meet.
  const auto forward = fmt::format("crossfade_{}_{}", database_oid, fitting(migration));
  return {forward, forward + "_reverse"};
}

boost::asio::awaitable<SlotNames> find_slot_names(pg::Connection& connection, std::string migration) {
  const auto earlier = without_database(migration);
  std::vector<std::optional<std::string>> wanted{earlier.forward, earlier.reverse};
  pg::Parameters parameters = {array_text(wanted)};
  const auto rows = co_await connection.query(queries::slot_names, parameters);
  const auto row = pg::first(rows);
  auto names = slot_names(migration, std::string(row.text("oid")));
  const auto there = parse_array(row.text("own_slots"));
  const auto is_there = [&](const std::string& name) { return std::find(there.begin(), there.end(), name) != there.end(); };
  if (is_there(earlier.forward)) names.forward = earlier.forward;
  if (is_there(earlier.reverse)) names.reverse = earlier.reverse;
  co_return names;
}

}  // namespace crossfade::mapping
