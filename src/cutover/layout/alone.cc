#include "cutover/layout/alone.h"

#include <embedded_sql.h>
#include <fmt/format.h>

#include "base/failure.h"

namespace crossfade::cutover {

boost::asio::awaitable<void> refuse_other_flip(pg::Connection& connection, std::string migration) {
  pg::Parameters name = {migration};
  const auto rows = co_await connection.query(std::string(sql::queries::flip_alone), name);
  if (rows.truth(0, 0)) co_return;
  Failure::Facts facts;
  facts.exit = ExitCode::kNotReady;
  facts.message = fmt::format("another flip of migration {} is going on: {}", migration, rows.text(0, 1));
  facts.advice = "wait for it";
  throw Failure(std::move(facts));
}

}  // namespace crossfade::cutover
