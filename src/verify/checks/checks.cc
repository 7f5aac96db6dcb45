#include "verify/checks/checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <memory>
#include <optional>

#include "async/failure_of.h"
#include "base/text/sql_text.h"
#include "mapping/file/moved_names.h"

namespace crossfade::verify {
namespace {

using Verdict = CheckResult::Verdict;

/// What others have locked is waited for so long, in turns.
constexpr auto kLockPatience = std::chrono::seconds(5);

bool is_zero(std::string_view text) {
  return text.find_first_not_of("0.-") == std::string_view::npos && text.find('0') != std::string_view::npos;
}

bool as_expected(const v1::Check& check, const pg::Result& rows) {
  if (rows.columns() == 0) return false;
  if (check.expect() == v1::Check::EXPECT_TRUE) return !rows.empty() && rows.truth(0, 0);
  return rows.empty() || is_zero(rows.text(0, 0));
}

std::string found_in(const pg::Result& rows) {
  if (rows.columns() == 0) return "no result: the last statement must be a select";
  if (rows.empty()) return "no row";
  return rows.is_null(0, 0) ? "null" : std::string(rows.text(0, 0));
}

std::chrono::milliseconds time_for(const CheckRun& how) {
  using std::chrono::milliseconds;
  if (!how.until) return how.timeout;
  const auto left = std::chrono::duration_cast<milliseconds>(*how.until - pg::Clock::now());
  return std::clamp(left, milliseconds(1), std::max(how.timeout, milliseconds(1)));
}

/// What the check finds itself in: its transaction, its settings, its role. Row security holds for it as for applications,
/// while our own sessions refuse to have rows hidden from them. The fences let it write, because nothing that it writes
/// stays.
std::string preamble(const v1::Migration& migration, const v1::Check& check, const CheckRun& how) {
  const auto& schemas = migration.schemas();
  auto path = quote_identifier(schemas.source());
  if (check.when() == v1::Check::WHEN_AFTER) path = quote_identifier(schemas.shadow()) + ", " + path;
  auto sql = fmt::format(
      "begin; set local search_path to {}; set local statement_timeout to {}; set local lock_timeout to '200ms';"
      " set local row_security to on;"
      " select pg_catalog.set_config('crossfade.writer', {}, true)",
      path, time_for(how).count(), quote_literal(migration.migration()));
  for (const auto& [name, value] : check.settings()) {
    sql += fmt::format("; select pg_catalog.set_config({}, {}, true)", quote_literal(name), quote_literal(value));
  }
  if (!check.role().empty()) sql += "; set local role " + quote_identifier(check.role());
  return sql + "; savepoint crossfade_check";
}

/// Breaks a check off that is not over in time: the server's own bound is each statement's, and a check may have several, or set its own.
class Watch {
 public:
  Watch(asio::any_io_executor executor, pg::Connection& connection, std::optional<pg::Clock::time_point> until) : timer_(executor), over_(std::make_shared<bool>(false)) {
    if (!until) return;
    timer_.expires_at(*until);
    timer_.async_wait([over = over_, &connection](boost::system::error_code stopped) {
      if (!stopped && !*over) connection.cancel();
    });
  }
  ~Watch() { *over_ = true; }
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

 private:
  asio::steady_timer timer_;
  std::shared_ptr<bool> over_;
};

/// The savepoint is gone if the check has committed.
asio::awaitable<void> roll_back(pg::Connection& connection, const v1::Check& check) {
  auto back = connection.script("rollback to savepoint crossfade_check");
  const auto failure = co_await async::failure_of(std::move(back), async::answered);
  co_await connection.script("rollback");
  // One that was broken off in time's last moment has ended nothing.
  if (failure && failure->sqlstate() != "57014") {
    throw precondition_failure(fmt::format("check \"{}\" ended its own transaction: what it wrote may have stayed", check.name()),
                               "take commit and rollback out of it; every check is rolled back anyway");
  }
}

struct Asked {
  CheckResult result;
  bool locked = false;  ///< another session has a table of it
};

asio::awaitable<Asked> ask(pg::Connection& connection, const v1::Migration& migration, const v1::Check& check, const CheckRun& how) {
  Asked asked;
  auto& result = asked.result;
  result.name = check.name();
  result.when = check.when();
  result.expected = check.expect() == v1::Check::EXPECT_TRUE ? "true" : "0";
  const auto began = pg::Clock::now();
  bool passed = false;
  bool prepared = false;
  const auto executor = co_await asio::this_coro::executor;
  std::optional<Watch> watch;
  watch.emplace(executor, connection, how.until);
  try {
    co_await connection.script(preamble(migration, check, how));
    prepared = true;
    const auto rows = co_await connection.script(mapping::with_moved_names(check.sql(), migration, how.naming));
    result.found = found_in(rows);
    passed = as_expected(check, rows);
  } catch (const Failure& failure) {
    if (failure.connection_lost()) throw;
    result.found = fmt::format("{} ({})", failure.what(), failure.sqlstate());
    result.broken_off = failure.sqlstate() == "57014";
    asked.locked = failure.sqlstate() == "55P03";
  }
  watch.reset();
  if (prepared) {
    co_await roll_back(connection, check);
  } else {
    co_await connection.script("rollback");
  }
  const bool warns = check.severity() == v1::Check::SEVERITY_WARN;
  result.verdict = passed ? Verdict::kPass : warns ? Verdict::kWarn : Verdict::kFail;
  result.seconds = std::chrono::duration<double>(pg::Clock::now() - began).count();
  co_return asked;
}

/// Tables that another session has locked are waited for, and those that the check has already are let go each time: who wants them would be
/// ended for a deadlock with us.
asio::awaitable<CheckResult> run_check(pg::Connection& connection, const v1::Migration& migration, const v1::Check& check, const CheckRun& how) {
  const auto give_up_at = std::min(pg::Clock::now() + kLockPatience, how.until.value_or(pg::Clock::time_point::max()));
  for (;;) {
    auto asked = co_await ask(connection, migration, check, how);
    if (!asked.locked || pg::Clock::now() >= give_up_at) co_return std::move(asked.result);
  }
}

}  // namespace

asio::awaitable<std::vector<CheckResult>> run_checks(pg::Connection& connection, const v1::Migration& migration, CheckRun how) {
  std::vector<CheckResult> results;
  Unheard nobody;
  Progress& heard = how.progress == nullptr ? nobody : *how.progress;
  const auto of_its_time = [&](const v1::Check& check) { return check.when() == how.when; };
  const auto all = std::count_if(migration.checks().begin(), migration.checks().end(), of_its_time);
  for (const auto& check : migration.checks()) {
    if (!of_its_time(check)) continue;
    heard.at({fmt::format("check {} of {}: {}", results.size() + 1, all, check.name()), static_cast<double>(results.size()), static_cast<double>(all)});
    auto result = co_await run_check(connection, migration, check, how);
    if (result.verdict != Verdict::kPass) heard.found(fmt::format("{}: expected {}, found {}", result.name, result.expected, result.found));
    results.push_back(std::move(result));
  }
  co_return results;
}

}  // namespace crossfade::verify
