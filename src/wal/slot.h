#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/value/lsn.h"
#include "pg/connection.h"

namespace crossfade::wal {

namespace asio = boost::asio;

/// What pg_replication_slots says of one slot.
struct SlotState {
  std::string database;
  std::string plugin;
  bool active = false;
  int active_pid = 0;
  Lsn restart_lsn;
  Lsn confirmed_flush;
  std::string wal_status;  ///< reserved, extended, unreserved, lost
  /// WAL that may still be written before the slot is at risk; none: no limit is set.
  std::optional<std::int64_t> safe_bytes;
  std::int64_t retained_bytes = 0;
  bool synced = false;     ///< it came from a primary to its standby, which is the primary now

  bool lost() const { return wal_status == "lost"; }
};

/// Invariant 7: a checkpoint belongs to one slot incarnation. Whatever differs (a slot dropped, made again, a server
/// restored or failed over to one that the slot did not come to) is a gap: all keys are offered again.
struct Incarnation {
  std::string system_identifier;
  int timeline = 0;
  std::string slot;
  Lsn created;

  bool operator==(const Incarnation&) const = default;
};

/// Slots are the cluster's: one of that name in another database is not ours, and counts as none.
asio::awaitable<std::optional<SlotState>> inspect_slot(pg::Connection& connection, std::string name);

/// The call that makes slot `name` (SQL, a literal or a parameter), and on a server that can, one that goes along to a standby.
std::string slot_call(std::string_view name, int server_version);

/// Makes a logical slot with pgoutput and returns its consistent point. Waits for every transaction that is running.
/// The publication has to be there already: a change older than it would make decoding fail for ever. Throws a precondition
/// Failure where another database has a slot of that name.
asio::awaitable<Lsn> create_slot(pg::Connection& connection, std::string name);

/// Where this database has none of that name, nothing happens. One that a session reads is waited for as long as `patience`: the server may not
/// have noticed yet that whoever read it is gone. Then the server's 55006 is thrown.
asio::awaitable<void> drop_slot(pg::Connection& connection, std::string name, std::chrono::milliseconds patience = {});
/// How long a daemon waits for a slot that it has read itself.
constexpr std::chrono::seconds kSlotPatience{10};

/// Fills in system identifier and timeline of the server that `connection` leads to. The server must be a primary.
asio::awaitable<Incarnation> identify(pg::Connection& connection);

/// "pid 4711 (user app, since 12 s): update exercises …" of the oldest transaction that has written, in any database of
/// the server; "prepared transaction …" where it is one; "" if none. It is what the making of a slot waits for.
asio::awaitable<std::string> oldest_writer(pg::Connection& connection);

}  // namespace crossfade::wal
