#include "mapping/inspect.h"

#include "mapping/build_model.h"
#include "mapping/probe.h"
#include "mapping/read_catalog.h"

namespace crossfade::mapping {

boost::asio::awaitable<Preflight> inspect_catalog(pg::Connection& connection, const MigrationFile& file) {
  const auto catalog = co_await read_catalog(connection, file);
  auto preflight = build_model(file.yaml, catalog);
  co_await estimate_rows(connection, preflight.model);
  co_return preflight;
}

boost::asio::awaitable<Preflight> inspect(pg::Connection& connection, const MigrationFile& file) {
  auto preflight = co_await inspect_catalog(connection, file);
  co_await probe(connection, preflight);
  co_return preflight;
}

}  // namespace crossfade::mapping
