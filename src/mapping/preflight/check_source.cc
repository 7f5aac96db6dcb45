#include "mapping/preflight/check_source.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <map>
#include <string_view>

#include "base/text/sql_text.h"
#include "mapping/sql/scan.h"

namespace crossfade::mapping {
namespace {

void check_access(const RelationCatalog& source, const std::string& role, Findings& found) {
  const auto table = source.quoted();
  const auto us = quote_identifier(role);
  if (!source.readable) {
    found.fail(fmt::format("role {} may not read it", role),
               fmt::format("grant usage on schema {} to {}; grant select on {} to {};", quote_identifier(source.schema), us, table, us),
               ExitCode::kPermission);
  }
  if (source.rows_hidden) {
    found.fail(fmt::format("row-level security hides rows from role {}", role), fmt::format("alter role {} bypassrls;", us),
               ExitCode::kPermission);
  }
  if (!source.owned) {
    found.warn(fmt::format("it belongs to {}: the publication and the cutover need its owner", source.owner),
               fmt::format("grant {} to {};  -- or let its owner run what `crossfade prepare --print-sql` shows",
                           quote_identifier(source.owner), us));
  }
}

/// The rule that gives the same keys from columns which the WAL does carry.
std::string follow_instead(const WrittenRule& rule, const ColumnCatalog& column, const RelationCatalog& source) {
  const bool plain = is_plain_identifier(source.name) && std::all_of(column.made_of.begin(), column.made_of.end(), is_plain_identifier);
  if (rule.source_columns.size() != 1 || !rule.lookup.empty() || column.made_of.empty() || !plain) {
    return "Follow the columns that it is generated from, by a select if need be.";
  }
  return fmt::format("Follow what it is generated from: {{{}: \"select {} from unnest(${}) {}({})\"}}", rule.locator_columns.front(), column.expression,
                     fmt::join(column.made_of, ", $"), source.name, fmt::join(column.made_of, ", "));
}

/// Each byte of these has an equal in UTF-8, by the server's own conversions; of the others, and of all of several bytes, some have none.
bool travels_whole(std::string_view encoding) {
  constexpr std::array kWhole = {"UTF8",   "LATIN1", "LATIN2",  "LATIN4",     "LATIN5", "LATIN6", "LATIN7", "LATIN8",
                                 "LATIN9", "LATIN10", "WIN1256", "ISO_8859_5", "WIN866", "KOI8R",  "KOI8U"};
  return std::find(kWhole.begin(), kWhole.end(), encoding) != kWhole.end();
}

}  // namespace

void check_server(const ServerCatalog& server, std::vector<Finding>& findings) {
  Findings found(findings, "server");
  const auto role = quote_identifier(server.role);
  if (server.encoding == "SQL_ASCII") {
    found.fail(fmt::format("the encoding of database {} is SQL_ASCII: what its bytes mean is not known, and they could not travel", server.database),
               "Move it into a database with an encoding first (pg_dump, create database … encoding 'UTF8', psql); bytes that are none are told there.");
  } else if (!travels_whole(server.encoding)) {
    found.warn(fmt::format("the encoding of database {} is {}: the server has no equal in UTF-8 for some of its characters, and a change of a row with one cannot be sent; each "
                           "costs a comparison of everything",
                           server.database, server.encoding),
               "pg_dump --data-only --encoding=UTF8 stops at the first such row; mend them before the move.");
  }
  if (server.wal_level != "logical") {
    found.fail(fmt::format("wal_level is {}: the WAL has no row changes to follow", server.wal_level),
               "alter system set wal_level = 'logical';  -- then restart the server");
  }
  if (server.free_slots < 1) {
    found.fail("no replication slot is free", "alter system set max_replication_slots = 20;  -- then restart the server");
  }
  if (server.free_senders < 1) {
    found.fail("no WAL sender is free", "alter system set max_wal_senders = 20;  -- then restart the server");
  }
  if (!server.may_replicate) {
    found.fail(fmt::format("role {} may not read the WAL", server.role),
               fmt::format("alter role {} replication;  -- on Amazon RDS: grant rds_replication to {};", role, role),
               ExitCode::kPermission);
  }
  if (!server.may_create) {
    found.fail(fmt::format("role {} may not make schemas in {}", server.role, server.database),
               fmt::format("grant create on database {} to {};", quote_identifier(server.database), role), ExitCode::kPermission);
  }
  if (server.slotless_standby && server.keeps_slots()) {
    found.warn("a standby follows it, and fetches no slots: after a failover to it everything is compared anew",
               "On the standby: alter system set sync_replication_slots = on; alter system set hot_standby_feedback = on; primary_slot_name, and "
               "dbname in primary_conninfo; then select pg_reload_conf();");
  }
  found.conclude("streams row changes, and role " + server.role + " may follow them");
}

void check_source(const RelationCatalog& source, const std::vector<std::string>& key, const std::string& role,
                  std::vector<Finding>& findings) {
  Findings found(findings, fmt::format("source {}.{}", source.schema, source.name));
  const auto table = source.quoted();
  if (!source.exists()) {
    return found.fail("there is no such table", "Mend its name under sources in migration.yaml; \"schema.table\" names one outside "
                                                "schemas.source.");
  }
  if (source.kind != 'r' && source.kind != 'p') {
    return found.fail("it is not a table: changes of views, materialized views and foreign tables are not in the WAL",
                      "Name the tables behind it under sources in migration.yaml, with all others that the views read.");
  }
  if (source.persistence == 't') {
    return found.fail("it is a temporary table: its changes are not in the WAL, and it goes with its session", "Name a table that stays.");
  }
  for (const auto& partition : source.foreign_partitions) {
    found.fail(fmt::format("partition {} of it is a foreign table: its changes are not in the WAL", partition),
               fmt::format("alter table {} detach partition {};  -- or leave the table out", table, partition));
  }
  for (const auto& partition : source.unlogged_partitions) {
    found.fail(fmt::format("partition {} of it is not logged: its changes are not in the WAL", partition), fmt::format("alter table {} set logged;", partition));
  }
  if (source.persistence != 'p') {
    found.fail("it is not logged: its changes are not in the WAL", fmt::format("alter table {} set logged;", table));
  }
  if (source.has_children) {
    found.fail("other tables inherit from it, and their changes come under their own names",
               "Name the inheriting tables as sources and union them in the view with `from only`.");
  }
  check_access(source, role, found);
  for (const auto& column : key) {
    if (source.find(column) == nullptr) {
      found.fail(fmt::format("its key column {} does not exist", column),
                 fmt::format("Mend sources in migration.yaml: key: [{}].", fmt::join(source.primary_key, ", ")));
    }
  }
  if (key.empty() && source.primary_key.empty()) {
    found.fail("it has no primary key, and the file names no key",
               fmt::format("alter table {} add primary key (…);  -- or name the identifying columns: key: […]", table));
  }
  found.conclude(fmt::format("key ({})", fmt::join(key.empty() ? source.primary_key : key, ", ")));
}

void check_virtual(const RelationCatalog& source, std::vector<Finding>& findings) {
  const auto column = std::find_if(source.columns.begin(), source.columns.end(), [](const ColumnCatalog& each) { return each.is_virtual; });
  if (column == source.columns.end()) return;
  for (const auto& identity : source.identities) {
    if (identity.mode != 'f') continue;
    Findings(findings, fmt::format("source {}.{}", source.schema, source.name))
        .fail(fmt::format("{} has replica identity full and {}, a virtual generated column: the server would refuse the application's updates once it "
                          "is published",
                          identity.table, column->name),
              fmt::format("alter table {} replica identity using index …;  -- one of the columns that the rules use", identity.table));
  }
}

void check_identity(const WrittenRule& rule, const RelationCatalog& source, std::vector<Finding>& findings) {
  Findings found(findings, "rule " + describe(rule));
  for (const auto& name : rule.source_columns) {
    const auto* column = source.find(name);
    if (column == nullptr) {
      found.fail(fmt::format("{}.{} has no column {}", source.schema, source.name, name),
                 "Mend the rule in migration.yaml: it reads {view column: source column}.");
    } else if (column->generated) {
      found.fail(fmt::format("{} is a generated column, which the WAL does not carry", name),
                 follow_instead(rule, *column, source));
    }
  }
  std::map<std::vector<std::string>, std::vector<std::string>> tables;
  for (const auto& identity : source.identities) {
    std::vector<std::string> untold;
    for (const auto& name : rule.source_columns) {
      const bool told = identity.mode == 'f' ||
                        std::find(identity.columns.begin(), identity.columns.end(), name) != identity.columns.end();
      if (!told && source.find(name) != nullptr) untold.push_back(name);
    }
    if (!untold.empty()) tables[untold].push_back(identity.table);
  }
  for (const auto& [untold, partitions] : tables) {
    const bool one = partitions.size() == 1;
    std::vector<std::string> statements;
    for (const auto& table : partitions) statements.push_back(fmt::format("alter table {} replica identity full;", table));
    const auto columns = fmt::format("{}", fmt::join(untold, ", "));
    const auto what = one ? fmt::format("{}'s old {}", partitions.front(), columns)
                          : fmt::format("the old {} of {} partitions of {}.{}", columns, partitions.size(), source.schema, source.name);
    found.fail(fmt::format("the WAL does not tell {}: {} replica identity leaves {} out", what, one ? "its" : "their", untold.size() == 1 ? "it" : "them"),
               fmt::format("{}", fmt::join(statements, "\n")));
  }
}

}  // namespace crossfade::mapping
