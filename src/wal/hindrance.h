#pragma once

#include <optional>
#include <string>

#include "pg/connection.h"

namespace crossfade::wal {

namespace asio = boost::asio;

/// What keeps a slot from being made or read, whoever tries.
struct Hindrance {
  std::string what;
  std::string fix;
};

/// Looked for in the settings of the server that has the WAL, and in the rights of our role there. What the server says to who tries is of
/// the moment ("too many"), and the same for several of these.
asio::awaitable<std::optional<Hindrance>> find_hindrance(pg::Connection& source, std::string slot);

}  // namespace crossfade::wal
