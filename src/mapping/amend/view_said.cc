#include "mapping/amend/view_said.h"

#include <map>
#include <vector>

#include "mapping/sql/scan.h"

namespace crossfade::mapping {
namespace {

/// Statements by the view that they make; all others under "".
std::map<std::string, std::string> statements_of(const std::string& script) {
  std::map<std::string, std::string> texts;
  std::vector<Token> statement;
  const auto view = [&]() -> std::string {
    std::size_t at = 0;
    const auto word = [&](std::string_view name) {
      if (at >= statement.size() || !statement[at].is_name(name)) return false;
      ++at;
      return true;
    };
    if (!word("create")) return "";
    if (word("or") && !word("replace")) return "";
    if (!word("view") || at >= statement.size()) return "";
    while (at + 2 < statement.size() && statement[at + 1].is_sign(".")) at += 2;
    return statement[at].text;
  };
  const auto end = [&] {
    auto& text = texts[view()];
    for (const auto& token : statement) text += token.text + ' ';
    text += ';';
    statement.clear();
  };
  for (const auto& token : scan(script)) {
    if (token.kind == Token::Kind::kComment) continue;
    if (!token.is_sign(";")) {
      statement.push_back(token);
    } else if (!statement.empty()) {
      end();
    }
  }
  if (!statement.empty()) end();
  return texts;
}

}  // namespace

bool view_said_alike(const std::string& before, const std::string& now, const std::string& name) {
  if (before == now) return true;
  auto one = statements_of(before);
  auto other = statements_of(now);
  // Of what cannot be scanned nothing is known.
  if (one.empty() || other.empty()) return false;
  return one[name] == other[name] && one[""] == other[""];
}

}  // namespace crossfade::mapping
