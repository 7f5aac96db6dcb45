#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/value/key.h"
#include "lint/source_shape.h"
#include "pg/connection.h"

namespace crossfade::lint {

namespace asio = boost::asio;

/// A source's row before and after a change; nothing where it was not there. Values in the order of the source's columns.
struct RowImages {
  SourceId source;
  std::optional<KeyValues> before;
  std::optional<KeyValues> after;
};

/// Makes the temporary tables that the sources are held against. One shape a source.
asio::awaitable<void> make_source_copies(pg::Connection& connection, const ById<SourceId, SourceShape>& shapes);

/// Every row of the copies, as if it had just been inserted.
asio::awaitable<std::vector<RowImages>> read_copies(pg::Connection& connection, const ById<SourceId, SourceShape>& shapes);

/// What this transaction has written to each of the sources so far, whether or not it took that back.
struct Written {
  std::uint64_t rows = 0;
  std::string otherwise;     ///< differs after what is not told in rows
  bool operator==(const Written&) const = default;
};
asio::awaitable<ById<SourceId, Written>> read_written(pg::Connection& connection, const ById<SourceId, SourceShape>& shapes);

/// How the sources that `before` and `after` tell apart differ from their copies, by cascades and triggers too.
asio::awaitable<std::vector<RowImages>> find_changed(pg::Connection& connection, const ById<SourceId, SourceShape>& shapes,
                                                     const ById<SourceId, Written>& before, const ById<SourceId, Written>& after);

/// Brings the copies of the sources that have `changed` to the same state.
asio::awaitable<void> renew_copies(pg::Connection& connection, const ById<SourceId, SourceShape>& shapes, const std::vector<RowImages>& changed);

}  // namespace crossfade::lint
