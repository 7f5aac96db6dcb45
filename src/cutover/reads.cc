#include "cutover/reads.h"

#include <embedded_sql.h>
#include <fmt/format.h>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <random>

#include "base/failure.h"
#include "base/sql_text.h"

namespace crossfade::cutover {
namespace {

namespace asio = boost::asio;
namespace queries = sql::queries;

constexpr int kMostTries = 20;

/// Between two tries: others must get through, and two that wait for each other must not meet again.
std::chrono::milliseconds jitter() {
  static std::mt19937 random{std::random_device{}()};
  return std::chrono::milliseconds(std::uniform_int_distribution<int>(100, 400)(random));
}

asio::awaitable<bool> was_committed(pg::Endpoint endpoint, std::string migration, std::string id) {
  try {
    pg::Connection connection = co_await pg::Connection::open(endpoint);
    pg::Parameters parameters = {migration, id};
    const auto rows = co_await connection.query(std::string(queries::reads_flipped), parameters);
    co_return rows.truth(0, 0);
  } catch (const Failure& failure) {
    auto facts = failure.facts();
    facts.exit = ExitCode::kOutcomeUnknown;
    facts.message = "whether the flip of reads was committed cannot be looked up: " + facts.message;
    facts.advice = "look at crossfade.reads once the server answers; repeat the command only if it does not show what you asked for";
    throw Failure(std::move(facts));
  }
}

}  // namespace

std::vector<std::string> stable_views(const mapping::Model& model, bool on_v2) {
  std::vector<std::string> statements;
  if (model.stable_schema.empty()) return statements;
  for (const auto& target : model.targets) {
    std::string columns;
    for (const auto& column : target.columns) columns += (columns.empty() ? "" : ", ") + quote_identifier(column.name);
    // A view's columns keep type and length over its life; the cast gives both sides the table's.
    std::string typed;
    for (const auto& column : target.columns) {
      typed += fmt::format("{}{}::{} as {}", typed.empty() ? "" : ", ", quote_identifier(column.name), column.type, quote_identifier(column.name));
    }
    statements.push_back(fmt::format("create or replace view {} with (security_invoker = true) as select {} from {}",
                                     quote_qualified(model.stable_schema, target.name), typed,
                                     quote_qualified(on_v2 ? model.shadow_schema : model.mapping_schema, target.name)));
  }
  return statements;
}

asio::awaitable<bool> make_stable_views(pg::Connection& connection, const mapping::Model& model) {
  if (model.stable_schema.empty()) co_return false;
  pg::Parameters name = {model.stable_schema};
  const auto there = co_await connection.query(std::string(queries::schema_exists), name);
  if (!there.truth(0, 0)) co_await connection.script("create schema " + quote_identifier(model.stable_schema));
  for (auto statement : stable_views(model, false)) co_await connection.script(std::move(statement));
  co_return !there.truth(0, 0);
}

std::vector<std::string> steps_of(const mapping::Model& model, const Flip& flip) {
  std::vector<std::string> steps = {"begin, waiting at most 500 ms for a lock, up to 20 times",
                                    fmt::format("crossfade.route sends {:g} % of the keys to v2", flip.percent)};
  for (const auto& target : model.stable_schema.empty() ? std::vector<mapping::Target>{} : model.targets) {
    steps.push_back(fmt::format("view {}.{} shows {}", model.stable_schema, target.name,
                                flip.percent >= 100 ? model.shadow_schema + "." + target.name : "v1 through the mapping"));
  }
  steps.emplace_back("audit row, NOTIFY crossfade");
  steps.emplace_back("commit");
  return steps;
}

asio::awaitable<double> percent_on_v2(pg::Connection& connection, std::string migration) {
  pg::Parameters name = {migration};
  const auto rows = co_await connection.query(std::string(queries::reads_percent), name);
  co_return rows.empty() ? 0.0 : rows.real(0, 0);
}

asio::awaitable<int> flip_reads(pg::Connection& connection, const mapping::Model& model, pg::Endpoint endpoint, Flip flip) {
  const auto executor = co_await asio::this_coro::executor;
  const auto id = fmt::format("{:08x}{:08x}", std::random_device{}(), std::random_device{}());
  for (int attempt = 1;; ++attempt) {
    std::optional<Failure> failure;
    bool committing = false;
    try {
      co_await connection.script("begin; set local lock_timeout = '500ms'");
      for (auto statement : stable_views(model, flip.percent >= 100)) co_await connection.script(std::move(statement));
      pg::Parameters parameters = {model.name, fmt::format("{:.2f}", flip.percent), flip.action, id};
      co_await connection.query(std::string(queries::reads_flip), parameters);
      committing = true;
      co_await connection.script("commit");
      co_return attempt;
    } catch (const Failure& caught) {
      failure = caught;
    }
    if (failure->connection_lost() && committing) {
      const bool committed = co_await was_committed(endpoint, model.name, id);
      if (committed) co_return attempt;
    }
    if (failure->connection_lost() || failure->verdict() != Verdict::kRetry || attempt == kMostTries) throw *failure;
    co_await connection.script("rollback");
    asio::steady_timer pause(executor, jitter());
    co_await pause.async_wait(asio::use_awaitable);
  }
}

}  // namespace crossfade::cutover
