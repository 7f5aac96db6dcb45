#include "cutover/layout/alone.h"

#include <embedded_sql.h>
#include <fmt/format.h>

#include "base/error/failure.h"
#include "pg/row.h"

namespace crossfade::cutover {

boost::asio::awaitable<void> refuse_other_flip(pg::Connection& connection, std::string migration) {
  pg::Parameters name = {migration};
  const auto rows = co_await connection.query(sql::queries::flip_alone, name);
  const auto row = pg::first(rows);
  if (row.truth("alone")) co_return;
  Failure::Facts facts;
  facts.exit = ExitCode::kNotReady;
  facts.message = fmt::format("another flip or an amend of migration {} is going on: {}", migration, row.text("others"));
  facts.advice = "wait for it";
  throw Failure(std::move(facts));
}

}  // namespace crossfade::cutover
