#include "wal/replication_message.h"

#include <gtest/gtest.h>

#include "base/error/failure.h"
#include "unit/wal/message_builder.h"

namespace crossfade::wal {
namespace {

using Kind = ReplicationMessage::Kind;

std::string keepalive(std::uint64_t sent, int reply) { return test::Bytes('k').int64(sent).int64(99).byte(reply); }

TEST(ReplicationMessage, DataIsWhatStandsBehindTheHeader) {
  const std::string bytes = test::Bytes('w').int64(1).int64(2).int64(3).raw("payload");
  const auto message = read_replication_message(bytes);
  EXPECT_EQ(message.kind, Kind::kData);
  EXPECT_EQ(message.data, "payload");
}

TEST(ReplicationMessage, AKeepaliveSaysHowFarTheServerHasSent) {
  const auto message = read_replication_message(keepalive(0x16'B374D848, 0));
  EXPECT_EQ(message.kind, Kind::kKeepalive);
  EXPECT_EQ(message.sent, Lsn{0x16'B374D848});
  EXPECT_FALSE(message.reply_requested);
  EXPECT_TRUE(read_replication_message(keepalive(1, 1)).reply_requested);
}

TEST(ReplicationMessage, EveryTruncationOfAHeaderIsAFailure) {
  const std::string header = test::Bytes('w').int64(1).int64(2).int64(3);
  for (const auto& whole : {header, keepalive(1, 1)}) {
    for (std::size_t length = 0; length < whole.size(); ++length) {
      EXPECT_THROW(read_replication_message(whole.substr(0, length)), Failure) << whole[0] << ' ' << length;
    }
  }
}

TEST(ReplicationMessage, AKeepaliveWithAByteTooMuchIsAFailure) {
  EXPECT_THROW(read_replication_message(keepalive(1, 1) + "x"), Failure);
}

TEST(ReplicationMessage, AnythingElseIsAFailure) {
  EXPECT_THROW(read_replication_message("r"), Failure);
  EXPECT_THROW(read_replication_message("p12345678"), Failure);
}

TEST(ReplicationMessage, AStatusUpdateReportsWhatMayBeForgottenAsFlushedAndApplied) {
  StatusUpdate update;
  update.received = Lsn{3};
  update.flushed = Lsn{2};
  update.clock = -1;
  update.ask_for_reply = true;
  const std::string expected = test::Bytes('r').int64(3).int64(2).int64(2).int64(~std::uint64_t{0}).byte(1);
  EXPECT_EQ(write_status_update(update), expected);
}

}  // namespace
}  // namespace crossfade::wal
