#include "api/status_text.h"

#include <fmt/format.h>
#include <google/protobuf/reflection.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace crossfade::api {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Struct;
using google::protobuf::Value;

/// Protobuf's own JSON leaves out what is not set; ours says null, so that a script can tell "unknown" from "renamed".
Struct as_struct(const Message& message);

Value as_value(const Message& message, const FieldDescriptor& field, int index) {
  const auto& reflection = *message.GetReflection();
  const bool one = index < 0;
  Value value;
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_DOUBLE:
      value.set_number_value(one ? reflection.GetDouble(message, &field) : reflection.GetRepeatedDouble(message, &field, index));
      break;
    case FieldDescriptor::CPPTYPE_BOOL:
      value.set_bool_value(reflection.GetBool(message, &field));
      break;
    case FieldDescriptor::CPPTYPE_STRING:
      value.set_string_value(one ? reflection.GetString(message, &field) : reflection.GetRepeatedString(message, &field, index));
      break;
    case FieldDescriptor::CPPTYPE_MESSAGE:
      *value.mutable_struct_value() = as_struct(one ? reflection.GetMessage(message, &field) : reflection.GetRepeatedMessage(message, &field, index));
      break;
    default:
      value.set_null_value(google::protobuf::NULL_VALUE);
  }
  return value;
}

Struct as_struct(const Message& message) {
  Struct out;
  const auto& reflection = *message.GetReflection();
  for (int n = 0; n < message.GetDescriptor()->field_count(); ++n) {
    const auto& field = *message.GetDescriptor()->field(n);
    auto& value = (*out.mutable_fields())[field.name()];
    if (field.is_repeated()) {
      auto& list = *value.mutable_list_value();
      for (int each = 0; each < reflection.FieldSize(message, &field); ++each) *list.add_values() = as_value(message, field, each);
    } else if (field.has_presence() && !reflection.HasField(message, &field)) {
      value.set_null_value(google::protobuf::NULL_VALUE);
    } else {
      value = as_value(message, field, -1);
    }
  }
  return out;
}

std::string bar(double share) {
  constexpr int kWidth = 24;
  const int full = static_cast<int>(std::floor(std::clamp(share, 0.0, 1.0) * kWidth));
  return std::string(static_cast<std::size_t>(full), '#') + std::string(static_cast<std::size_t>(kWidth - full), '.');
}

}  // namespace

std::string human_bytes(double bytes) {
  constexpr std::array kUnits = {"B", "KiB", "MiB", "GiB", "TiB"};
  std::size_t unit = 0;
  for (; bytes >= 1024 && unit + 1 < kUnits.size(); ++unit) bytes /= 1024;
  return unit == 0 ? fmt::format("{:.0f} B", bytes) : fmt::format("{:.1f} {}", bytes, kUnits[unit]);
}

std::string human_count(double count) {
  auto digits = fmt::format("{:.0f}", count);
  for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3) digits.insert(static_cast<std::size_t>(at), ",");
  return digits;
}

std::string human_seconds(double seconds) {
  if (seconds < 0.0995) return fmt::format("{:.0f} ms", seconds * 1000);
  if (seconds < 120) return fmt::format("{:.1f} s", seconds);
  if (seconds < 7200) return fmt::format("{:.0f} min", seconds / 60);
  return fmt::format("{:.1f} h", seconds / 3600);
}

std::string status_json(const v1::Status& status) {
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = true;
  std::string json;
  (void)google::protobuf::util::MessageToJsonString(as_struct(status), &json, options);
  return json;
}

std::string status_block(const v1::Status& status, double now) {
  std::string text;
  const auto line = [&](std::string_view name, const std::string& value) { text += fmt::format("{:<13}{}\n", name, value); };
  line("migration", status.migration());
  line("phase", fmt::format("{}{}{}, for {}", status.phase(), status.catching_up() ? ", catching up" : "", status.paused() ? ", paused" : "",
                            human_seconds(std::max(0.0, now - status.phase_since()))));
  for (const auto& target : status.backfill().targets()) {
    // The estimate is the planner's; it never makes more than 99 % of what is not finished.
    const auto share = target.finished() ? 1.0 : target.estimated_rows() > 0 ? std::min(0.99, target.done_rows() / target.estimated_rows()) : 0.0;
    if (status.phase() == "following") continue;
    line("", fmt::format("{:<26}{} {:>3.0f} %  {} rows", target.name(), bar(share), share * 100, human_count(target.done_rows())));
  }
  if (status.phase() != "following") {
    line("backfill", fmt::format("{} rows, {} rows/s{}", human_count(status.backfill().done_rows()), human_count(status.backfill().rows_per_second()),
                                 status.backfill().has_eta_seconds() ? ", about " + human_seconds(status.backfill().eta_seconds()) + " left" : ""));
  }
  line("reads", fmt::format("{} ({:g} % of keys on v2)", status.reads().side(), status.reads().percent()));
  line("lag", fmt::format("{}; to receive {}, to apply {}, to confirm {}",
                          status.lag().has_seconds() ? human_seconds(status.lag().seconds()) : "not known yet",
                          human_bytes(status.lag().bytes().received()), human_bytes(status.lag().bytes().applied()),
                          human_bytes(status.lag().bytes().confirmed())));
  line("slot", fmt::format("{}, {}, {}, keeps {}{}", status.slot().name(), status.slot().active() ? "active" : "not active", status.slot().wal_status(),
                           human_bytes(status.slot().retained_bytes()),
                           status.slot().has_safe_bytes() ? ", safe for " + human_bytes(status.slot().safe_bytes()) + " more" : ""));
  line("waiting", fmt::format("{} keys in memory, {} set down", human_count(status.pending_keys()), human_count(status.dirty_keys())));
  line("quarantine", status.quarantined() > 0 ? human_count(status.quarantined()) + " keys" : std::string("empty"));
  if (status.has_throttled()) line("held back", fmt::format("by {}, for {}", status.throttled().by(), human_seconds(now - status.throttled().since())));
  line("verified", status.has_verification()
                       ? fmt::format("{} ago at {}: {} rows compared, {} drifted", human_seconds(status.verification().age_seconds()), status.verification().lsn(),
                                     human_count(status.verification().compared_rows()), human_count(status.verification().drifted_rows()))
                       : std::string("never"));
  if (status.has_unaccounted_rows()) line("unaccounted", human_count(status.unaccounted_rows()) + " source rows");
  for (const auto& blocker : status.blockers()) line("in the way", fmt::format("{}: {} → {}", blocker.reason(), blocker.detail(), blocker.fix()));
  for (const auto& step : status.next_steps()) line("next", step);
  return text;
}

}  // namespace crossfade::api
