#include "app/status/backfill_share.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "base/text/sql_text.h"
#include "mapping/sql/statement_text.h"
#include "pg/row.h"

namespace crossfade::app {

std::string share_by_statistics(const std::string& type, const std::string& less_or_equal) {
  return fmt::format(
      "with reached as (\n"
      "  select high from crossfade.chunk where migration = $1 and target = $2 order by high::{0} desc nulls first limit 1\n"
      ")\n"
      "select case when reached.high is null then 1::float8\n"
      "            else (select (count(*) filter (where bound {1} reached.high::{0}) - 1)::float8 / nullif(greatest(count(*) - 1, 0), 0) from unnest(s.bounds) bound) end as share, reached.high\n"
      "from reached left join (\n"
      "  select histogram_bounds::text::{0}[] as bounds from pg_catalog.pg_stats\n"
      "  where schemaname = $3 and tablename = $4 and attname = $5 order by inherited desc limit 1\n"
      ") s on true",
      type, less_or_equal);
}

std::string share_by_ends(const mapping::Source& source, const std::string& column, const std::string& type) {
  constexpr std::array<std::string_view, 4> kNumbers = {"smallint", "integer", "bigint", "numeric"};
  constexpr std::array<std::string_view, 2> kTimes = {"date", "timestamp"};
  const auto begins = [&](std::string_view word) { return type.starts_with(word); };
  const bool number = std::any_of(kNumbers.begin(), kNumbers.end(), begins);
  if (!number && std::none_of(kTimes.begin(), kTimes.end(), begins)) return "";
  const auto measured = [&](const std::string& value) { return number ? value + "::numeric" : fmt::format("extract(epoch from {})::numeric", value); };
  return fmt::format("select (({0} - low) / nullif(high - low, 0))::float8 from (select {1} as low, {2} as high from {3} t) ends",
                     measured("$1::" + type), measured(fmt::format("min(t.{})", quote_identifier(column))),
                     measured(fmt::format("max(t.{})", quote_identifier(column))), quote_qualified(source.schema, source.name));
}

boost::asio::awaitable<std::optional<double>> covered_share(pg::Connection& connection, const mapping::Model& model, TargetId number) {
  const auto& target = model.targets.at(number);
  if (target.chunk_column.empty()) co_return std::nullopt;
  const auto& source = model.sources.at(target.chunk_source);
  const auto& chunk_key = target.locators.front();
  const auto& type = chunk_key.chunk_type();
  // An array of arrays is one of their elements.
  if (mapping::is_array(type)) co_return std::nullopt;
  pg::Parameters of_column = {model.name, target.name, source.schema, source.name, target.chunk_column};
  auto by_statistics = share_by_statistics(type, chunk_key.compared(chunk_key.chunk_place, "<="));
  const auto told = co_await connection.query(std::move(by_statistics), std::move(of_column));
  if (told.empty()) co_return std::nullopt;
  const auto row = pg::first(told);
  if (const auto share = row.optional_real("share")) co_return std::clamp(*share, 0.0, 1.0);
  auto by_ends = share_by_ends(source, target.chunk_column, type);
  if (by_ends.empty()) co_return std::nullopt;
  pg::Parameters reached = {row.optional_text("high")};
  const auto measured = co_await connection.source().query(std::move(by_ends), std::move(reached));
  if (measured.empty() || measured.is_null(0, 0)) co_return std::nullopt;
  co_return std::clamp(measured.real(0, 0), 0.0, 1.0);
}

boost::asio::awaitable<double> expected_rows(pg::Connection& connection, const mapping::Model& model, TargetId target, double done, double guessed) {
  if (done == 0) co_return guessed;
  const auto share = co_await covered_share(connection, model, target);
  if (!share) co_return std::max(done, guessed);
  // Below that the statistics tell no more than that it is little.
  constexpr double kLeastShare = 0.01;
  constexpr double kMostShare = 0.99;
  if (*share < kLeastShare) co_return std::max(guessed, done / kLeastShare);
  co_return done / std::min(*share, kMostShare);
}

}  // namespace crossfade::app
