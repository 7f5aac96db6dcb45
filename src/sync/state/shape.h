#pragma once

#include <string>
#include <vector>

#include "mapping/model/model.h"
#include "pg/connection.h"

namespace crossfade::sync {

/// Something that is followed or read and is not as it was when the targets were last made right.
struct ShapeChange {
  std::string object;                ///< "member 16412", "function 16500": what the catalog calls it
  std::string title;                 ///< what people call it
  std::vector<std::string> targets;  ///< whose rows it makes
  bool in_the_way = false;           ///< a person has to mend it, by `fix`; else the daemon compares the targets anew
  std::string how;                   ///< "come", "gone", "changed", "amended"; "" where something is in the way
  std::string detail;
  std::string fix;

  /// "member" of "member 16412".
  std::string kind() const { return object.substr(0, object.find(' ')); }
};

/// What has changed, in the direction that the migration has. Empty for one that is completed or not there.
boost::asio::awaitable<std::vector<ShapeChange>> shape_changes(pg::Connection& connection, std::string migration);

/// One text for all of it as it is now; another one where anything has changed since, be it back.
boost::asio::awaitable<std::string> shape_fingerprint(pg::Connection& connection, const mapping::Model& model);

/// What the stream tells of, as one text, in the direction that the migration has: another one where publication or partitions have changed
/// since, be it back.
boost::asio::awaitable<std::string> stream_tells(pg::Connection& connection, std::string migration);

/// Has the sources and views of `model` watched from now on, and remembers how they are where nothing was remembered yet.
boost::asio::awaitable<void> watch_shape(pg::Connection& connection, const mapping::Model& model);

/// The watching alone, in the caller's transaction.
boost::asio::awaitable<void> write_watched(pg::Connection& connection, const mapping::Model& model);

/// In the caller's transaction: the targets are being made right by the shape as it is at its snapshot.
boost::asio::awaitable<void> accept_shape(pg::Connection& connection, const mapping::Model& model);

/// A comparison proves nothing while something is in the way: throws a precondition Failure that says what and how to mend it.
boost::asio::awaitable<void> expect_nothing_in_the_way(pg::Connection& connection, std::string migration);

/// A flip wants more: that the targets were made right by this very shape.
boost::asio::awaitable<void> expect_unchanged(pg::Connection& connection, std::string migration);

}  // namespace crossfade::sync
