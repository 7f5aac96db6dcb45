#include "cutover/writes_blockers.h"

#include <embedded_sql.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cutover/tables.h"
#include "mapping/inspect.h"
#include "verify/checks.h"

namespace crossfade::cutover {
namespace {

namespace asio = boost::asio;
namespace queries = sql::queries;

/// Longer, and a transaction is not on its way to its end: the hold would run into its limit again and again.
constexpr const char* kLongTransactionSeconds = "2";

/// Publication and engine of the way back need a model that fits.
asio::awaitable<void> look_at_way_back(pg::Connection& connection, const WritesFlip& flip, Obstacles& found) {
  const auto& file = flip.file.yaml;
  const auto lost = mapping::without_way_back(file);
  if (!lost.empty()) {
    found.blockers.push_back({"way back", fmt::format("once the writes have moved nothing would keep {} true", fmt::join(lost, ", ")),
                              "write reverse.sql and reverse in migration.yaml; or say shared: true of a table that both sides use"});
    co_return;
  }
  co_await connection.script("begin");
  const auto course = mapping::reverse_course(file, mapping::Places::kBeforeWrites);
  auto preflight = co_await mapping::inspect_catalog(connection, course);
  co_await connection.script("rollback");
  for (const auto& finding : preflight.findings) {
    if (finding.level != mapping::Finding::Level::kFail) continue;
    found.blockers.push_back({"way back", finding.subject + ": " + finding.message, finding.fix});
  }
  found.way_back = std::move(preflight.model);
}

asio::awaitable<void> look_at_checks(pg::Connection& connection, const WritesFlip& flip, Obstacles& found) {
  const verify::CheckRun after{.when = v1::Check::WHEN_AFTER};
  const auto results = co_await verify::run_checks(connection, flip.file.yaml, after);
  for (const auto& result : results) {
    if (result.verdict != verify::CheckResult::Verdict::kFail) continue;
    found.blockers.push_back({"check", fmt::format("{}: {} was expected, {} found", result.name, result.expected, result.found),
                              "crossfade check --when after"});
  }
}

}  // namespace

asio::awaitable<Obstacles> look_for_obstacles(pg::Connection& connection, const WritesFlip& flip) {
  const auto& file = flip.file.yaml;
  const bool to_v2 = flip.to == mapping::Direction::kReverse;
  const auto now = sides_of(file, to_v2 ? mapping::Places::kBeforeWrites : mapping::Places::kSwapped);
  Obstacles found;
  const Limits limits;
  const auto facts = co_await gather_facts(connection, file.migration(), limits);
  found.blockers = to_v2 ? blockers_of_reads(facts, limits) : blockers_of_way_back(facts, limits);
  found.drain_seconds = facts.lag_seconds;

  auto both = now.v1;
  both.insert(both.end(), now.v2.begin(), now.v2.end());
  pg::Parameters tables = {names_text(both), kLongTransactionSeconds};
  const auto busy = co_await connection.query(std::string(queries::long_transactions), tables);
  for (std::size_t row = 0; row < busy.size() && !flip.limits.terminate_blockers; ++row) {
    found.blockers.push_back({"long transaction", std::string(busy.text(row, 0)), "let it end, or end it: select pg_terminate_backend(PID)"});
  }
  if (!to_v2) co_return found;

  pg::Parameters wishes = {names_text(now.v2), names_text(now.v1), file.schemas().source()};
  const auto taken = co_await connection.query(std::string(queries::names_taken), wishes);
  for (std::size_t row = 0; row < taken.size(); ++row) {
    found.blockers.push_back({"name taken", fmt::format("{} has a name that a table of this migration is to have", taken.text(row, 0)),
                              "rename it"});
  }
  co_await look_at_way_back(connection, flip, found);
  if (found.blockers.empty()) co_await look_at_checks(connection, flip, found);
  co_return found;
}

}  // namespace crossfade::cutover
