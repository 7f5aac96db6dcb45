#include "mapping/catalog/server_text.h"

#include <fmt/format.h>

#include <cctype>

namespace crossfade::mapping {
namespace {

/// Words, quoted identifiers and single signs, in their order.
class Words {
 public:
  explicit Words(std::string_view text) : text_(text) {}

  /// "" at the end. Quoted identifiers come without their quotes.
  std::string next() {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
    if (at_ == text_.size()) return "";
    if (text_[at_] == '"') return quoted();
    if (!in_word(text_[at_])) return std::string(1, text_[at_++]);
    const auto start = at_;
    while (at_ < text_.size() && in_word(text_[at_])) ++at_;
    return std::string(text_.substr(start, at_ - start));
  }

  /// Takes the words of `phrase`, which has single spaces; false at the first that differs.
  bool take(std::string_view phrase) {
    Words expected(phrase);
    for (auto word = expected.next(); !word.empty(); word = expected.next()) {
      if (next() != word) return false;
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
  static bool in_word(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return std::isalnum(byte) != 0 || c == '_' || c == '$' || byte >= 0x80;
  }

  std::string quoted() {
    std::string name;
    for (++at_; at_ < text_.size(); ++at_) {
      const bool quote = text_[at_] == '"';
      const bool doubled = quote && at_ + 1 < text_.size() && text_[at_ + 1] == '"';
      if (doubled) ++at_;
      if (quote && !doubled) {
        ++at_;
        break;
      }
      name += text_[at_];
    }
    return name;
  }

  std::string_view text_;
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
  if ((kind != "PRIMARY" && kind != "FOREIGN") || !words.take("KEY")) return std::nullopt;
  key.columns = words.list();
  key.references = kind == "FOREIGN";
  if (!key.references) return key;
  if (!words.take("REFERENCES")) return std::nullopt;
  const auto parent_schema = words.next();
  // Only parents in the same schema are tables of the migration.
  if (parent_schema != key.schema || !words.take(".")) return std::nullopt;
  key.parent = words.next();
  key.parent_columns = words.list();
  return key;
}

std::string lookup_from_body(std::string_view body, const std::vector<std::string>& types) {
  constexpr std::string_view kBegin = "BEGIN ATOMIC\n";
  constexpr std::string_view kEnd = ";\nEND";
  if (body.starts_with(kBegin)) body.remove_prefix(kBegin.size());
  if (body.ends_with(kEnd)) body.remove_suffix(kEnd.size());
  while (body.starts_with(' ')) body.remove_prefix(1);
  std::string sql;
  for (std::size_t at = 0; at < body.size(); ++at) {
    sql += body[at];
    if (body[at] != '$') continue;
    std::size_t number = 0;
    while (at + 1 < body.size() && std::isdigit(static_cast<unsigned char>(body[at + 1])) != 0) {
      sql += body[++at];
      number = number * 10 + static_cast<std::size_t>(body[at] - '0');
    }
    if (number > 0 && number <= types.size()) sql += "::" + types[number - 1];
  }
  return sql;
}

}  // namespace crossfade::mapping
