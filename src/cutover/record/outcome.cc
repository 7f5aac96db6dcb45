#include "cutover/record/outcome.h"

#include <embedded_sql.h>
#include <fmt/format.h>

#include <random>

#include "async/sleep.h"
#include "base/error/failure.h"

namespace crossfade::cutover {
namespace {

namespace asio = boost::asio;
namespace queries = sql::queries;

/// Longer than a lost session can hang in its commit once the server has noticed.
constexpr auto kLookupTimeout = "10s";

asio::awaitable<bool> look(const InDoubt& doubt) {
  pg::Connection connection = co_await pg::Connection::open(doubt.endpoint);
  auto begin = fmt::format("begin isolation level read committed; set local lock_timeout = '{}'", kLookupTimeout);
  co_await connection.script(std::move(begin));
  pg::Parameters name = {doubt.migration};
  co_await connection.query(queries::reads_lock, name);
  pg::Parameters parameters = {doubt.migration, doubt.flip};
  const auto rows = co_await connection.query(queries::reads_flipped, parameters);
  // Not a commit: it would wait for the same standby that the lost one may have waited for.
  co_await connection.script("rollback");
  co_return rows.truth(0, 0);
}

}  // namespace

asio::awaitable<bool> was_committed(InDoubt doubt) {
  const auto give_up = pg::Clock::now() + doubt.patience;
  for (;;) {
    std::optional<Failure> failure;
    try {
      co_return co_await look(doubt);
    } catch (const Failure& caught) {
      failure = caught;
    }
    if (pg::Clock::now() >= give_up) {
      auto facts = failure->facts();
      facts.exit = ExitCode::kOutcomeUnknown;
      facts.message = "whether the flip was committed cannot be looked up: " + facts.message;
      facts.advice = fmt::format("once the server answers: select * from crossfade.audit where detail ->> 'flip' = '{}'; with a row it "
                                 "happened, without one repeat the command", doubt.flip);
      throw Failure(std::move(facts));
    }
    co_await sleep_with_jitter(std::chrono::milliseconds(100));
  }
}

asio::awaitable<void> sleep_with_jitter(std::chrono::milliseconds least) {
  static std::mt19937 random{std::random_device{}()};
  const std::chrono::milliseconds drawn(std::uniform_int_distribution<std::int64_t>(least.count(), 4 * least.count())(random));
  co_await async::sleep_for(drawn);
}

}  // namespace crossfade::cutover
