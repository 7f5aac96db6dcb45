#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/key.h"
#include "mapping/model.h"
#include "pg/connection.h"
#include "verify/trial.h"

namespace crossfade::verify {

namespace asio = boost::asio;

/// A source's row before and after a change; nothing where it was not there. Values in the order of the source's columns.
struct RowImages {
  std::uint16_t source = 0;
  std::optional<KeyValues> before;
  std::optional<KeyValues> after;
};

/// Makes temporary tables that the sources are held against.
asio::awaitable<void> make_source_copies(pg::Connection& connection, const mapping::Model& model);

/// How all sources differ from their copies, by cascades and triggers too. One shape a source.
asio::awaitable<std::vector<RowImages>> find_changed(pg::Connection& connection, const std::vector<SourceShape>& shapes);

/// Brings the copies of the sources that have `changed` to the same state.
asio::awaitable<void> renew_copies(pg::Connection& connection, const std::vector<SourceShape>& shapes, const std::vector<RowImages>& changed);

}  // namespace crossfade::verify
