#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/telemetry/progress.h"
#include "base/value/key.h"
#include "mapping/model/model.h"
#include "pg/connection.h"

namespace crossfade::verify {

namespace asio = boost::asio;

/// Where the rows of one source went. total = mapped + rejected + unaccounted.
struct Account {
  struct Reason {
    std::string reason;
    std::uint64_t rows = 0;
  };

  SourceId source;
  bool looked_up_only = false;         ///< no target takes its rows as such; they count as mapped
  std::uint64_t total = 0;
  std::uint64_t mapped = 0;            ///< in a shadow table, or in a view and on the way to it; where v2 is on another server, in a view
  std::uint64_t on_the_way = 0;        ///< of the mapped: in no shadow table yet; where v2 is on another server nobody looks
  std::uint64_t quarantined_keys = 0;  ///< of targets that follow this source; why rows may stay on the way
  std::uint64_t rejected = 0;
  std::vector<Reason> reasons;         ///< of the rejected, the most frequent first
  std::uint64_t unaccounted = 0;
  std::vector<KeyValues> sample;       ///< keys of the unaccounted, 20 at most
};

/// Looks at each source at a snapshot of its own, in a transaction that this begins and ends; in the reverse direction not
/// at those that both sides share. Throws a precondition Failure for a view of rejects that lacks the source's key or a
/// reason. After a Failure the connection is to be closed.
/// `progress`, if any, hears of each source, and of those that have rows unaccounted for.
asio::awaitable<std::vector<Account>> account(pg::Connection& connection, const mapping::Model& model, Progress* progress = nullptr);

/// Writes the result to crossfade.account.
asio::awaitable<void> record(pg::Connection& connection, const mapping::Model& model, const std::vector<Account>& accounts);

}  // namespace crossfade::verify
