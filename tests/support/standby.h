#pragma once

#include <memory>
#include <string>
#include <vector>

#include "support/server.h"

namespace crossfade::test {

/// A copy of `primary` that follows it, made as pg_basebackup makes one: servers that have nothing but a server come without that. Slots do not
/// come along by the copy. `dbname`: where a standby of 17 or newer fetches slots. The primary must keep its WAL (wal_keep_size).
std::unique_ptr<ThrowawayServer> standby_of(ThrowawayServer& primary, const std::string& dbname, std::vector<ThrowawayServer::Setting> settings);

}  // namespace crossfade::test
