#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace crossfade::mapping {

/// A part of a view's rule as pg_rewrite.ev_action prints it: a node, {VAR :varno 3 …}; a list, (… …); or a word, true.
struct RuleNode {
  std::string tag;                         ///< of a node
  std::string word;                        ///< of a word; "<>" stands for nothing
  std::map<std::string, RuleNode> fields;  ///< of a node, by their names without the colon
  std::vector<RuleNode> elements;          ///< of a list

  /// An empty word where there is no such field.
  const RuleNode& at(const std::string& field) const;
  long integer(const std::string& field) const;
  bool is(std::string_view node) const { return tag == node; }
  bool nothing() const { return tag.empty() && elements.empty() && (word.empty() || word == "<>"); }
};

/// Of a value that is printed as several words the first.
RuleNode read_rule(std::string_view text);

}  // namespace crossfade::mapping
