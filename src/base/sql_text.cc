#include "base/sql_text.h"

#include <fmt/format.h>

#include "base/failure.h"

namespace crossfade {
namespace {

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

}  // namespace crossfade
