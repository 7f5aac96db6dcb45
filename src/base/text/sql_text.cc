#include "base/text/sql_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/error/failure.h"

namespace crossfade {
namespace {

/// How many bytes the character of UTF-8 has that `bytes` begins with; 0: it begins with none, or with a zero byte.
std::size_t character_at(std::string_view bytes) {
  const auto byte = [&](std::size_t at) { return at < bytes.size() ? static_cast<unsigned char>(bytes[at]) : 0U; };
  const auto first = byte(0);
  if (first == 0) return 0;
  if (first < 0x80) return 1;
  // The first bytes of characters of two, three and four bytes, and the first of none again.
  constexpr std::array kFirsts = {0xC2U, 0xE0U, 0xF0U, 0xF5U};
  const auto above = static_cast<std::size_t>(std::upper_bound(kFirsts.begin(), kFirsts.end(), first) - kFirsts.begin());
  const std::size_t length = above == 0 || above == kFirsts.size() ? 0 : above + 1;
  for (std::size_t at = 1; at < length; ++at) {
    if ((byte(at) & 0xC0U) != 0x80) return 0;
  }
  // Longer than need be, surrogates, beyond the last character.
  const auto second = byte(1);
  const bool none = (first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F) || (first == 0xF0 && second < 0x90) || (first == 0xF4 && second > 0x8F);
  return none ? 0 : length;
}

std::string doubled(std::string_view text, char quote) {
  std::string out(1, quote);
  for (const char c : text) {
    if (c == quote) out.push_back(quote);
    out.push_back(c);
  }
  out.push_back(quote);
  return out;
}

}  // namespace

std::string quote_identifier(std::string_view name) { return doubled(name, '"'); }

std::string quote_qualified(std::string_view schema, std::string_view name) {
  return quote_identifier(schema) + "." + quote_identifier(name);
}

std::string quote_literal(std::string_view text) {
  const auto quoted = doubled(text, '\'');
  if (text.find('\\') == std::string_view::npos) return quoted;
  // With a backslash the meaning would depend on standard_conforming_strings; E'' does not.
  std::string escaped = " E";
  for (const char c : quoted) {
    if (c == '\\') escaped.push_back('\\');
    escaped.push_back(c);
  }
  return escaped;
}

std::string array_text(const std::vector<std::optional<std::string>>& elements) {
  std::string out = "{";
  for (const auto& element : elements) {
    if (out.size() > 1) out.push_back(',');
    if (!element) {
      out += "NULL";
      continue;
    }
    out.push_back('"');
    for (const char c : *element) {
      if (c == '"' || c == '\\') out.push_back('\\');
      out.push_back(c);
    }
    out.push_back('"');
  }
  out.push_back('}');
  return out;
}

std::vector<std::optional<std::string>> parse_array(std::string_view text) {
  const auto malformed = [&] { return usage_failure(fmt::format("not an array: {}", text), "report this as a defect"); };
  if (text.size() < 2 || text.front() != '{' || text.back() != '}') throw malformed();
  std::vector<std::optional<std::string>> elements;
  const std::size_t end = text.size() - 1;
  std::size_t at = 1;
  while (at < end) {
    std::string element;
    const bool quoted = text[at] == '"';
    if (quoted) ++at;
    for (;; ++at) {
      if (at >= end) {
        if (quoted) throw malformed();
        break;
      }
      if (quoted ? text[at] == '"' : text[at] == ',') break;
      if (text[at] == '\\' && ++at >= end) throw malformed();
      element.push_back(text[at]);
    }
    if (quoted) ++at;
    elements.push_back(!quoted && element == "NULL" ? std::nullopt : std::optional(std::move(element)));
    if (at < end && text[at] != ',') throw malformed();
    ++at;
  }
  return elements;
}

bool is_text(std::string_view bytes) {
  for (std::size_t at = 0; at < bytes.size();) {
    const auto length = character_at(bytes.substr(at));
    if (length == 0) return false;
    at += length;
  }
  return true;
}

std::string as_text(std::string_view bytes) {
  std::string text;
  for (std::size_t at = 0; at < bytes.size();) {
    const auto length = character_at(bytes.substr(at));
    if (length == 0) text += fmt::format("\\x{:02x}", static_cast<unsigned char>(bytes[at]));
    text += bytes.substr(at, length);
    at += std::max<std::size_t>(length, 1);
  }
  return text;
}

}  // namespace crossfade
