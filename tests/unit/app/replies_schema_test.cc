#include <fmt/format.h>
#include <google/protobuf/descriptor.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "crossfade/v1/amend.pb.h"
#include "crossfade/v1/backup.pb.h"
#include "crossfade/v1/compare.pb.h"
#include "crossfade/v1/explain.pb.h"
#include "crossfade/v1/import.pb.h"
#include "crossfade/v1/init.pb.h"
#include "crossfade/v1/lint.pb.h"
#include "crossfade/v1/plan.pb.h"
#include "crossfade/v1/reply.pb.h"
#include "crossfade/v1/verify.pb.h"

namespace crossfade::app {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

std::string object(const Descriptor& message);

std::string schema_of(const FieldDescriptor& field) {
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) return object(*field.message_type());
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING: return R"({"type": "string"})";
    case FieldDescriptor::CPPTYPE_BOOL: return R"({"type": "boolean"})";
    default: return R"({"type": "number"})";
  }
}

/// One that may be null.
std::string or_null(std::string schema) {
  const std::string type = R"({"type": )";
  const auto end = schema.find('"', type.size() + 1) + 1;
  return type + "[" + schema.substr(type.size(), end - type.size()) + R"(, "null"])" + schema.substr(end);
}

std::string object(const Descriptor& message) {
  std::string properties, required;
  for (int n = 0; n < message.field_count(); ++n) {
    const auto& field = *message.field(n);
    auto schema = schema_of(field);
    if (field.is_repeated()) schema = fmt::format(R"({{"type": "array", "items": {}}})", schema);
    if (field.has_optional_keyword()) schema = or_null(std::move(schema));
    properties += fmt::format(R"({}"{}": {})", n == 0 ? "" : ", ", field.name(), schema);
    required += fmt::format(R"({}"{}")", n == 0 ? "" : ", ", field.name());
  }
  return fmt::format(R"({{"type": "object", "properties": {{{}}}, "required": [{}], "additionalProperties": false}})", properties, required);
}

/// By what a definition is called: a command, or what of it.
const std::vector<std::pair<std::string, const Descriptor*>>& all_replies() {
  static const std::vector<std::pair<std::string, const Descriptor*>> replies = {
      {"account", v1::AccountReply::descriptor()},
      {"amend", v1::AmendReply::descriptor()},
      {"backup", v1::Backup::descriptor()},
      {"check", v1::CheckReply::descriptor()},
      {"compare", v1::CompareReply::descriptor()},
      {"did: prepare, pause, resume, complete, cancel", v1::Did::descriptor()},
      {"dry-run of a flip", v1::CutoverPlan::descriptor()},
      {"dry-run of prepare", v1::Preparation::descriptor()},
      {"doctor", v1::Doctor::descriptor()},
      {"error: what failed, on stderr", v1::Error::descriptor()},
      {"event: finding", v1::FindingEvent::descriptor()},
      {"event: progress", v1::ProgressEvent::descriptor()},
      {"explain KEY", v1::ExplainReply::descriptor()},
      {"explain TARGET", v1::ExplainCostReply::descriptor()},
      {"flip: cutover, rollback", v1::Flip::descriptor()},
      {"history", v1::History::descriptor()},
      {"import", v1::Import::descriptor()},
      {"init", v1::Init::descriptor()},
      {"keys changed: quarantine retry, quarantine accept, refresh", v1::KeysChanged::descriptor()},
      {"lint", v1::LintReply::descriptor()},
      {"partial: what was ended before it was done", v1::Partial::descriptor()},
      {"plan", v1::PlanReply::descriptor()},
      {"quarantine", v1::Quarantine::descriptor()},
      {"rehearse", v1::Rehearsal::descriptor()},
      {"report", v1::Report::descriptor()},
      {"throttle", v1::Throttle::descriptor()},
      {"verify", v1::VerifyReply::descriptor()},
      {"version", v1::Version::descriptor()},
      {"wait", v1::Waited::descriptor()},
  };
  return replies;
}

std::string all_of_them() {
  const auto& replies = all_replies();
  std::string text = "{\n  \"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n"
                     "  \"title\": \"what commands print with --json; status has a schema of its own\",\n  \"definitions\": {";
  for (const auto& [name, message] : replies) text += fmt::format("{}\n    \"{}\": {}", name == replies.front().first ? "" : ",", name, object(*message));
  return text + "\n  }\n}\n";
}

// Stable: what changes here is seen in the diff of the page that scripts rely on. CROSSFADE_UPDATE_GOLDEN=1 writes it anew.
TEST(RepliesSchema, IsWhatTheMessagesSay) {
  if (std::getenv("CROSSFADE_UPDATE_GOLDEN")) std::ofstream(CROSSFADE_REPLIES_SCHEMA) << all_of_them();
  std::ifstream file(CROSSFADE_REPLIES_SCHEMA);
  const std::string documented{std::istreambuf_iterator<char>(file), {}};
  EXPECT_EQ(documented, all_of_them());
}

// A script that asks what to do finds it at the same place whatever it has called.
TEST(RepliesSchema, EveryReplyHasNextSteps) {
  for (const auto& [name, message] : all_replies()) {
    if (name.starts_with("event: ") || name.starts_with("error: ")) continue;
    const auto* steps = message->FindFieldByName("next_steps");
    ASSERT_NE(steps, nullptr) << name;
    EXPECT_TRUE(steps->is_repeated()) << name;
  }
}

}  // namespace
}  // namespace crossfade::app
