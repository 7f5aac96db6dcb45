#include "api/message.h"

#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <limits>

#include "base/error/failure.h"
#include "crossfade/v1/control.pb.h"
#include "crossfade/v1/status.pb.h"

namespace crossfade::api {
namespace {

Request posted(const std::string& body, const std::string& content_type = "application/json") {
  return {"POST", "/v1/verify", body, content_type};
}

v1::VerifyRequest days_repaired() {
  v1::VerifyRequest message;
  message.add_targets("days");
  message.set_repair(true);
  return message;
}

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

TEST(MessageTest, ABodyIsReadAsJsonOrAsProtobuf) {
  v1::VerifyRequest from_json;
  read_body(posted(R"({"targets":["days"],"repair":true})"), from_json);
  EXPECT_EQ(json_of(from_json), json_of(days_repaired()));
  v1::VerifyRequest from_protobuf;
  read_body(posted(days_repaired().SerializeAsString(), "application/x-protobuf"), from_protobuf);
  EXPECT_EQ(json_of(from_protobuf), json_of(days_repaired()));
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
  EXPECT_THROW(read_body(posted("\xff\xff", "application/x-protobuf"), message), Failure);
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

TEST(MessageTest, TheAnswerComesInTheFormOfTheQuestion) {
  EXPECT_EQ(answer_with(posted("{}"), days_repaired()).content_type, "application/json");
  const auto binary = answer_with(posted("", "application/x-protobuf"), days_repaired());
  EXPECT_EQ(binary.content_type, "application/x-protobuf");
  EXPECT_EQ(binary.body, days_repaired().SerializeAsString());
}

}  // namespace
}  // namespace crossfade::api
