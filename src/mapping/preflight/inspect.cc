#include "mapping/preflight/inspect.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <utility>

#include "mapping/catalog/read_catalog.h"
#include "mapping/preflight/build_model.h"
#include "mapping/preflight/probe.h"

namespace crossfade::mapping {

namespace asio = boost::asio;

asio::awaitable<Preflight> inspect_catalog(pg::Connection& connection, const DirectedMigration& directed) {
  const auto catalog = co_await read_catalog(connection, directed);
  auto preflight = build_model(directed, catalog);
  co_await estimate_rows(connection, preflight.model);
  co_return preflight;
}

asio::awaitable<Preflight> inspect_directed(pg::Connection& connection, DirectedMigration directed) {
  auto preflight = co_await inspect_catalog(connection, directed);
  co_await probe(connection, preflight);
  co_return preflight;
}

asio::awaitable<Preflight> inspect(pg::Connection& connection, const MigrationFile& file) {
  auto preflight = co_await inspect_directed(connection, forward_migration(file.yaml));
  const auto lost = without_way_back(file.yaml);
  if (!lost.empty()) {
    Findings(preflight.findings, "reverse")
        .warn(fmt::format("there is no way back with data: once the writes have moved nothing keeps {} true", fmt::join(lost, ", ")),
              "Write reverse.sql and reverse in migration.yaml; or say shared: true of a table that both sides use.");
  }
  if (file.yaml.reverse().empty()) co_return preflight;
  auto back = co_await inspect_directed(connection, reverse_migration(file.yaml, Places::kBeforeWrites));
  for (auto& finding : back.findings) {
    // Of the server there is one.
    if (finding.subject == "server") continue;
    finding.subject = "reverse " + finding.subject;
    preflight.findings.push_back(std::move(finding));
  }
  preflight.reverse = std::move(back.model);
  co_return preflight;
}

}  // namespace crossfade::mapping
