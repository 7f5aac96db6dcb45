#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error/failure.h"

namespace crossfade::mapping {

/// A piece of a YAML document with its place in the file. Scalars are plain text: what they mean is the schema's affair,
/// so that `no`, `1e3` and `0755` stay what was written.
struct YamlNode {
  enum class Kind { kNull, kScalar, kSequence, kMapping };

  Kind kind = Kind::kNull;
  std::string text;              ///< of a scalar
  int line = 0;                  ///< from 1
  int column = 0;                ///< from 1
  std::vector<YamlNode> keys;    ///< of a mapping: scalars, all different, in the file's order
  std::vector<YamlNode> values;  ///< of a mapping, one a key; of a sequence, its elements
};

/// Reads one YAML document from `text`; `file` is its name in messages. Throws a usage Failure that begins with
/// "file:line:column:" for what does not parse and for what would surprise somebody: duplicate keys, anchors and aliases,
/// tags, several documents, nesting deeper than 16, more than 1 MiB.
YamlNode parse_yaml(std::string_view file, const std::string& text);

/// Whether YAML takes it without quotes for the text that it is.
bool is_plain_yaml(std::string_view word);

/// The Failure for something at `node`'s place.
Failure yaml_failure(std::string_view file, const YamlNode& node, std::string_view message, std::string advice);

}  // namespace crossfade::mapping
