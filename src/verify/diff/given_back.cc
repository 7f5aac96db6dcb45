#include "verify/diff/given_back.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/error/failure.h"
#include "mapping/sql/statements.h"
#include "pg/savepoint.h"
#include "sync/refresh/bring.h"
#include "verify/diff/difference.h"
#include "verify/diff/differing_rows.h"

namespace crossfade::verify {
namespace {

namespace asio = boost::asio;
using mapping::Range;

constexpr std::size_t kChunk = 2000;
constexpr std::size_t kMostRows = 200;

void add(GivenBack& found, const mapping::Target& target, const Compared& compared) {
  found.compared += compared.in_shadow;
  found.otherwise += compared.differing;
  for (const auto& row : compared.rows) {
    if (!row.in_view) ++found.lacking;
    if (!row.in_shadow) ++found.added;
    if (found.sample.empty()) found.sample = row_name(target, row);
    for (const auto& column : differing_columns(row)) {
      if (std::find(found.columns.begin(), found.columns.end(), column.name) == found.columns.end()) found.columns.push_back(column.name);
    }
  }
}

/// Chunk by chunk, until the bounds are reached.
asio::awaitable<void> walk(pg::Connection& connection, const mapping::Model& model, TargetId target, std::size_t most, pg::Clock::time_point until,
                           GivenBack& found) {
  Range rest;
  for (std::size_t keys = 0;; keys += kChunk) {
    Range chunk = rest;
    if (!model.targets[target].chunk_column.empty()) {
      const auto next = co_await sync::next_bound(connection, model, target, rest, kChunk);
      if (next.found == kChunk) chunk.high = next.last;
    }
    Comparison comparison{target, mapping::range_picks(chunk), mapping::range_parameters(chunk), kMostRows};
    const auto compared = co_await differing_rows(connection, model, std::move(comparison));
    add(found, model.targets[target], compared);
    if (!chunk.high) co_return;
    rest.low = chunk.high;
    found.whole = false;
    if (most - keys <= kChunk || pg::Clock::now() >= until) co_return;
    found.whole = true;
  }
}

}  // namespace

asio::awaitable<std::vector<GivenBack>> compare_given_back(pg::Connection& connection, const mapping::Model& way_back, GivenBackBounds bounds) {
  const auto until = pg::Clock::now() + bounds.time;
  std::vector<GivenBack> all;
  for (const auto target : way_back.targets.ids()) {
    GivenBack found;
    found.table = way_back.targets[target].name;
    const pg::Work look = [&]() -> asio::awaitable<void> { co_await walk(connection, way_back, target, bounds.keys, until, found); };
    const auto refused = co_await pg::in_savepoint(connection, look, pg::Leaves::kNothing, [](const Failure& failure) { return failure.found_by_trying(); });
    if (refused) found.refused = refused->what();
    all.push_back(std::move(found));
  }
  co_return all;
}

std::string describe(const GivenBack& given_back) {
  if (!given_back.refused.empty()) return fmt::format("rows of {} cannot be held against what comes back: {}", given_back.table, given_back.refused);
  auto text = fmt::format("{} of {}{} rows of {} come back otherwise (", given_back.otherwise, given_back.whole ? "" : "the first ", given_back.compared, given_back.table);
  std::vector<std::string> how = given_back.columns;
  if (given_back.lacking > 0) how.emplace_back("rows that reverse.sql leaves out");
  if (given_back.added > 0) how.emplace_back("rows that v1 does not have");
  return text + fmt::format("{}; {})", fmt::join(how, ", "), given_back.sample);
}

}  // namespace crossfade::verify
