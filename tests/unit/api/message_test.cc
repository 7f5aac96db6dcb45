#include "api/message.h"

#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <limits>

#include "base/error/failure.h"
#include "crossfade/v1/control.pb.h"
#include "crossfade/v1/status.pb.h"

namespace crossfade::api {
namespace {

Request posted(const std::string& body) { return {"POST", "/v1/verify", body}; }

TEST(MessageTest, TextIsEscapedAsJsonWantsIt) {
  v1::Done done;
  done.set_message("a \"b\" \\ c\nd\x01 é");
  EXPECT_EQ(json_of(done), R"({"message":"a \"b\" \\ c\nd\u0001 é"})");
}

TEST(MessageTest, JsonReadsBackAsTheSameMessage) {
  v1::Status status;
  status.set_migration("gym \"2\"");
  status.mutable_lag()->set_seconds(0.25);
  status.mutable_backfill()->add_targets()->set_done_rows(1e15);
  status.add_next_steps("crossfade verify");
  v1::Status read;
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(json_of(status), &read).ok());
  EXPECT_EQ(json_of(read), json_of(status));
}

TEST(MessageTest, ANumberThatJsonCannotSayIsNull) {
  v1::Reads reads;
  reads.set_percent(std::numeric_limits<double>::quiet_NaN());
  EXPECT_EQ(json_of(reads), R"({"side":"","percent":null})");
}

TEST(MessageTest, ABodyIsReadAsJson) {
  v1::VerifyRequest read;
  read_body(posted(R"({"targets":["days"],"repair":true})"), read);
  EXPECT_EQ(json_of(read), R"({"targets":["days"],"repair":true})");
}

TEST(MessageTest, NoBodyIsAnEmptyMessage) {
  v1::VerifyRequest message;
  read_body(posted(""), message);
  EXPECT_FALSE(message.repair());
}

TEST(MessageTest, ABodyThatIsNotTheMessageIsRefused) {
  v1::VerifyRequest message;
  EXPECT_THROW(read_body(posted("{"), message), Failure);
  EXPECT_THROW(read_body(posted(R"({"repair":"perhaps"})"), message), Failure);
  EXPECT_THROW(read_body(posted("\xff\xff"), message), Failure);
}

TEST(MessageTest, AMisspelledFieldIsRefusedAndNotOverlooked) {
  v1::VerifyRequest message;
  try {
    read_body(posted(R"({"repiar":true})"), message);
    FAIL() << "it was taken";
  } catch (const Failure& failure) {
    EXPECT_EQ(failure.exit(), ExitCode::kUsage);
    EXPECT_NE(std::string(failure.what()).find("repiar"), std::string::npos);
  }
}

}  // namespace
}  // namespace crossfade::api
