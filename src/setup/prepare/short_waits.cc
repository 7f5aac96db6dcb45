#include "setup/prepare/short_waits.h"

#include <fmt/format.h>

#include "base/telemetry/log.h"

namespace crossfade::setup {
namespace {

using namespace std::chrono_literals;

/// A quarter of a minute, beside what the work takes.
constexpr int kAttempts = 50;
constexpr auto kBetween = 200ms;

}  // namespace

boost::asio::awaitable<void> before_next_try(pg::Connection& connection, Failure refused, int attempt) {
  if (refused.sqlstate() != "55P03") throw Failure(std::move(refused));
  if (connection.in_transaction()) co_await connection.script("rollback");
  if (connection.apart()) co_await connection.end_at_source("rollback");
  if (attempt == 1) log::info("a lock was not to be had at once; all are let go and asked for again", {log::quoting("by", refused.facts().statement)});
  if (attempt < kAttempts) {
    co_await async::sleep_for(kBetween);
    co_return;
  }
  auto facts = refused.facts();
  facts.exit = ExitCode::kTimeout;
  facts.message = fmt::format("{}: a lock was not to be had in {} tries of 100 ms, longer than which no writer is kept waiting; nothing was changed", facts.message, kAttempts);
  facts.advice = "a transaction keeps one of the tables for long. Look for it by: select pid, usename, xact_start, query from pg_stat_activity where xact_start < now() - interval '5 s' "
                 "order by xact_start; and repeat the command once it is through";
  throw Failure(std::move(facts));
}

}  // namespace crossfade::setup
