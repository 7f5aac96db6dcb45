#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/value/lsn.h"
#include "base/value/snapshot.h"

namespace crossfade::wal {

/// One value of a tuple. Views point into the message it was decoded from.
struct TupleColumn {
  enum class Kind : char {
    kNull = 'n',
    kUnchanged = 'u',  ///< an out-of-line value that was not touched and is not sent; can stand in any new tuple
    kText = 't',
    kBinary = 'b',
  };
  Kind kind = Kind::kNull;
  std::string_view text;
};
using Tuple = std::vector<TupleColumn>;

/// A table as the walsender describes it: no attribute numbers, and a column dropped and added again does not show.
struct Relation {
  struct Column {
    std::string name;
    std::uint32_t type_oid = 0;
    bool in_identity = false;
  };
  std::uint32_t oid = 0;
  std::string schema;  ///< never empty: the wire's "" is pg_catalog
  std::string name;
  char identity = 'd';  ///< pg_class.relreplident
  std::vector<Column> columns;
};

enum class MessageKind : char {
  kBegin = 'B',
  kCommit = 'C',
  kOrigin = 'O',
  kRelation = 'R',
  kType = 'Y',
  kInsert = 'I',
  kUpdate = 'U',
  kDelete = 'D',
  kTruncate = 'T',
  kMessage = 'M',
};

/// One message of pgoutput, protocol version 1 or 2 without streaming. Only the members named at a kind are set.
struct Message {
  /// What the old tuple of an update or delete holds. Absent when the identity did not change.
  enum class Old : char { kNone = 0, kKey = 'K', kFull = 'O' };

  MessageKind kind = MessageKind::kBegin;
  Xid xid;                         ///< kBegin
  Lsn commit_lsn;                  ///< kBegin (as final_lsn), kCommit: where the commit record begins
  Lsn end_lsn;                     ///< kCommit: behind the commit record; this is what gets confirmed
  std::int64_t commit_time = 0;    ///< kBegin, kCommit: microseconds since 2000-01-01, the origin's where there is one
  Relation relation;               ///< kRelation
  std::uint32_t relation_oid = 0;  ///< kInsert, kUpdate, kDelete
  Old old = Old::kNone;            ///< kUpdate, kDelete
  Tuple old_tuple;                 ///< under kKey, columns outside the identity come as null: that is not NULL
  Tuple new_tuple;                 ///< kInsert, kUpdate
  std::vector<std::uint32_t> truncated;  ///< kTruncate: several tables at once
  bool transactional = false;            ///< kMessage
  std::string_view prefix;               ///< kMessage
  std::string_view content;              ///< kMessage
};

/// Reads one message into `message`, whose vectors are used again, so that a row costs no allocation. Total: any bytes
/// give a message or a Failure. An unknown kind is a Failure too; skipping it could lose a change.
void decode(std::string_view bytes, Message& message);

}  // namespace crossfade::wal
