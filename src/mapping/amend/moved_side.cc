#include "mapping/amend/moved_side.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "base/text/sql_text.h"
#include "mapping/sql/scan.h"

namespace crossfade::mapping {
namespace {

/// As the server prints it where it need not be quoted.
std::string printed(const std::string& name) { return is_plain_identifier(name) ? name : quote_identifier(name); }

/// Types whose values are names, with their schemas.
constexpr std::array<std::string_view, 9> kOfNames = {"regclass", "regcollation", "regconfig", "regdictionary", "regoper", "regoperator", "regproc", "regprocedure", "regtype"};

/// Names stand in literals too, nextval('v2.a_id_seq'::regclass), and in the bodies of functions.
class Mover {
 public:
  Mover(const std::string& from, const std::string& to) : from_(from), to_(printed(to)) {}

  std::string operator()(const std::string& text) const {
    const auto tokens = scan(text);
    std::size_t n = 0;
    return with_tokens_replaced(text, [&](const Token&) { return moved(tokens, n++); });
  }

 private:
  std::optional<std::string> moved(const std::vector<Token>& tokens, std::size_t n) const {
    const auto& token = tokens[n];
    const auto sign_at = [&](std::size_t place, std::string_view sign) { return place < tokens.size() && tokens[place].is_sign(sign); };
    if (token.is_name(from_) && sign_at(n + 1, ".") && !(n > 0 && sign_at(n - 1, "."))) return to_;
    if (token.kind != Token::Kind::kString) return std::nullopt;
    const auto quote = token.text.front() == '$' ? token.text.substr(0, token.text.find('$', 1) + 1) : "'";
    if (quote == "'" && !(token.text.front() == '\'' && is_read_as_name(tokens, n))) return std::nullopt;
    return quote + (*this)(token.text.substr(quote.size(), token.text.size() - 2 * quote.size())) + quote;
  }

  /// 'v2.a'::regclass, and its like.
  static bool is_read_as_name(const std::vector<Token>& tokens, std::size_t literal) {
    auto type = literal + 2;
    if (type >= tokens.size() || !tokens[literal + 1].is_sign("::")) return false;
    if (type + 2 < tokens.size() && tokens[type].is_name("pg_catalog") && tokens[type + 1].is_sign(".")) type += 2;
    return std::any_of(kOfNames.begin(), kOfNames.end(), [&](std::string_view each) { return tokens[type].is_name(each); });
  }

  std::string from_, to_;
};

}  // namespace

Side moved_side(const Side& side, const std::string& from, const std::string& to) {
  const Mover moved(from, to);
  Side result;
  result.tables = side.tables;
  for (auto& [table, columns] : result.tables) {
    for (auto& column : columns) {
      column.type = moved(column.type);
      column.collation = moved(column.collation);
      column.given = moved(column.given);
      column.sequence = moved(column.sequence);
    }
  }
  for (const auto& [table, printed] : side.printed) result.printed.emplace(table, moved(printed));
  for (const auto& [name, piece] : side.pieces) {
    auto one = piece;
    for (auto* sql : {&one.create, &one.validate, &one.drop, &one.indexed_by, &one.excluded_by}) *sql = moved(*sql);
    result.pieces.emplace(moved(name), std::move(one));
  }
  for (const auto& [type, labels] : side.labels) result.labels.emplace(moved(type), labels);
  for (const auto& [name, other] : side.others) {
    auto one = other;
    for (auto* sql : {&one.text, &one.make, &one.unmake}) *sql = moved(*sql);
    result.others.emplace(moved(name), std::move(one));
  }
  for (const auto& [grant, revoke] : side.grants) result.grants.emplace(moved(grant), moved(revoke));
  return result;
}

Side together(Side first, Side second) {
  first.tables.merge(second.tables);
  first.printed.merge(second.printed);
  first.pieces.merge(second.pieces);
  first.labels.merge(second.labels);
  first.others.merge(second.others);
  first.grants.merge(second.grants);
  return first;
}

}  // namespace crossfade::mapping
