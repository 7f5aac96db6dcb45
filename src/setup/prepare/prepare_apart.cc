#include "setup/prepare/prepare_apart.h"

#include <embedded_sql.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "base/error/failure.h"
#include "base/telemetry/log.h"
#include "base/text/sql_text.h"
#include "mapping/catalog/relations.h"
#include "mapping/preflight/inspect.h"
#include "pg/row.h"
#include "pg/savepoint.h"
#include "setup/prepare/prepare.h"
#include "setup/prepare/short_waits.h"
#include "setup/state/editions.h"
#include "setup/state/servers.h"
#include "setup/state/state_schema.h"
#include "sync/refresh/bring.h"
#include "sync/state/checkpoint.h"
#include "sync/state/incarnation.h"
#include "sync/state/store.h"
#include "wal/foreign_slot.h"

namespace crossfade::setup {
namespace {

namespace asio = boost::asio;
namespace queries = sql::queries;
using mapping::Findings;
using mapping::Preflight;

/// What of the folder is made on the target's server.
mapping::MigrationFile for_target(mapping::MigrationFile file) {
  file.surrogates_sql.clear();
  file.mapping_sql.clear();
  file.rejects_sql.clear();
  file.reverse_sql.clear();
  return file;
}

/// In its own words: whoever reads it has two servers before him.
Failure on_target(const Failure& failure) {
  auto facts = failure.facts();
  facts.message = "on the target: " + facts.message;
  constexpr std::array kNothing = {"42P01", "3F000", "42704", "42883"};
  const bool missing = std::find(kNothing.begin(), kNothing.end(), failure.sqlstate()) != kNothing.end();
  if (missing) facts.advice += "; what v2.sql names and does not make (types of v1, tables that stay) has to be on the target first";
  return Failure(std::move(facts));
}

std::string told(const mapping::ColumnCatalog& column) {
  return fmt::format("{}{}{}{}", column.full_type, column.collation.empty() ? "" : " collate " + column.collation, column.required ? " not null" : "",
                     column.generated ? " generated" : column.always_identity ? " generated always as identity" : "");
}

/// The views are held against the source's copy of v2, and the rows come into the target's.
void compare_tables(const mapping::RelationCatalog& source, const mapping::RelationCatalog& target, Findings& found) {
  const auto mend = "Make it there as v2.sql says; or drop the schema there, and prepare makes it.";
  if (!target.exists()) return found.fail("it is not there", mend);
  if (source.primary_key != target.primary_key) {
    found.fail(fmt::format("its primary key is ({}) there, and ({}) by v2.sql", fmt::join(target.primary_key, ", "), fmt::join(source.primary_key, ", ")), mend);
  }
  for (const auto& column : source.columns) {
    const auto* other = target.find(column.name);
    if (other == nullptr) found.fail(fmt::format("it has no column {} there", column.name), mend);
    else if (told(*other) != told(column)) found.fail(fmt::format("column {} is {} there, and {} by v2.sql", column.name, told(*other), told(column)), mend);
  }
}

asio::awaitable<void> look_at_target_tables(pg::Connection& connection, Preflight& preflight) {
  std::vector<mapping::TableName> names;
  for (const auto& target : preflight.model.targets) names.push_back(target.table);
  const auto at_source = co_await mapping::find_relations(connection.source(), names);
  const auto at_target = co_await mapping::find_relations(connection, names);
  for (const auto& target : preflight.model.targets) {
    Findings found(preflight.findings, "target " + target.name);
    const auto there = at_target.named(target.table);
    compare_tables(at_source.named(target.table), there, found);
    if (!there.exists()) continue;
    auto any = fmt::format("select exists (select from {})", target.table.quoted());
    const auto rows = co_await connection.query(std::move(any));
    if (rows.truth(0, 0)) {
      found.fail(fmt::format("{} has rows on the target already: those that the view does not give would go without a word", target.table.quoted()),
                 fmt::format("Look whether they are needed; if not: truncate {};  -- on the target", target.table.quoted()));
    }
  }
  if (!preflight.ok()) co_return;
  auto stand_ins = sync::create_stand_ins(preflight.model);
  const auto tried = co_await pg::try_in_savepoint(connection, "do $crossfade$ begin execute $script$" + stand_ins + "$script$; end $crossfade$");
  if (tried.refused) {
    Findings(preflight.findings, "target server")
        .fail(fmt::format("what the views give it cannot hold: {}", tried.refused->what()), "Make that type there too, in v2.sql say; or cast the column in mapping.sql.");
  }
}

/// What is done on either server, in the transactions that are open on both.
struct Both {
  Preflight preflight;
  PrepareSteps at_source;  ///< what is left to do there …
  PrepareSteps at_target;  ///< … and there
  OutwardKeys outward_keys = {};
};

asio::awaitable<bool> entered(pg::Connection& connection, std::string migration) {
  const auto layout = co_await read_layout(connection);
  if (layout == 0) co_return false;
  pg::Parameters name = {std::move(migration)};
  const auto rows = co_await connection.query(queries::migration_schemas, std::move(name));
  co_return !rows.empty();
}

/// On the source all is as on one server, but for the slot. What a preparation that was broken off has made there is looked at as it is.
asio::awaitable<void> lay_out_source(pg::Connection& source, const mapping::MigrationFile& file, const std::string& slot, Both& both) {
  const bool known = co_await entered(source, file.yaml.migration());
  if (known) {
    const std::function<asio::awaitable<mapping::Preflight>()> inspect = [&] { return mapping::inspect(source, file); };
    both.preflight = co_await pg::look_in_savepoint(source, inspect);
    co_return;
  }
  auto there = co_await look_around(source, file);
  const auto& shadow = file.yaml.schemas().shadow();
  if (std::find(there.schemas.begin(), there.schemas.end(), shadow) != there.schemas.end()) {
    Findings(both.preflight.findings, "schema " + shadow)
        .fail("it is there on the source already, and an empty copy of v2 is to stand there", fmt::format("Look whether it is needed; if not: drop schema {} cascade;", quote_identifier(shadow)));
    co_return;
  }
  auto preparation = co_await lay_out(source, file, std::move(there), slot);
  both.preflight = std::move(preparation.preflight);
  const auto& all = preparation.steps.together;
  both.at_source.assign(all.begin() + static_cast<std::ptrdiff_t>(std::min(preparation.performed, all.size())), all.end());
}

asio::awaitable<void> lay_out_target(pg::Connection& connection, const mapping::MigrationFile& file, Both& both) {
  const auto of_target = for_target(file);
  std::optional<Failure> failure;
  try {
    const auto there = co_await look_around(connection, of_target);
    auto steps = install_steps(of_target, there);
    both.outward_keys = co_await perform(connection, std::move(steps));
    co_await look_at_target_tables(connection, both.preflight);
    Found found;
    found.made = schemas_made(of_target, there);
    found.texts = mapping::texts_of(file);
    both.at_target = enter_target_steps(both.preflight.model, found);
  } catch (const Failure& caught) {
    if (caught.connection_lost()) throw;
    failure = caught;
  }
  if (failure) throw on_target(*failure);
}

/// All but the slot; both transactions are left open.
asio::awaitable<Both> lay_out_both(pg::Connection& connection, const mapping::MigrationFile& file, const std::string& slot) {
  Both both;
  both.preflight.model.name = file.yaml.migration();
  const auto source = co_await read_server(connection.source());
  const auto target = co_await read_server(connection);
  std::vector<mapping::Finding> of_servers;
  compare_servers(source, target, of_servers);
  both.preflight.findings = of_servers;
  co_await connection.script(kBriefly);
  co_await connection.source().script(kBriefly);
  if (!both.preflight.ok()) co_return both;
  co_await lay_out_source(connection.source(), file, slot, both);
  both.preflight.model.apart = true;
  auto& findings = both.preflight.findings;
  findings.insert(findings.begin(), of_servers.begin(), of_servers.end());
  if (file.yaml.amend() == v1::Migration::AMEND_AUTO) {
    Findings(findings, "amend").warn("auto is not done across two servers yet: what v1's team renames is named, and waits", "Leave amend: auto out.");
  }
  if (!both.preflight.ok()) co_return both;
  check_across(source, target, both.preflight.model, findings);
  if (!both.preflight.ok()) co_return both;
  co_await lay_out_target(connection, file, both);
  co_return both;
}

asio::awaitable<void> enter_both(pg::Connection& connection, std::string migration, Both both) {
  co_await perform(connection.source(), std::move(both.at_source));
  co_await perform(connection, std::move(both.at_target));
  co_await add_outward_keys(connection, std::move(both.outward_keys));
  const auto source = co_await read_server(connection.source());
  const auto target = co_await read_server(connection);
  co_await write_servers(connection, std::move(migration), source, target);
  // The source's first.
  co_await connection.script("commit");
}

/// A slot that a preparation which was broken off left is made anew.
asio::awaitable<void> begin_stream(pg::Connection& connection, std::string migration, const sync::Settings& settings) {
  co_await wal::drop_slot(connection.source(), settings.slot);
  const auto incarnation = co_await sync::make_slot(connection.source(), settings);
  co_await sync::store::begin_checkpoint(connection, migration, incarnation);
}

asio::awaitable<Preflight> install_and_enter_both(pg::Connection& connection, const mapping::MigrationFile& file, std::string slot) {
  Preflight preflight;
  std::optional<Failure> failure;
  try {
    auto both = co_await lay_out_both(connection, file, slot);
    preflight = both.preflight;
    if (preflight.ok()) co_await enter_both(connection, file.yaml.migration(), std::move(both));
  } catch (const Failure& caught) {
    if (caught.connection_lost()) throw;
    failure = caught;
  }
  if (failure || !preflight.ok()) co_await connection.script("rollback");
  if (failure) throw *failure;
  co_return preflight;
}

}  // namespace

asio::awaitable<Preflight> prepare_apart(pg::Connection& connection, const mapping::MigrationFile& file, const sync::Settings& settings) {
  const auto& name = file.yaml.migration();
  Preflight preflight;
  const auto source = co_await read_server(connection.source());
  const auto target = co_await read_server(connection);
  compare_servers(source, target, preflight.findings);
  if (!preflight.ok()) co_return preflight;
  preflight.findings.clear();
  co_await prepare_alone(connection, name);
  co_await prepare_alone(connection.source(), name);
  co_await wal::refuse_foreign_slot(connection.source(), settings.slot);
  co_await bring_up_to_date(connection);
  co_await bring_up_to_date(connection.source());
  const auto prepared = co_await how_prepared(connection, name);
  if (prepared == Prepared::kWhole) co_return preflight;
  if (prepared == Prepared::kNot) {
    const std::function<asio::awaitable<Preflight>()> all = [&] { return install_and_enter_both(connection, file, settings.slot); };
    preflight = co_await in_short_waits(connection, all);
    if (!preflight.ok()) co_return preflight;
  }
  co_await begin_stream(connection, name, settings);
  log::info("prepared", {{"migration", name}, {"targets", file.yaml.targets().size()}, {"slot", settings.slot}, {"on", connection.describe()}});
  co_return preflight;
}

namespace {

asio::awaitable<Preflight> look_apart_once(pg::Connection& connection, const mapping::MigrationFile& file) {
  const auto prepared = co_await how_prepared(connection, file.yaml.migration());
  Preflight preflight;
  std::optional<Failure> failure;
  try {
    if (prepared == Prepared::kNot) {
      const std::string no_slot;
      auto both = co_await lay_out_both(connection, file, no_slot);
      preflight = std::move(both.preflight);
    } else {
      const auto installed = co_await as_installed(connection, file);
      co_await connection.source().script("begin");
      preflight = co_await mapping::inspect(connection.source(), installed);
    }
  } catch (const Failure& caught) {
    if (caught.connection_lost()) throw;
    failure = caught;
  }
  if (connection.in_transaction()) co_await connection.script("rollback");
  co_await connection.end_at_source("rollback");
  if (failure) throw *failure;
  co_return preflight;
}

}  // namespace

asio::awaitable<Preflight> look_apart(pg::Connection& connection, const mapping::MigrationFile& file) {
  const std::function<asio::awaitable<Preflight>()> once = [&] { return look_apart_once(connection, file); };
  co_return co_await in_short_waits(connection, once);
}

}  // namespace crossfade::setup
