#include "wal/replication_message.h"

#include "wal/byte_reader.h"

namespace crossfade::wal {

ReplicationMessage read_replication_message(std::string_view bytes) {
  ByteReader in(bytes, "replication message");
  ReplicationMessage message;
  switch (in.number<char>()) {
    case 'w':
      in.bytes(3 * sizeof(std::uint64_t));
      message.kind = ReplicationMessage::Kind::kData;
      message.data = in.rest();
      return message;
    case 'k':
      message.kind = ReplicationMessage::Kind::kKeepalive;
      message.sent = Lsn{in.number<std::uint64_t>()};
      in.number<std::uint64_t>();
      message.reply_requested = in.number<std::uint8_t>() != 0;
      in.expect_end();
      return message;
    default:
      throw in.malformed("it is neither data nor a keepalive");
  }
}

std::string write_status_update(const StatusUpdate& update) {
  std::string out = "r";
  const auto append = [&](std::uint64_t value) {
    for (int shift = 56; shift >= 0; shift -= 8) out.push_back(static_cast<char>(value >> shift & 0xFF));
  };
  append(update.received.bytes);
  append(update.flushed.bytes);
  append(update.flushed.bytes);  // applied
  append(static_cast<std::uint64_t>(update.clock));
  out.push_back(update.ask_for_reply ? 1 : 0);
  return out;
}

}  // namespace crossfade::wal
