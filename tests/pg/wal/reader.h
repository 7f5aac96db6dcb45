#pragma once

#include <map>
#include <string>
#include <vector>

#include "support/server.h"
#include "wal/stream.h"

namespace crossfade::test {

/// Follows a publication `p` of a database through a slot of the database's name, and shows what comes as text:
///
///   insert t(1, a, null)      update t(1, ~)      update t K(1, null) → (2, ~)      update t O(1, a) → (1, b)
///   delete t K(1, null)       truncate a, b       message prefix: content           relation public.t(id*, body)
///
/// `~` is a value that was not sent because it did not change, `*` a column of the replica identity.
class Reader {
 public:
  /// Publication and slot are there.
  explicit Reader(Database& database, std::string publication = "p", Lsn start = {});

  /// What belongs to the next transaction that has anything, in order and without its begin and commit. Relations and types are left out
  /// unless they are asked for.
  std::vector<std::string> transaction(bool with_relations = false);
  /// The next message that belongs to no transaction.
  std::string lone_message();
  /// Reads until received() has come to `position`, passing over what comes.
  bool receives(const std::string& position);

  /// Only sends what is due, as an owner does whose queue is full.
  void tick_for(std::chrono::milliseconds duration);
  void stop();
  /// Ends the session without a word.
  void leave() { stream_.reset(); }

  wal::Stream& stream() { return *stream_; }

 private:
  bool next();
  std::string describe(const wal::Message& message) const;

  boost::asio::io_context io_;
  std::optional<wal::Stream> stream_;
  std::map<std::uint32_t, std::string> names_;
};

}  // namespace crossfade::test
