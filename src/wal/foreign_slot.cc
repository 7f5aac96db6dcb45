#include "wal/foreign_slot.h"

#include <embedded_sql.h>
#include <fmt/format.h>

#include "base/error/failure.h"

namespace crossfade::wal {

boost::asio::awaitable<void> refuse_foreign_slot(pg::Connection& connection, std::string name) {
  const pg::Parameters parameters = {name};
  const auto elsewhere = co_await connection.query(sql::queries::slot_elsewhere, parameters);
  if (!elsewhere.empty()) {
    throw precondition_failure(fmt::format("there is a replication slot {} already, and it is not ours: it is {}", name, elsewhere.text(0, 0)),
                               fmt::format("if nobody needs it, drop it: select pg_drop_replication_slot('{}')", name));
  }
}

}  // namespace crossfade::wal
