#include "api/message.h"

#include <fmt/format.h>
#include <google/protobuf/reflection.h>
#include <google/protobuf/util/json_util.h>

#include <cmath>

#include "base/error/failure.h"
#include "base/text/json.h"

namespace crossfade::api {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

std::string number(double value) { return std::isfinite(value) ? fmt::format("{}", value) : "null"; }

std::string value_of(const Message& message, const FieldDescriptor& field) {
  const auto& reflection = *message.GetReflection();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return number(reflection.GetDouble(message, &field));
    case FieldDescriptor::CPPTYPE_INT32:
      return fmt::format("{}", reflection.GetInt32(message, &field));
    case FieldDescriptor::CPPTYPE_BOOL:
      return reflection.GetBool(message, &field) ? "true" : "false";
    case FieldDescriptor::CPPTYPE_STRING:
      return json_string(reflection.GetString(message, &field));
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return json_of(reflection.GetMessage(message, &field));
    case FieldDescriptor::CPPTYPE_INT64:
    case FieldDescriptor::CPPTYPE_UINT32:
    case FieldDescriptor::CPPTYPE_UINT64:
    case FieldDescriptor::CPPTYPE_FLOAT:
    case FieldDescriptor::CPPTYPE_ENUM:
      break;
  }
  throw std::logic_error(fmt::format("{} is of a type that has no place in our JSON", field.full_name()));
}

std::string list_of(const Message& message, const FieldDescriptor& field) {
  const auto& reflection = *message.GetReflection();
  std::string out;
  for (int n = 0; n < reflection.FieldSize(message, &field); ++n) {
    if (n > 0) out += ',';
    out += field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE
               ? json_of(reflection.GetRepeatedMessage(message, &field, n))
               : json_string(reflection.GetRepeatedString(message, &field, n));
  }
  return '[' + out + ']';
}

}  // namespace

std::string json_of(const Message& message) {
  const auto& reflection = *message.GetReflection();
  const auto& descriptor = *message.GetDescriptor();
  std::string out;
  for (int n = 0; n < descriptor.field_count(); ++n) {
    const auto& field = *descriptor.field(n);
    if (n > 0) out += ',';
    out += json_string(field.name()) + ':';
    if (field.is_repeated()) {
      out += list_of(message, field);
    } else if (field.has_optional_keyword() && !reflection.HasField(message, &field)) {
      out += "null";
    } else {
      out += value_of(message, field);
    }
  }
  return '{' + out + '}';
}

void read_body(const Request& request, Message& message) {
  if (request.body.empty()) return;
  const auto parsed = google::protobuf::util::JsonStringToMessage(request.body, &message);
  if (!parsed.ok()) throw usage_failure(fmt::format("the body is not a {}: {}", message.GetDescriptor()->name(), std::string(parsed.message())), "send JSON");
}

Response answer_with(const Message& message, int status) { return {status, "application/json", json_of(message)}; }

}  // namespace crossfade::api
