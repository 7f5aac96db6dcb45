#include "mapping/views/rule_tree.h"

#include <cstdlib>
#include <utility>

namespace crossfade::mapping {
namespace {

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  RuleNode value() {
    skip_spaces();
    if (at_end()) return {};
    if (text_[at_] == '{') return node();
    if (text_[at_] == '(') return list();
    RuleNode found;
    found.word = word();
    return found;
  }

 private:
  bool at_end() const { return at_ >= text_.size(); }
  void skip_spaces() {
    while (!at_end() && (text_[at_] == ' ' || text_[at_] == '\n')) ++at_;
  }

  /// Up to what ends it; a backslash takes the next character as it is.
  std::string word() {
    std::string read;
    for (; !at_end() && std::string_view(" \n(){}").find(text_[at_]) == std::string_view::npos; ++at_) {
      if (text_[at_] == '\\' && at_ + 1 < text_.size()) ++at_;
      read += text_[at_];
    }
    // What stands alone where a value was expected.
    if (read.empty() && !at_end()) read += text_[at_++];
    return read;
  }

  RuleNode node() {
    RuleNode read;
    ++at_;
    read.tag = word();
    for (skip_spaces(); !at_end() && text_[at_] != '}'; skip_spaces()) {
      if (text_[at_] != ':') {
        value();
        continue;
      }
      ++at_;
      auto name = word();
      read.fields.emplace(std::move(name), value());
    }
    ++at_;
    return read;
  }

  RuleNode list() {
    RuleNode read;
    ++at_;
    for (skip_spaces(); !at_end() && text_[at_] != ')'; skip_spaces()) read.elements.push_back(value());
    ++at_;
    return read;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

const RuleNode& RuleNode::at(const std::string& field) const {
  static const RuleNode kNone;
  const auto found = fields.find(field);
  return found == fields.end() ? kNone : found->second;
}

long RuleNode::integer(const std::string& field) const { return std::strtol(at(field).word.c_str(), nullptr, 10); }

RuleNode read_rule(std::string_view text) { return Reader(text).value(); }

}  // namespace crossfade::mapping
