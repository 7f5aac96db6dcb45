#include "setup/state/servers.h"

#include <embedded_sql.h>
#include <fmt/format.h>

#include <utility>

#include "base/error/failure.h"
#include "pg/row.h"

namespace crossfade::setup {

namespace asio = boost::asio;
namespace queries = sql::queries;

namespace {

bool is_text(std::string_view type) { return type == "text" || type.starts_with("character") || type == "name"; }

bool order_alike(const ServerFacts& source, const ServerFacts& target) {
  const bool version = !source.collation_version || !target.collation_version || *source.collation_version == *target.collation_version;
  return source.collation == target.collation && version;
}

std::string order_of(const ServerFacts& server) {
  return server.collation + (server.collation_version ? " " + *server.collation_version : "");
}

}  // namespace

asio::awaitable<ServerFacts> read_server(pg::Connection& connection) {
  const auto rows = co_await connection.query(queries::server_facts);
  const auto row = pg::first(rows);
  ServerFacts facts;
  facts.id = row.text("id");
  facts.database = row.text("database");
  facts.place = connection.describe();
  facts.started = row.real("started");
  facts.major = static_cast<int>(row.number("major"));
  facts.encoding = row.text("encoding");
  facts.collation = row.text("collation");
  facts.collation_version = row.optional_text("collation_version");
  facts.role = row.text("role");
  facts.may_create = row.truth("may_create");
  facts.standby = row.truth("standby");
  co_return facts;
}

void compare_servers(const ServerFacts& source, const ServerFacts& target, std::vector<mapping::Finding>& findings) {
  mapping::Findings found(findings, "target server");
  if (source.id == target.id && source.started == target.started) {
    found.fail(fmt::format("--source and --target name one database, {}", source.place), "Leave --target out: v2 grows beside v1. Or name another database.", ExitCode::kUsage);
    return;
  }
  if (target.major < source.major) {
    found.fail(fmt::format("it is PostgreSQL {}, and the source is {}: what the source prints it may not read", target.major, source.major),
               fmt::format("Move to a server of PostgreSQL {} or newer.", source.major));
  }
  if (source.encoding != target.encoding) {
    found.fail(fmt::format("its database has the encoding {}, and the source's has {}", target.encoding, source.encoding),
               fmt::format("create database … encoding '{}' template template0;  -- on the target", source.encoding));
  }
  if (target.standby) found.fail("it is a standby, which takes no writes", "Name the primary.");
  if (!target.may_create) {
    found.fail(fmt::format("role {} may not make schemas in its database {}", target.role, target.database),
               fmt::format("grant create on database {} to {};  -- on the target", target.database, target.role), ExitCode::kPermission);
  }
  found.conclude(fmt::format("PostgreSQL {}, {}: v2 grows there, and role {} may make it", target.major, target.place, target.role));
}

void check_across(const ServerFacts& source, const ServerFacts& target, const mapping::Model& model, std::vector<mapping::Finding>& findings) {
  for (const auto& of : model.targets) {
    mapping::Findings found(findings, "target " + of.name);
    if (of.chunk_column.empty() || of.locators.empty()) continue;
    const auto& chunk_key = of.locators.front();
    if (!is_text(chunk_key.chunk_type()) || !chunk_key.chunk_collation.empty() || order_alike(source, target)) continue;
    found.fail(fmt::format("it is filled along {}, a text, and the two databases order texts otherwise: {} there, {} on the target", chunk_key.chunk_column(),
                           order_of(source), order_of(target)),
               fmt::format("Collate it in mapping.sql: ({0}) collate \"C\" as {0}. Or make the target's database with the source's collation.", chunk_key.chunk_column()));
  }
}

asio::awaitable<void> write_servers(pg::Connection& connection, std::string migration, const ServerFacts& source, const ServerFacts& target) {
  pg::Parameters at_target = {migration, "target", source.id, source.place};
  co_await connection.query(queries::other_server_put, std::move(at_target));
  pg::Parameters at_source = {migration, "source", target.id, target.place};
  co_await connection.source().query(queries::other_server_put, std::move(at_source));
}

asio::awaitable<void> expect_servers(pg::Connection& connection, std::string migration) {
  const auto known = co_await connection.query(queries::other_server_there);
  if (!known.truth(0, 0)) co_return;
  pg::Parameters name = {migration};
  const auto rows = co_await connection.query(queries::other_server, std::move(name));
  if (rows.empty()) {
    if (!connection.apart()) co_return;
    throw usage_failure(fmt::format("v1 and v2 of migration {} are in one database, {}, and --target names another server", migration, connection.describe()),
                        "leave --target (CROSSFADE_TARGET) out");
  }
  const auto other = pg::first(rows);
  const bool source_here = other.text("here") == "source";
  if (!connection.apart() && source_here) {
    throw usage_failure(fmt::format("v2 of migration {} is on another server: {}", migration, other.text("place")), "name it too, with --target or CROSSFADE_TARGET");
  }
  if (!connection.apart()) {
    throw usage_failure(fmt::format("v1 of migration {} is on another server: {}", migration, other.text("place")), "--source names that one, and --target this one");
  }
  if (source_here) {
    throw usage_failure(fmt::format("--target names the server that has v1 of migration {}: its v2 is on {}", migration, other.text("place")), "exchange --source and --target");
  }
  const auto source = co_await read_server(connection.source());
  if (source.id == other.text("id")) co_return;
  throw usage_failure(fmt::format("migration {} was prepared with another source: {}", migration, other.text("place")), "name that one with --source");
}

}  // namespace crossfade::setup
