#include "wal/pgoutput.h"

#include <utility>

#include "wal/byte_reader.h"

namespace crossfade::wal {
namespace {

std::string_view name_of(MessageKind kind) {
  switch (kind) {
    case MessageKind::kBegin:
      return "Begin message";
    case MessageKind::kCommit:
      return "Commit message";
    case MessageKind::kOrigin:
      return "Origin message";
    case MessageKind::kRelation:
      return "Relation message";
    case MessageKind::kType:
      return "Type message";
    case MessageKind::kInsert:
      return "Insert message";
    case MessageKind::kUpdate:
      return "Update message";
    case MessageKind::kDelete:
      return "Delete message";
    case MessageKind::kTruncate:
      return "Truncate message";
    case MessageKind::kMessage:
      return "logical message";
  }
  return "";
}

void read_tuple(ByteReader& in, Tuple& tuple) {
  const auto count = in.number<std::uint16_t>();
  tuple.resize(count);
  for (auto& column : tuple) {
    const auto kind = in.number<char>();
    column.text = {};
    switch (kind) {
      case 'n':
      case 'u':
        break;
      case 't':
      case 'b':
        column.text = in.bytes(in.number<std::uint32_t>());
        break;
      default:
        throw in.malformed("a column is of an unknown kind");
    }
    column.kind = static_cast<TupleColumn::Kind>(kind);
  }
}

void read_relation(ByteReader& in, Relation& relation) {
  relation = Relation{};
  relation.oid = in.number<std::uint32_t>();
  relation.schema = in.string();
  if (relation.schema.empty()) relation.schema = "pg_catalog";
  relation.name = in.string();
  relation.identity = in.number<char>();
  const auto count = in.number<std::uint16_t>();
  for (std::uint16_t n = 0; n < count; ++n) {
    Relation::Column column;
    column.in_identity = (in.number<std::uint8_t>() & 1U) != 0;
    column.name = in.string();
    column.type_oid = in.number<std::uint32_t>();
    in.number<std::int32_t>();  // the type's modifier
    relation.columns.push_back(std::move(column));
  }
}

/// The optional old tuple, and the marker of the new one where `new_follows`.
void read_old(ByteReader& in, Message& message, bool new_follows) {
  message.old = Message::Old::kNone;
  auto marker = in.number<char>();
  if (marker == 'K' || marker == 'O') {
    message.old = static_cast<Message::Old>(marker);
    read_tuple(in, message.old_tuple);
    if (!new_follows) return;
    marker = in.number<char>();
  } else if (!new_follows) {
    throw in.malformed("the old row is missing");
  }
  if (marker != 'N') throw in.malformed("the new row is missing");
}

}  // namespace

void decode(std::string_view bytes, Message& message) {
  ByteReader start(bytes, "replication message");
  message.kind = static_cast<MessageKind>(start.number<char>());
  const auto name = name_of(message.kind);
  if (name.empty()) throw start.malformed(fmt::format("its kind {:#04x} is not known", std::uint8_t(bytes[0])));
  ByteReader in(start.rest(), name);
  switch (message.kind) {
    case MessageKind::kBegin:
      message.commit_lsn = Lsn{in.number<std::uint64_t>()};
      message.commit_time = in.number<std::int64_t>();
      message.xid = Xid{in.number<std::uint32_t>()};
      break;
    case MessageKind::kCommit:
      in.number<std::uint8_t>();  // flags, none defined
      message.commit_lsn = Lsn{in.number<std::uint64_t>()};
      message.end_lsn = Lsn{in.number<std::uint64_t>()};
      message.commit_time = in.number<std::int64_t>();
      break;
    case MessageKind::kOrigin:
      in.number<std::uint64_t>();
      in.string();
      break;
    case MessageKind::kRelation:
      read_relation(in, message.relation);
      break;
    case MessageKind::kType:
      in.number<std::uint32_t>();
      in.string();
      in.string();
      break;
    case MessageKind::kInsert:
      message.relation_oid = in.number<std::uint32_t>();
      if (in.number<char>() != 'N') throw in.malformed("the new row is missing");
      read_tuple(in, message.new_tuple);
      break;
    case MessageKind::kUpdate:
      message.relation_oid = in.number<std::uint32_t>();
      read_old(in, message, true);
      read_tuple(in, message.new_tuple);
      break;
    case MessageKind::kDelete:
      message.relation_oid = in.number<std::uint32_t>();
      read_old(in, message, false);
      break;
    case MessageKind::kTruncate: {
      const auto count = in.number<std::uint32_t>();
      in.number<std::uint8_t>();  // cascade, restart identity
      message.truncated.clear();
      for (std::uint32_t n = 0; n < count; ++n) message.truncated.push_back(in.number<std::uint32_t>());
      break;
    }
    case MessageKind::kMessage:
      message.transactional = (in.number<std::uint8_t>() & 1U) != 0;
      in.number<std::uint64_t>();  // its own position is that of no commit, and no barrier: owners match the content
      message.prefix = in.string();
      message.content = in.bytes(in.number<std::uint32_t>());
      break;
  }
  in.expect_end();
}

}  // namespace crossfade::wal
