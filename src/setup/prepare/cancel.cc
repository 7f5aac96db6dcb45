#include "setup/prepare/cancel.h"

#include <embedded_sql.h>
#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "async/failure_of.h"
#include "base/error/failure.h"
#include "base/telemetry/log.h"
#include "base/text/sql_text.h"
#include "mapping/catalog/slot_names.h"
#include "pg/row.h"
#include "setup/objects/fence.h"
#include "setup/objects/stable_views.h"
#include "setup/prepare/life.h"
#include "setup/prepare/prepare.h"
#include "setup/prepare/short_waits.h"
#include "setup/state/state_schema.h"
#include "sync/state/store.h"
#include "wal/slot.h"

namespace crossfade::setup {
namespace {

namespace queries = sql::queries;

asio::awaitable<void> take_from_daemon(pg::Connection& connection, std::string migration) {
  const pg::Parameters parameters = {migration, "cancel"};
  const auto lease = co_await connection.query(queries::lease_take, parameters);
  if (!lease.is_null(0, 0)) co_return;
  Failure::Facts facts;
  facts.exit = ExitCode::kNotLeader;
  facts.message = fmt::format("a daemon is working on migration {}", migration);
  facts.advice = "stop it (SIGTERM), then cancel";
  throw Failure(std::move(facts));
}

/// Where it is refused nobody has to stop a daemon for that; it may move until the lease is ours.
asio::awaitable<void> take_for_cancel(pg::Connection& connection, std::string migration) {
  co_await expect(connection, migration, Event::kCancel);
  co_await take_from_daemon(connection, migration);
  co_await expect(connection, migration, Event::kCancel);
}

/// A foreign key that holds for new rows, and is looked at for old ones once nobody's writers wait for us.
struct Open {
  std::string table;
  std::string key;
  std::string validate;
};
using OpenKeys = std::vector<Open>;

asio::awaitable<OpenKeys> bring_keys_back(pg::Connection& connection, std::string migration) {
  pg::Parameters name = {std::move(migration)};
  const auto keys = co_await connection.query(queries::keys_left_out, name);
  OpenKeys open;
  for (const auto key : pg::rows(keys)) {
    std::string create(key.text("create_sql"));
    if (!create.empty()) co_await connection.script(std::move(create));
    if (!key.is_null("validate_sql")) open.push_back({std::string(key.text("table_name")), std::string(key.text("name")), std::string(key.text("validate_sql"))});
  }
  co_return open;
}

/// They hold from now on in any case; rows that break one may have come while it was away.
asio::awaitable<void> validate(pg::Connection& connection, OpenKeys keys) {
  for (const auto& key : keys) {
    auto work = connection.script(key.validate);
    const auto refused = co_await async::failure_of(std::move(work), async::answered);
    if (!refused) continue;
    log::warn("foreign key holds for new rows, and not for all old ones", {{"table", key.table}, {"key", key.key},
                                                                           log::quoting("because", refused->what()), log::quoting("fix", key.validate)});
  }
}

/// Tables that were there before crossfade stay, without the fence and with the keys that a bulk load took off. They were
/// empty when that began, and are so again if it was broken off: half of the rows may not satisfy the keys.
asio::awaitable<OpenKeys> give_back(pg::Connection& connection, std::string migration, std::string shadow_schema) {
  pg::Parameters shadow = {shadow_schema};
  const auto fences_there = co_await connection.query(queries::fences_of_schema, shadow);
  for (std::size_t row = 0; row < fences_there.size(); ++row) co_await connection.script(std::string(fences_there.text(row, 0)));
  pg::Parameters name = {migration};
  co_await connection.query(queries::enable_all_triggers, name);
  const auto unfinished = co_await connection.query(queries::cancel_truncate, name);
  if (!unfinished.is_null(0, 0)) co_await connection.script(std::string(unfinished.text(0, 0)));
  for (const auto* stage : {"1", "2"}) {
    pg::Parameters taken_off = {migration, stage};
    const auto pieces = co_await connection.query(queries::deferred_list, taken_off);
    for (const auto piece : pg::rows(pieces)) {
      std::string create(piece.text("create_sql"));
      std::string validate(piece.text("validate_sql"));
      co_await connection.script(std::move(create));
      if (!validate.empty()) co_await connection.script(std::move(validate));
    }
  }
  co_return co_await bring_keys_back(connection, std::move(migration));
}

asio::awaitable<bool> drop_slots(pg::Connection& connection, std::string migration) {
  const auto names = co_await mapping::find_slot_names(connection, migration);
  bool any = false;
  for (const auto& slot : {names.forward, names.reverse}) {
    const auto there = co_await wal::inspect_slot(connection, slot);
    any = any || there;
    co_await wal::drop_slot(connection, slot);
  }
  co_return any;
}

asio::awaitable<bool> drop_publications(pg::Connection& connection, std::string migration) {
  bool any = false;
  for (const auto direction : {mapping::Direction::kForward, mapping::Direction::kReverse}) {
    const auto publication = publication_name(migration, direction);
    pg::Parameters name = {publication};
    const auto there = co_await connection.query(queries::publication_exists, name);
    any = any || there.truth(0, 0);
    auto drop = "drop publication if exists " + quote_identifier(publication);
    co_await connection.script(std::move(drop));
  }
  co_return any;
}

/// What the migration's row names, and then the row.
asio::awaitable<OpenKeys> forget(pg::Connection& connection, std::string migration) {
  pg::Parameters name = {migration};
  const auto rows = co_await connection.query(queries::migration_schemas, name);
  const std::string shadow(pg::first(rows).text("shadow_schema"));
  const auto made = parse_array(pg::first(rows).text("made_schemas"));
  const bool ours = std::find(made.begin(), made.end(), shadow) != made.end();
  OpenKeys open;
  if (!ours) open = co_await give_back(connection, migration, shadow);
  for (const auto& schema : made) {
    auto drop = fmt::format("drop schema if exists {} cascade", quote_identifier(schema.value()));
    co_await connection.script(std::move(drop));
  }
  const auto drops = co_await connection.query(queries::surrogate_drops, name);
  for (std::size_t row = 0; row < drops.size(); ++row) co_await connection.script(std::string(drops.text(row, 0)));
  co_await connection.query(queries::migration_forget, name);
  const auto left = co_await connection.query(queries::migration_count);
  if (left.number(0, 0) == 0) co_await connection.script("drop schema crossfade cascade");
  co_return open;
}

/// Publications, and whatever is in the database where it is `entered`: all of it or nothing. True where there were publications.
asio::awaitable<bool> clear_away(pg::Connection& connection, std::string migration, bool entered) {
  OpenKeys open;
  const std::function<asio::awaitable<bool>()> all = [&]() -> asio::awaitable<bool> {
    co_await connection.script(kBriefly);
    if (entered) co_await drop_stable_views(connection, migration);
    const bool publications = co_await drop_publications(connection, migration);
    if (entered) open = co_await forget(connection, migration);
    co_await connection.script("commit");
    co_return publications;
  };
  const bool publications = co_await in_short_waits(connection, all);
  co_await validate(connection, std::move(open));
  co_return publications;
}

}  // namespace

namespace {

/// What one server of two has of it.
asio::awaitable<bool> is_entered(pg::Connection& connection, std::string migration) {
  const auto layout = co_await read_layout(connection);
  if (layout == 0) co_return false;
  pg::Parameters name = {std::move(migration)};
  const auto rows = co_await connection.query(queries::migration_schemas, std::move(name));
  co_return !rows.empty();
}

asio::awaitable<bool> cancel_there(pg::Connection& connection, std::string migration) {
  const bool entered = co_await is_entered(connection, migration);
  const bool publications = co_await clear_away(connection, migration, entered);
  co_return entered || publications;
}

/// Of writes that are between the two: v1 is closed, and whoever opens v2 meanwhile would find v1 opened by the cancel.
asio::awaitable<void> expect_not_between(pg::Connection& connection, std::string migration) {
  const bool at_source = co_await is_entered(connection.source(), migration);
  if (!at_source) co_return;
  pg::Parameters name = {migration};
  const auto of_source = co_await connection.source().query(queries::server_turn, name);
  const auto of_target = co_await connection.query(queries::server_turn, name);
  if (of_source.empty() || of_target.empty() || pg::first(of_source).number("turn") == pg::first(of_target).number("turn")) co_return;
  throw precondition_failure(fmt::format("the writes of migration {} are between the two servers: v1 is closed and v2 is not open", migration),
                             fmt::format("crossfade rollback writes --confirm {0}, and v1 is written again, then cancel; or crossfade cutover writes --no-way-back --confirm {0}, which goes on", migration));
}

/// The target's last: what it knows is what tells that there is something to cancel.
asio::awaitable<bool> cancel_apart(pg::Connection& connection, std::string migration) {
  co_await prepare_alone(connection.source(), migration);
  co_await bring_up_to_date(connection.source());
  const auto prepared = co_await how_prepared(connection, migration);
  if (prepared != Prepared::kNot) {
    co_await take_for_cancel(connection, migration);
    // The lease is ours: nobody closes v1 any more.
    co_await expect_not_between(connection, migration);
  }
  const bool slots = co_await drop_slots(connection.source(), migration);
  const bool at_source = co_await cancel_there(connection.source(), migration);
  const bool at_target = co_await cancel_there(connection, migration);
  co_return slots || at_source || at_target;
}

}  // namespace

asio::awaitable<bool> cancel(pg::Connection& connection, std::string migration) {
  co_await prepare_alone(connection, migration);
  co_await bring_up_to_date(connection);
  if (connection.apart()) co_return co_await cancel_apart(connection, std::move(migration));
  const auto prepared = co_await how_prepared(connection, migration);
  const bool entered = prepared != Prepared::kNot;
  if (entered) {
    co_await take_for_cancel(connection, migration);
  }
  // Once the migration's row is gone, nobody would look for its slots any more: they go first.
  const bool slots = co_await drop_slots(connection, migration);
  const bool publications = co_await clear_away(connection, migration, entered);
  co_return entered || slots || publications;
}

}  // namespace crossfade::setup
