#include "sync/state/store.h"

#include <embedded_sql.h>
#include <fmt/format.h>

#include <algorithm>

#include "base/telemetry/log.h"
#include "base/text/copy_text.h"
#include "base/text/sql_text.h"
#include "pg/row.h"
#include "sync/state/run_query.h"

namespace crossfade::sync::store {
namespace {

namespace queries = sql::queries;

/// What a key is of that the migration no longer has.
constexpr TargetId kNoTarget{0xFFFF};

/// Targets that nothing is tried of now.
std::string resting(const Runtime& run) {
  std::vector<std::optional<std::string>> names;
  for (const auto& left_out : run.model.left_out) names.emplace_back(left_out.target);
  for (const auto& [target, parked] : run.applied.parked) {
    if (parked.resting) names.emplace_back(run.model.targets[target].name);
  }
  for (const auto target : run.applied.waiting) names.emplace_back(run.model.targets[target].name);
  return array_text(names);
}

}  // namespace

const std::string& target_name(const mapping::Model& model, const Key& key) { return model.targets.at(key.target()).name; }

std::string locator_name(const mapping::Model& model, const Key& key) {
  return model.targets.at(key.target()).locators.at(key.locator()).name();
}

/// A key whose bytes are no text stands escaped: it is shown, and heals when its row is refreshed.
std::string key_text(const Key& key) {
  auto values = key.values();
  for (auto& value : values) {
    if (value) value = as_text(*value);
  }
  return array_text(values);
}

std::optional<Key> key_from_names(const mapping::Model& model, const std::string& target,
                                  const std::optional<std::string>& locator, const KeyValues& values) {
  const auto number = model.find_target(target);
  if (!number) return std::nullopt;
  if (!locator) return Key::every_row(*number);
  const auto& locators = model.targets[*number].locators;
  for (const auto n : locators.ids()) {
    if (locators[n].name() != *locator) continue;
    if (values.size() == locators[n].types.size()) return Key(*number, n, values);
  }
  return std::nullopt;
}

void not_leader(const Runtime& run) {
  Failure::Facts facts;
  facts.exit = ExitCode::kNotLeader;
  facts.sqlstate = "CF009";
  facts.message = fmt::format("another daemon leads migration {}", run.model.name);
  facts.advice = "stop one of the two, or leave the other to its work: `crossfade status` shows who leads";
  throw Failure(std::move(facts));
}

asio::awaitable<void> name_session(pg::Connection& connection, std::string name) {
  pg::Parameters parameters = {std::move(name)};
  co_await run_query(connection, queries::session_name, std::move(parameters));
}

asio::awaitable<std::optional<std::int64_t>> take_lease(pg::Connection& connection, const Runtime& run) {
  pg::Parameters parameters = {run.model.name, run.settings.holder};
  const auto rows = co_await run_query(connection, queries::lease_take, std::move(parameters));
  if (rows.is_null(0, 0)) co_return std::nullopt;
  co_return rows.number(0, 0);
}

asio::awaitable<bool> renew_lease(pg::Connection& connection, const Runtime& run) {
  pg::Parameters parameters = {run.model.name, std::to_string(run.epoch)};
  const auto result = co_await run_query(connection, queries::lease_renew, std::move(parameters));
  co_return result.affected() == 1;
}

asio::awaitable<void> release_lease(pg::Connection& connection, const Runtime& run) {
  pg::Parameters parameters = {run.model.name, std::to_string(run.epoch)};
  co_await run_query(connection, queries::lease_release, std::move(parameters));
}

asio::awaitable<void> write_trying(pg::Connection& connection, const mapping::Model& model, const Settings& settings, Failure why) {
  pg::Parameters parameters = {model.name, settings.holder, log::redact(why.what()), why.advice()};
  co_await run_query(connection, queries::trying_write, std::move(parameters));
}

asio::awaitable<void> end_trying(pg::Connection& connection, const std::string& migration) {
  pg::Parameters parameters = {migration};
  co_await run_query(connection, queries::trying_end, std::move(parameters));
}

asio::awaitable<void> hold_lease(pg::Connection& connection, const Runtime& run) {
  pg::Parameters parameters = {run.model.name, std::to_string(run.epoch)};
  const auto rows = co_await run_query(connection, queries::lease_hold, std::move(parameters));
  if (rows.empty()) not_leader(run);
}

asio::awaitable<std::string> end_of_wal(pg::Connection& connection) {
  pg::Parameters none;
  const auto rows = co_await run_query(connection.source(), queries::wal_position, std::move(none));
  co_return std::string(rows.text(0, 0));
}

asio::awaitable<std::optional<mapping::Direction>> read_direction(pg::Connection& connection, const std::string& migration) {
  pg::Parameters parameters = {migration};
  const auto rows = co_await run_query(connection, queries::migration_direction, std::move(parameters));
  if (rows.empty()) co_return std::nullopt;
  co_return pg::first(rows).text("direction") == "reverse" ? mapping::Direction::kReverse : mapping::Direction::kForward;
}

asio::awaitable<bool> is_completed(pg::Connection& connection, const std::string& migration) {
  pg::Parameters parameters = {migration};
  const auto rows = co_await run_query(connection, queries::migration_direction, std::move(parameters));
  co_return !rows.empty() && pg::first(rows).truth("completed");
}

asio::awaitable<std::string> read_secret(pg::Connection& connection, const std::string& migration) {
  pg::Parameters parameters = {migration};
  const auto rows = co_await run_query(connection, queries::secret, std::move(parameters));
  if (rows.empty()) {
    throw precondition_failure(fmt::format("migration {} has no secret in crossfade.secret", migration),
                               fmt::format("insert into crossfade.secret (migration) values ({})", quote_literal(migration)));
  }
  co_return std::string(rows.text(0, 0));
}

asio::awaitable<void> write_touchable(pg::Connection& connection, const mapping::Model& model) {
  std::vector<std::optional<std::string>> targets, locators, types;
  for (const auto& target : model.targets) {
    const auto& first = target.locators.front();
    targets.emplace_back(target.name);
    locators.emplace_back(first.name());
    types.emplace_back(array_text({first.types.begin(), first.types.end()}));
  }
  pg::Parameters parameters = {model.name, array_text(targets), array_text(locators), array_text(types)};
  co_await run_query(connection, queries::touchable_put, std::move(parameters));
}

asio::awaitable<std::uint64_t> write_dirty(pg::Connection& connection, const Runtime& run, const Batch& batch) {
  // Once for each transaction that offered a key: a snapshot that sees the youngest need not see the others.
  std::vector<std::pair<const Transaction*, const Key*>> rows;
  for (const auto& transaction : batch.transactions) {
    for (const auto& key : transaction.keys) rows.emplace_back(&transaction, &key);
  }
  // Parents first, so that a drain meets them first.
  std::stable_sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a.second->target() < b.second->target(); });
  std::size_t at = 0;
  const auto next = [&](std::string& line) {
    if (at == rows.size()) return false;
    const auto& [transaction, key] = rows[at++];
    append_copy_field(line, run.model.name);
    line.push_back('\t');
    append_copy_field(line, target_name(run.model, *key));
    line.push_back('\t');
    append_copy_field(line, key->names_every_row() ? std::nullopt : std::optional(locator_name(run.model, *key)));
    line.push_back('\t');
    append_copy_field(line, key->names_every_row() ? std::nullopt : std::optional(array_text(key->values())));
    line += fmt::format("\t{}\n", transaction->xid.value);
    return at < rows.size();
  };
  if (rows.empty()) co_return 0;
  co_return co_await connection.copy_in(queries::dirty_copy, next);
}

asio::awaitable<std::uint64_t> write_dirty(pg::Connection& connection, const Runtime& run, std::vector<Key> keys) {
  Batch batch;
  batch.transactions.emplace_back();
  batch.transactions.front().keys = std::move(keys);
  co_return co_await write_dirty(connection, run, batch);
}

asio::awaitable<std::uint64_t> offer_keys(pg::Connection& connection, const Runtime& run, TargetId target, LocatorId locator, std::string keys,
                                          pg::Parameters parameters) {
  const auto& of = run.model.targets[target];
  const auto own = parameters.size();
  auto sql = fmt::format("insert into crossfade.dirty (migration, target, locator, key) select ${}, ${}, ${}, offered.key from ({}) offered (key)"
                         " where exists (select from unnest(offered.key) value where value is not null)", own + 1, own + 2, own + 3, keys);
  parameters.insert(parameters.end(), {run.model.name, of.name, of.locators.at(locator).name()});
  const auto offered = co_await connection.query(std::move(sql), std::move(parameters));
  co_return offered.affected();
}

asio::awaitable<std::uint64_t> offer_chunk_keys(pg::Connection& connection, const Runtime& run, TargetId target, std::string keys) {
  pg::Parameters none;
  co_return co_await offer_keys(connection, run, target, mapping::kChunkKey, std::move(keys), std::move(none));
}

asio::awaitable<std::vector<DirtyRow>> take_dirty(pg::Connection& connection, const Runtime& run, std::size_t most) {
  pg::Parameters parameters = {run.model.name, std::to_string(most), resting(run)};
  const auto rows = co_await run_query(connection, queries::dirty_take, std::move(parameters));
  std::vector<DirtyRow> taken;
  for (const auto row : pg::rows(rows)) {
    const auto values = row.is_null("key") ? KeyValues{} : parse_array(row.text("key"));
    const auto key = key_from_names(run.model, std::string(row.text("target")), row.optional_text("locator"), values);
    // What the migration no longer knows is every row of nothing: it is retired with its batch.
    taken.push_back({row.number("id"), Xid{static_cast<std::uint32_t>(row.number("xid"))},
                     key.value_or(Key::every_row(kNoTarget))});
  }
  co_return taken;
}

asio::awaitable<void> delete_dirty(pg::Connection& connection, const std::vector<std::int64_t>& ids) {
  if (ids.empty()) co_return;
  pg::Parameters parameters = {fmt::format("{{{}}}", fmt::join(ids, ","))};
  co_await run_query(connection, queries::dirty_delete, std::move(parameters));
}

asio::awaitable<std::uint64_t> count_dirty(pg::Connection& connection, const Runtime& run) {
  pg::Parameters parameters = {run.model.name, resting(run)};
  const auto rows = co_await run_query(connection, queries::dirty_count, std::move(parameters));
  co_return static_cast<std::uint64_t>(rows.number(0, 0));
}

std::vector<Key> keys_in(const mapping::Model& model, const pg::Result& rows) {
  std::vector<Key> keys;
  for (const auto row : pg::rows(rows)) {
    auto key = key_from_names(model, std::string(row.text("target")), row.optional_text("locator"), parse_array(row.text("key")));
    if (key) keys.push_back(std::move(*key));
  }
  return keys;
}

/// A check, or a row that no partition is for: the server has one SQLSTATE for both.
constexpr std::string_view kCheckViolation = "23514";

asio::awaitable<std::vector<std::int64_t>> put_in_quarantine(pg::Connection& connection, const Runtime& run, const std::vector<Refused>& refused) {
  std::vector<std::optional<std::string>> targets, locators, keys, states, constraints, messages;
  for (const auto& each : refused) {
    const auto& facts = each.failure.facts();
    // A message can quote the row, which is the operator's own. A password that a function of the view was given is not.
    auto said = facts.detail.empty() ? facts.message : facts.message + " (" + facts.detail + ")";
    if (facts.sqlstate == kCheckViolation) {
      pg::Parameters of_row = {run.model.targets[each.key.target()].table.quoted(), as_text(facts.constraint), as_text(facts.detail)};
      const auto partition = co_await run_query(connection, queries::partition_for, std::move(of_row));
      if (!partition.is_null(0, 0)) said += fmt::format(": {}", partition.text(0, 0));
    }
    targets.emplace_back(target_name(run.model, each.key));
    locators.emplace_back(locator_name(run.model, each.key));
    keys.emplace_back(key_text(each.key));
    states.emplace_back(facts.sqlstate);
    constraints.emplace_back(as_text(facts.constraint));
    messages.emplace_back(as_text(log::redact(said)));
  }
  std::vector<std::int64_t> attempts;
  if (refused.empty()) co_return attempts;
  pg::Parameters parameters = {run.model.name, array_text(targets), array_text(locators), array_text(keys), array_text(states), array_text(constraints), array_text(messages)};
  const auto put = co_await run_query(connection, queries::quarantine_put, std::move(parameters));
  for (const auto row : pg::rows(put)) attempts.push_back(row.number("attempts"));
  co_return attempts;
}

asio::awaitable<void> release_quarantined(pg::Connection& connection, const Runtime& run, const std::vector<Key>& keys) {
  std::vector<std::optional<std::string>> targets, locators, values;
  for (const auto& key : keys) {
    targets.emplace_back(target_name(run.model, key));
    locators.emplace_back(locator_name(run.model, key));
    values.emplace_back(key_text(key));
  }
  pg::Parameters parameters = {run.model.name, array_text(targets), array_text(locators), array_text(values)};
  co_await run_query(connection, queries::quarantine_heal, std::move(parameters));
}

asio::awaitable<void> hurry_quarantined(pg::Connection& connection, const Runtime& run, const ByTarget<Written>& written) {
  std::vector<std::optional<std::string>> parents;
  for (const auto target : written.ids()) {
    if (written[target].inserted > 0) parents.emplace_back(run.model.targets[target].table.quoted());
  }
  if (parents.empty()) co_return;
  pg::Parameters parameters = {run.model.name, array_text(parents)};
  co_await run_query(connection, queries::quarantine_hurry, std::move(parameters));
}

asio::awaitable<void> retry_after_fill(pg::Connection& connection, const Runtime& run) {
  pg::Parameters parameters = {run.model.name};
  co_await run_query(connection, queries::quarantine_after_fill, std::move(parameters));
}

asio::awaitable<std::vector<Key>> partners_in_rings(pg::Connection& connection, const Runtime& run, const std::vector<Refused>& refused) {
  std::vector<std::optional<std::string>> targets, locators, keys, constraints, all, tables;
  for (const auto& each : refused) {
    if (each.failure.sqlstate() != "23503") continue;
    targets.emplace_back(target_name(run.model, each.key));
    locators.emplace_back(locator_name(run.model, each.key));
    keys.emplace_back(key_text(each.key));
    constraints.emplace_back(as_text(each.failure.facts().constraint));
  }
  if (targets.empty()) co_return std::vector<Key>{};
  for (const auto& target : run.model.targets) {
    all.emplace_back(target.name);
    tables.emplace_back(target.table.quoted());
  }
  pg::Parameters parameters = {run.model.name, array_text(targets), array_text(keys), array_text(locators), array_text(constraints), array_text(all), array_text(tables)};
  const auto rows = co_await run_query(connection, queries::quarantine_partners, std::move(parameters));
  co_return keys_in(run.model, rows);
}

asio::awaitable<std::vector<Key>> due_from_quarantine(pg::Connection& connection, const Runtime& run, bool all) {
  pg::Parameters parameters = {run.model.name, all ? "true" : "false"};
  const auto rows = co_await run_query(connection, queries::quarantine_due, std::move(parameters));
  co_return keys_in(run.model, rows);
}

asio::awaitable<ByTarget<std::uint64_t>> count_quarantine(pg::Connection& connection, const Runtime& run) {
  pg::Parameters parameters = {run.model.name};
  const auto rows = co_await run_query(connection, queries::quarantine_count, std::move(parameters));
  ByTarget<std::uint64_t> counts(run.model.targets.size());
  for (const auto row : pg::rows(rows)) {
    const auto target = run.model.find_target(std::string(row.text("target")));
    if (target) counts[*target] = static_cast<std::uint64_t>(row.number("count"));
  }
  co_return counts;
}

asio::awaitable<void> set_phase(pg::Connection& connection, const Runtime& run, std::string phase) {
  pg::Parameters parameters = {run.model.name, std::move(phase), std::to_string(run.epoch)};
  co_await run_query(connection, queries::migration_phase, std::move(parameters));
}

}  // namespace crossfade::sync::store
