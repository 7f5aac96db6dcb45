#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sync/state/runtime.h"

/// The engine's memory in the database, one function a statement of sql/queries. Each runs in the caller's transaction.
namespace crossfade::sync::store {

/// What pg_stat_activity calls this session from now on.
asio::awaitable<void> name_session(pg::Connection& connection, std::string name);

/// Takes the lease and returns its epoch; nothing while another daemon lives.
asio::awaitable<std::optional<std::int64_t>> take_lease(pg::Connection& connection, const Runtime& run);
/// False: another daemon leads now.
asio::awaitable<bool> renew_lease(pg::Connection& connection, const Runtime& run);
asio::awaitable<void> release_lease(pg::Connection& connection, const Runtime& run);
/// This daemon is there, and `why` it cannot follow. Until it can.
asio::awaitable<void> write_trying(pg::Connection& connection, const mapping::Model& model, const Settings& settings, Failure why);
asio::awaitable<void> end_trying(pg::Connection& connection, const std::string& migration);
[[noreturn]] void not_leader(const Runtime& run);
/// No other daemon becomes the leader before the caller's transaction ends; throws kNotLeader where one is already.
asio::awaitable<void> hold_lease(pg::Connection& connection, const Runtime& run);

/// Where the log of the server that has v1 ends by now, as text.
asio::awaitable<std::string> end_of_wal(pg::Connection& connection);

/// Which way the migration goes; nothing for one that is not there.
asio::awaitable<std::optional<mapping::Direction>> read_direction(pg::Connection& connection, const std::string& migration);
/// There is nothing to follow any more.
asio::awaitable<bool> is_completed(pg::Connection& connection, const std::string& migration);

/// By what the migration's own messages are known.
asio::awaitable<std::string> read_secret(pg::Connection& connection, const std::string& migration);
/// What crossfade.touch takes from now on.
asio::awaitable<void> write_touchable(pg::Connection& connection, const mapping::Model& model);

struct DirtyRow {
  std::int64_t id = 0;
  Xid xid;
  Key key;
};
/// Spills keys, each with the transaction that offered it; coalesced within one transaction of ours.
asio::awaitable<std::uint64_t> write_dirty(pg::Connection& connection, const Runtime& run, const Batch& batch);
/// The same for keys that no transaction offered.
asio::awaitable<std::uint64_t> write_dirty(pg::Connection& connection, const Runtime& run, std::vector<Key> keys);
/// Keys of one of the target's locators that are there at all, as the select `keys` with its parameters gives them in its one column.
/// Returns how many.
asio::awaitable<std::uint64_t> offer_keys(pg::Connection& connection, const Runtime& run, TargetId target, LocatorId locator, std::string keys,
                                          pg::Parameters parameters);
/// The same of the target's chunk key, without parameters.
asio::awaitable<std::uint64_t> offer_chunk_keys(pg::Connection& connection, const Runtime& run, TargetId target, std::string keys);
/// The oldest rows, but for those of targets that rest. Rows of targets that the migration no longer has are passed over.
asio::awaitable<std::vector<DirtyRow>> take_dirty(pg::Connection& connection, const Runtime& run, std::size_t most);
asio::awaitable<void> delete_dirty(pg::Connection& connection, const std::vector<std::int64_t>& ids);
/// Without those of targets that rest.
asio::awaitable<std::uint64_t> count_dirty(pg::Connection& connection, const Runtime& run);

/// Returns for each how often it was tried by now: 1 for one that was not there.
asio::awaitable<std::vector<std::int64_t>> put_in_quarantine(pg::Connection& connection, const Runtime& run, const std::vector<Refused>& refused);
/// Keys that were refreshed are in quarantine no longer.
asio::awaitable<void> release_quarantined(pg::Connection& connection, const Runtime& run, const std::vector<Key>& keys);
/// Keys that miss a parent are tried sooner where rows have come that may be one.
asio::awaitable<void> hurry_quarantined(pg::Connection& connection, const Runtime& run, const ByTarget<Written>& written);
/// Of those that miss a row now, and were refused for something else before: with whoever in quarantine misses them in turn, around a ring
/// of tables. Neither can be written without the other. Wants what is in quarantine before these are put there.
asio::awaitable<std::vector<Key>> partners_in_rings(pg::Connection& connection, const Runtime& run, const std::vector<Refused>& refused);
/// All of them are due now, because every target has been filled.
asio::awaitable<void> retry_after_fill(pg::Connection& connection, const Runtime& run);
/// Of rows with target, locator and key; those that the model does not know are left out.
std::vector<Key> keys_in(const mapping::Model& model, const pg::Result& rows);
/// Keys whose time has come, or all.
asio::awaitable<std::vector<Key>> due_from_quarantine(pg::Connection& connection, const Runtime& run, bool all);
asio::awaitable<ByTarget<std::uint64_t>> count_quarantine(pg::Connection& connection, const Runtime& run);

asio::awaitable<void> set_phase(pg::Connection& connection, const Runtime& run, std::string phase);

/// A key's values as a person is shown them.
std::string key_text(const Key& key);

/// Key ↔ names, as the tables above hold them. Nothing where target or locator are not in the model.
std::optional<Key> key_from_names(const mapping::Model& model, const std::string& target,
                                  const std::optional<std::string>& locator, const KeyValues& values);
const std::string& target_name(const mapping::Model& model, const Key& key);
std::string locator_name(const mapping::Model& model, const Key& key);

}  // namespace crossfade::sync::store
