#include "mapping/catalog/server_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <utility>

#include "base/text/sql_text.h"
#include "mapping/sql/scan.h"

namespace crossfade::mapping {
namespace {

/// Names and signs, in their order.
class Words {
 public:
  explicit Words(std::string_view text) : tokens_(scan(text)) {}

  /// "" at the end.
  std::string next() { return at_ < tokens_.size() ? tokens_[at_++].text : ""; }

  /// Takes the words of `phrase`; false at the first that differs.
  bool take(std::string_view phrase) {
    for (const auto& expected : scan(phrase)) {
      if (next() != expected.text) return false;
    }
    return true;
  }

  /// "(a, b)".
  std::vector<std::string> list() {
    std::vector<std::string> names;
    if (next() != "(") return names;
    do {
      names.push_back(next());
    } while (next() == ",");
    return names;
  }

 private:
  std::vector<Token> tokens_;
  std::size_t at_ = 0;
};

}  // namespace

std::optional<KeyStatement> read_key_statement(std::string_view sql) {
  Words words(sql);
  KeyStatement key;
  if (!words.take("alter table")) return std::nullopt;
  key.schema = words.next();
  if (!words.take(".")) return std::nullopt;
  key.table = words.next();
  if (!words.take("add constraint")) return std::nullopt;
  words.next();
  const auto kind = words.next();
  if ((kind != "primary" && kind != "foreign") || !words.take("key")) return std::nullopt;
  key.columns = words.list();
  key.references = kind == "foreign";
  if (!key.references) return key;
  if (!words.take("references")) return std::nullopt;
  const auto parent_schema = words.next();
  // Only parents in the same schema are tables of the migration.
  if (parent_schema != key.schema || !words.take(".")) return std::nullopt;
  key.parent = words.next();
  key.parent_columns = words.list();
  return key;
}

std::vector<std::string> array_in(const pg::Row& row, std::string_view column) {
  std::vector<std::string> read;
  if (row.is_null(column)) return read;
  for (auto& each : parse_array(row.text(column))) read.push_back(std::move(each).value_or(""));
  return read;
}

std::string oids_text(const std::vector<std::uint32_t>& oids) { return fmt::format("{{{}}}", fmt::join(oids, ",")); }

std::uint32_t oid_in(const pg::Row& row, std::string_view column) { return static_cast<std::uint32_t>(row.number(column)); }

std::string lookup_from_body(std::string_view body, const std::vector<std::string>& types) {
  constexpr std::string_view kBegin = "BEGIN ATOMIC\n";
  constexpr std::string_view kEnd = ";\nEND";
  if (body.starts_with(kBegin)) body.remove_prefix(kBegin.size());
  if (body.ends_with(kEnd)) body.remove_suffix(kEnd.size());
  while (body.starts_with(' ')) body.remove_prefix(1);
  return with_tokens_replaced(body, [&](const Token& token) -> std::optional<std::string> {
    if (token.kind != Token::Kind::kParameter || token.number == 0 || token.number > types.size()) return std::nullopt;
    return token.text + "::" + types[token.number - 1];
  });
}

}  // namespace crossfade::mapping
