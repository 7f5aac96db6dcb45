#include "mapping/views/say.h"

#include "base/text/sql_text.h"
#include "mapping/sql/scan.h"

namespace crossfade::mapping::views {
namespace {

/// Where the literal or the quoted name that begins at `begin` ends.
std::size_t end_of(const std::string& sql, std::size_t begin) {
  const auto quote = sql[begin];
  for (auto at = begin + 1; at < sql.size(); ++at) {
    if (sql[at] != quote) continue;
    if (at + 1 < sql.size() && sql[at + 1] == quote) ++at;
    else return at;
  }
  return sql.size() - 1;
}

std::string readable(const std::string& sql) {
  std::string text;
  for (std::size_t at = 0; at < sql.size(); ++at) {
    if (sql[at] != '"' && sql[at] != '\'') {
      text += sql[at];
      continue;
    }
    const auto end = end_of(sql, at);
    const auto name = std::string_view(sql).substr(at + 1, end - at - 1);
    const bool bare = sql[at] == '"' && is_plain_identifier(name);
    text += bare ? std::string(name) : sql.substr(at, end - at + 1);
    at = end;
    if (bare && text.ends_with("pg_catalog") && at + 1 < sql.size() && sql[at + 1] == '.') {
      text.erase(text.size() - std::string_view("pg_catalog").size());
      ++at;
    }
  }
  return text;
}

/// One pair around the whole says nothing.
std::string unwrapped(std::string text) {
  if (!text.starts_with('(') || !text.ends_with(')')) return text;
  int open = 0;
  for (std::size_t n = 0; n + 1 < text.size(); ++n) {
    open += text[n] == '(' ? 1 : text[n] == ')' ? -1 : 0;
    if (open == 0) return text;
  }
  return text.substr(1, text.size() - 2);
}

}  // namespace

std::string sql_name(const std::string& name) {
  if (!is_plain_identifier(name)) return quote_identifier(name);
  const bool keyword = !derive::parse("select " + name + " from " + name + " " + name).refusal.empty();
  return keyword ? quote_identifier(name) : name;
}

std::string say(const derive::Node& node) {
  const auto sql = derive::print(node);
  return sql ? unwrapped(readable(*sql)) : "…";
}

std::string say(const std::vector<const derive::Node*>& nodes, std::string_view between) {
  std::string text;
  for (const auto* node : nodes) text.append(text.empty() ? "" : between).append(say(*node));
  return text;
}

}  // namespace crossfade::mapping::views
