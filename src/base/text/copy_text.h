#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace crossfade {

/// Adds a field to a line of COPY in its text format, as PostgreSQL reads it back; nothing stands for SQL NULL.
inline void append_copy_field(std::string& line, std::optional<std::string_view> field) {
  if (!field) {
    line += "\\N";
    return;
  }
  for (const char c : *field) {
    switch (c) {
      case '\\': line += "\\\\"; break;
      case '\t': line += "\\t"; break;
      case '\n': line += "\\n"; break;
      case '\r': line += "\\r"; break;
      default: line.push_back(c);
    }
  }
}

}  // namespace crossfade
