#include "mapping/file/yaml_tree.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <sstream>
#include <utility>

#include "mapping/sql/scan.h"

namespace crossfade::mapping {
namespace {

/// The walk over the tree is recursive; no honest migration nests deeper than 8.
constexpr std::size_t kMaxDepth = 16;
constexpr std::size_t kMaxBytes = 1U << 20U;

/// Words that YAML takes for something else.
constexpr std::array<std::string_view, 10> kWords = {"null", "true", "false", "yes", "no", "on", "off", "y", "n", "~"};

/// Builds the tree from the parser's events. yaml-cpp's own tree forgets aliases and tags, and lets the last of two equal
/// keys win without a word.
class TreeBuilder : public YAML::EventHandler {
 public:
  explicit TreeBuilder(std::string_view file) : file_(file) {}

  YamlNode take() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { add(node(YamlNode::Kind::kNull, mark, "", anchor)); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    throw yaml_failure(file_, at(mark), "an alias (*name) is not allowed here", "Write the value out where it is meant.");
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, const std::string& value) override {
    auto scalar = node(YamlNode::Kind::kScalar, mark, tag, anchor);
    scalar.text = value;
    add(std::move(scalar));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(node(YamlNode::Kind::kSequence, mark, tag, anchor));
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(node(YamlNode::Kind::kMapping, mark, tag, anchor));
  }
  void OnMapEnd() override { close(); }

 private:
  static YamlNode at(const YAML::Mark& mark) {
    YamlNode place;
    place.line = mark.line + 1;
    place.column = mark.column + 1;
    return place;
  }

  YamlNode node(YamlNode::Kind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) const {
    auto made = at(mark);
    made.kind = kind;
    if (anchor != 0) {
      throw yaml_failure(file_, made, "an anchor (&name) is not allowed here", "Remove it; every value is written out.");
    }
    // The parser itself writes "?" for a plain value and "!" for a quoted one.
    if (!tag.empty() && tag != "?" && tag != "!") {
      throw yaml_failure(file_, made, fmt::format("the tag {} is not allowed here", tag),
                         "Remove it; the type follows from the key.");
    }
    return made;
  }

  bool expects_key() const {
    return !open_.empty() && open_.back().kind == YamlNode::Kind::kMapping &&
           open_.back().keys.size() == open_.back().values.size();
  }

  void open(YamlNode container) {
    if (expects_key()) throw yaml_failure(file_, container, "a key must be a word", "Put the key into quotes.");
    if (open_.size() == kMaxDepth) {
      throw yaml_failure(file_, container, fmt::format("nested deeper than {} levels", kMaxDepth),
                         "A migration needs no more than eight; look for a bracket that is not closed.");
    }
    open_.push_back(std::move(container));
  }

  void close() {
    auto done = std::move(open_.back());
    open_.pop_back();
    add(std::move(done));
  }

  void add(YamlNode child) {
    if (open_.empty()) {
      root_ = std::move(child);
      return;
    }
    auto& parent = open_.back();
    if (!expects_key()) {
      // The parser notices that a value is missing at whatever comes next.
      if (child.kind == YamlNode::Kind::kNull && !parent.keys.empty()) {
        child.line = parent.keys.back().line;
        child.column = parent.keys.back().column;
      }
      parent.values.push_back(std::move(child));
      return;
    }
    if (child.kind != YamlNode::Kind::kScalar) throw yaml_failure(file_, child, "a key is missing", "Name the value.");
    const auto first = std::find_if(parent.keys.begin(), parent.keys.end(),
                                    [&](const YamlNode& key) { return key.text == child.text; });
    if (first != parent.keys.end()) {
      throw yaml_failure(file_, child, fmt::format("the key \"{}\" stands here twice", child.text),
                         fmt::format("The first is in line {}. Join the two, or remove one.", first->line));
    }
    parent.keys.push_back(std::move(child));
  }

  std::string_view file_;
  YamlNode root_;
  std::vector<YamlNode> open_;
};

}  // namespace

bool is_plain_yaml(std::string_view word) {
  std::string lower(word);
  for (auto& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return is_plain_identifier(lower) && std::find(kWords.begin(), kWords.end(), lower) == kWords.end();
}

Failure yaml_failure(std::string_view file, const YamlNode& node, std::string_view message, std::string advice) {
  return usage_failure(fmt::format("{}:{}:{}: {}", file, node.line, node.column, message), std::move(advice));
}

YamlNode parse_yaml(std::string_view file, const std::string& text) {
  YamlNode start;
  start.line = start.column = 1;
  if (text.size() > kMaxBytes) {
    throw yaml_failure(file, start, fmt::format("{} bytes are more than a migration file may have", text.size()),
                       "The limit is 1 MiB. SQL belongs into the folder's .sql files.");
  }
  TreeBuilder builder(file);
  try {
    std::istringstream stream(text);
    YAML::Parser parser(stream);
    if (!parser.HandleNextDocument(builder)) throw yaml_failure(file, start, "the file is empty", "Begin with migration: NAME.");
    auto root = builder.take();
    TreeBuilder second(file);
    if (parser.HandleNextDocument(second)) {
      throw yaml_failure(file, second.take(), "a second document begins here", "One file holds one migration; remove the --- line.");
    }
    return root;
  } catch (const YAML::Exception& error) {
    YamlNode place;
    place.line = error.mark.line + 1;
    place.column = error.mark.column + 1;
    throw yaml_failure(file, place, error.msg, "Mend the YAML at this place; a missing quote or bracket above it is usual.");
  }
}

}  // namespace crossfade::mapping
