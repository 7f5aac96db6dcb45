#include "mapping/sql/scan.h"

#include <google/protobuf/unknown_field_set.h>
#include <pg_query.h>

#include <algorithm>
#include <cctype>
#include <memory>

namespace crossfade::mapping {
namespace {

using google::protobuf::UnknownField;
using google::protobuf::UnknownFieldSet;

/// Numbers of pg_query.proto, whose generated code wants a second Protobuf library.
constexpr int kTokens = 2;  // in ScanResult; the rest are fields of ScanToken
constexpr int kStart = 1;
constexpr int kEnd = 2;
constexpr int kToken = 4;
constexpr int kKeywordKind = 5;

/// Numbers of its enum Token.
enum Scanned : std::uint64_t {
  kIdentifier = 258, kUnicodeIdentifier = 259, kStringConstant = 261, kUnicodeString = 262, kBitString = 263, kHexString = 264,
  kParameterSign = 267, kSqlComment = 275, kCComment = 276,
};

Token::Kind kind_of(std::uint64_t scanned, bool keyword) {
  if (keyword) return Token::Kind::kName;
  switch (scanned) {
    case kIdentifier:
    case kUnicodeIdentifier: return Token::Kind::kName;
    case kStringConstant:
    case kUnicodeString:
    case kBitString:
    case kHexString: return Token::Kind::kString;
    case kParameterSign: return Token::Kind::kParameter;
    case kSqlComment:
    case kCComment: return Token::Kind::kComment;
    default: return Token::Kind::kOther;
  }
}

/// As the catalog has it: folded, or what stands between the quotes.
std::string name_of(std::string_view written) {
  std::string name;
  if (!written.starts_with('"')) {
    for (const char c : written) name += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return name;
  }
  for (std::size_t at = 1; at + 1 < written.size(); ++at) {
    name += written[at];
    if (written[at] == '"') ++at;
  }
  return name;
}

Token read_token(const std::string& bytes, std::string_view sql) {
  UnknownFieldSet fields;
  fields.ParseFromString(bytes);
  Token token;
  std::uint64_t scanned = 0;
  bool keyword = false;
  for (int n = 0; n < fields.field_count(); ++n) {
    const UnknownField& field = fields.field(n);
    if (field.type() != UnknownField::TYPE_VARINT) continue;
    if (field.number() == kStart) token.begin = field.varint();
    if (field.number() == kEnd) token.end = field.varint();
    if (field.number() == kToken) scanned = field.varint();
    if (field.number() == kKeywordKind) keyword = field.varint() != 0;
  }
  const auto written = sql.substr(token.begin, token.end - token.begin);
  token.kind = kind_of(scanned, keyword);
  token.text = token.kind == Token::Kind::kName ? name_of(written) : std::string(written);
  if (token.kind == Token::Kind::kParameter) token.number = std::stoul(token.text.substr(1));
  return token;
}

/// A sign and a name without a space between are one.
void join_placeholder(std::vector<Token>& tokens, std::string_view sql) {
  if (tokens.size() < 2) return;
  auto& sign = tokens[tokens.size() - 2];
  const auto& name = tokens.back();
  if (sign.text != "$" || sign.kind != Token::Kind::kOther || name.kind != Token::Kind::kName || sign.end != name.begin || sql[name.begin] == '"') return;
  sign = {Token::Kind::kPlaceholder, sign.begin, name.end, std::string(sql.substr(name.begin, name.end - name.begin)), 0};
  tokens.pop_back();
}

}  // namespace

std::vector<Token> scan(std::string_view sql) {
  const std::string text(sql);
  const auto freed = [](PgQueryScanResult* result) { pg_query_free_scan_result(*result); };
  auto result = pg_query_scan(text.c_str());
  const std::unique_ptr<PgQueryScanResult, decltype(freed)> owner(&result, freed);
  std::vector<Token> tokens;
  UnknownFieldSet fields;
  if (result.error != nullptr || !fields.ParseFromArray(result.pbuf.data, static_cast<int>(result.pbuf.len))) return tokens;
  for (int n = 0; n < fields.field_count(); ++n) {
    const UnknownField& field = fields.field(n);
    if (field.number() != kTokens || field.type() != UnknownField::TYPE_LENGTH_DELIMITED) continue;
    tokens.push_back(read_token(field.length_delimited(), text));
    join_placeholder(tokens, text);
  }
  return tokens;
}

bool is_plain_identifier(std::string_view name) {
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  return !name.empty() && !digit(name.front()) && std::all_of(name.begin(), name.end(), [&](char c) { return (c >= 'a' && c <= 'z') || digit(c) || c == '_'; });
}

std::string with_tokens_replaced(std::string_view sql, const std::function<std::optional<std::string>(const Token&)>& by) {
  std::string result;
  std::size_t copied = 0;
  for (const auto& token : scan(sql)) {
    const auto replacement = by(token);
    if (!replacement) continue;
    result += sql.substr(copied, token.begin - copied);
    result += *replacement;
    copied = token.end;
  }
  result += sql.substr(copied);
  return result;
}

}  // namespace crossfade::mapping
