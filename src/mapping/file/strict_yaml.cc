#include "mapping/file/strict_yaml.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <vector>

#include "base/error/failure.h"
#include "base/text/json.h"
#include "base/text/nearest_word.h"
#include "base/value/duration.h"
#include "crossfade/v1/migration.pb.h"
#include "mapping/file/yaml_tree.h"

namespace crossfade::mapping {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;
using Kind = YamlNode::Kind;

/// "Did you mean …?" where one is near, else all of them.
std::string choose_among(std::string_view written, const std::vector<std::string>& allowed) {
  if (const auto near = nearest_word(written, allowed)) return fmt::format("Did you mean \"{}\"?", *near);
  return fmt::format("Allowed: {}.", fmt::join(allowed, ", "));
}

/// Walks a document beside the descriptor of what it should be, because only here positions are known; the JSON that it
/// leaves has nothing wrong that a reader could have mended.
class JsonWriter {
 public:
  explicit JsonWriter(std::string_view file) : file_(file) {}

  std::string json;

  void message(const YamlNode& node, const Descriptor& type) {
    if (type.full_name() == "google.protobuf.Duration") return duration(node);
    if (type.options().GetExtension(v1::written_as_its_field)) {
      json += fmt::format("{{{}:", json_string(type.field(0)->name()));
      field(node, *type.field(0));
      json += '}';
      return;
    }
    expect(node, Kind::kMapping, "keys with values");
    json += '{';
    for (std::size_t n = 0; n < node.keys.size(); ++n) {
      const auto& key = node.keys[n];
      const auto* named = type.FindFieldByName(key.text);
      if (named == nullptr) {
        std::vector<std::string> names;
        for (int i = 0; i < type.field_count(); ++i) names.push_back(type.field(i)->name());
        throw yaml_failure(file_, key, fmt::format("\"{}\" is not known here", key.text), choose_among(key.text, names));
      }
      json += fmt::format("{}{}:", n == 0 ? "" : ",", json_string(key.text));
      field(node.values[n], *named);
    }
    json += '}';
  }

 private:
  void field(const YamlNode& node, const FieldDescriptor& field) {
    if (field.is_map()) return map(node, *field.message_type()->map_value());
    if (!field.is_repeated()) return value(node, field);
    // One element may stand for a list of one.
    const bool alone = field.containing_type()->options().GetExtension(v1::written_as_its_field) &&
                       node.kind == Kind::kMapping;
    json += '[';
    if (alone) {
      value(node, field);
    } else {
      expect(node, Kind::kSequence, "a list");
      for (std::size_t n = 0; n < node.values.size(); ++n) {
        if (n > 0) json += ',';
        value(node.values[n], field);
      }
    }
    json += ']';
  }

  void map(const YamlNode& node, const FieldDescriptor& type) {
    // Nothing at all is written either way: "follow: []".
    if (node.kind == Kind::kSequence && node.values.empty()) {
      json += "{}";
      return;
    }
    expect(node, Kind::kMapping, "keys with values");
    json += '{';
    for (std::size_t n = 0; n < node.keys.size(); ++n) {
      json += fmt::format("{}{}:", n == 0 ? "" : ",", json_string(node.keys[n].text));
      value(node.values[n], type);
    }
    json += '}';
  }

  void value(const YamlNode& node, const FieldDescriptor& field) {
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_MESSAGE:
        return message(node, *field.message_type());
      case FieldDescriptor::CPPTYPE_ENUM:
        return enumeration(node, *field.enum_type());
      case FieldDescriptor::CPPTYPE_UINT32:
        return number(node);
      default:
        expect(node, Kind::kScalar, "text");
        json += json_string(node.text);
    }
  }

  /// The names' common prefix ends where the first value's own word begins; that value stands for "not given".
  void enumeration(const YamlNode& node, const EnumDescriptor& type) {
    std::vector<std::string> words;
    for (int n = 1; n < type.value_count(); ++n) {
      auto word = type.value(n)->name().substr(type.value(0)->name().size() - std::string_view("UNSPECIFIED").size());
      std::transform(word.begin(), word.end(), word.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
      words.push_back(std::move(word));
    }
    expect(node, Kind::kScalar, fmt::format("{}", fmt::join(words, " or ")));
    const auto found = std::find(words.begin(), words.end(), node.text);
    if (found == words.end()) {
      throw yaml_failure(file_, node, fmt::format("\"{}\" is not {}", node.text, fmt::join(words, " or ")),
                         choose_among(node.text, words));
    }
    json += fmt::format("{}", type.value(static_cast<int>(found - words.begin()) + 1)->number());
  }

  void number(const YamlNode& node) {
    expect(node, Kind::kScalar, "a number");
    std::uint32_t read = 0;
    const auto [end, error] = std::from_chars(node.text.data(), node.text.data() + node.text.size(), read);
    if (error != std::errc() || end != node.text.data() + node.text.size()) {
      throw yaml_failure(file_, node, fmt::format("\"{}\" is not a whole number", node.text), "Write digits only.");
    }
    json += fmt::format("{}", read);
  }

  /// In Protobuf's JSON "250ms" is "0.250s".
  void duration(const YamlNode& node) {
    expect(node, Kind::kScalar, "a duration");
    try {
      const auto read = parse_duration(node.text).count();
      json += fmt::format("\"{}.{:03}s\"", read / 1000, read % 1000);
    } catch (const Failure& failure) {
      throw yaml_failure(file_, node, failure.what(), failure.advice() + ".");
    }
  }

  void expect(const YamlNode& node, Kind kind, std::string_view what) const {
    if (node.kind == kind) return;
    constexpr std::array<std::string_view, 4> kFound = {"nothing", "a single value", "a list", "keys with values"};
    throw yaml_failure(file_, node,
                       fmt::format("{} must stand here, not {}", what, kFound[static_cast<std::size_t>(node.kind)]),
                       "Compare it with the migrations that come with crossfade.");
  }

  std::string_view file_;
};

}  // namespace

void read_yaml(std::string_view file, const std::string& text, google::protobuf::Message& message) {
  const auto root = parse_yaml(file, text);
  JsonWriter writer(file);
  writer.message(root, *message.GetDescriptor());
  const auto status = google::protobuf::util::JsonStringToMessage(writer.json, &message);
  if (!status.ok()) throw usage_failure(fmt::format("{}: {}", file, status.ToString()), "Mend the file.");
}

}  // namespace crossfade::mapping
