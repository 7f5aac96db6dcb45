#include <embedded_sql.h>

#include "cutover/layout/links.h"
#include "cutover/writes/writes_run.h"
#include "mapping/file/directed_migration.h"
#include "mapping/preflight/inspect.h"
#include "pg/row.h"

namespace crossfade::cutover {

namespace asio = boost::asio;
namespace queries = sql::queries;

/// v2's row of a key that v1 goes without may be its only copy, and is gone as soon as v1 writes what stands beside it: it is kept with those that
/// are set aside.
asio::awaitable<void> WritesRun::look_at_accepted() {
  if (flip_.to == mapping::Direction::kReverse || flip_.set_aside) co_return;
  pg::Parameters name = {file_.migration()};
  const auto accepted = co_await observer_->query(queries::accepted_first, name);
  if (pg::first(accepted).number("keys") == 0) co_return;
  co_await observer_->script("begin");
  const auto directed = mapping::reverse_migration(file_, mapping::Naming::kSwapped);
  const auto preflight = co_await mapping::inspect_catalog(*observer_, directed);
  co_await observer_->script("rollback");
  preconditions_->rows_behind = rows_behind_keys(preflight.model);
}

}  // namespace crossfade::cutover
