#include "mapping/sql/without_references.h"

#include <algorithm>
#include <initializer_list>

#include "mapping/sql/scan.h"

namespace crossfade::mapping {
namespace {

/// Tokens of a script that mean something.
class Words {
 public:
  explicit Words(std::string_view sql) : sql_(sql) {
    for (auto& token : scan(sql)) {
      if (token.kind != Token::Kind::kComment) tokens_.push_back(std::move(token));
    }
  }

  std::size_t size() const { return tokens_.size(); }
  const Token& operator[](std::size_t at) const { return tokens_[at]; }
  bool is_sign(std::size_t at, std::string_view sign) const { return at < size() && tokens_[at].is_sign(sign); }
  /// A quoted name is no keyword.
  bool is_word(std::size_t at, std::string_view word) const { return at < size() && tokens_[at].is_name(word) && sql_[tokens_[at].begin] != '"'; }
  bool are(std::size_t at, std::initializer_list<std::string_view> words) const {
    return std::all_of(words.begin(), words.end(), [&](std::string_view word) { return is_word(at++, word); });
  }
  /// Behind the bracket that closes the one at `at`; `at` where there is none.
  std::size_t behind_brackets(std::size_t at) const {
    if (!is_sign(at, "(")) return at;
    int depth = 0;
    for (auto n = at; n < size(); ++n) {
      if (is_sign(n, "(")) ++depth;
      if (is_sign(n, ")") && --depth == 0) return n + 1;
    }
    return at;
  }
  /// The bracket that the one at `at` closes.
  std::size_t opening(std::size_t at) const {
    int depth = 0;
    for (auto n = at + 1; n-- > 0;) {
      if (is_sign(n, ")")) ++depth;
      if (is_sign(n, "(") && --depth == 0) return n;
    }
    return at;
  }

 private:
  std::string_view sql_;
  std::vector<Token> tokens_;
};

/// What may stand behind the table and its columns.
std::size_t behind_options(const Words& words, std::size_t at) {
  for (;;) {
    if (words.is_word(at, "on") && (words.is_word(at + 1, "delete") || words.is_word(at + 1, "update"))) {
      at += 2;
      const bool two = words.is_word(at, "no") || words.is_word(at, "set");
      at = words.behind_brackets(at + (two ? 2 : 1));
    } else if (words.is_word(at, "match") || words.are(at, {"not", "deferrable"}) || words.are(at, {"not", "valid"}) || words.are(at, {"not", "enforced"}) || words.is_word(at, "initially")) {
      at += 2;
    } else if (words.is_word(at, "deferrable") || words.is_word(at, "enforced")) {
      at += 1;
    } else {
      return at;
    }
  }
}

/// The words [begin, end).
struct Cut {
  std::size_t begin = 0;
  std::size_t end = 0;
};

/// A key of the table's is an item of a list, and an `alter table` that does nothing else is left out whole.
Cut whole_item(const Words& words, Cut cut) {
  const bool adds = cut.begin > 0 && words.is_word(cut.begin - 1, "add");
  if (adds) --cut.begin;
  if (cut.begin > 0 && words.is_sign(cut.begin - 1, ",")) return {cut.begin - 1, cut.end};
  if (words.is_sign(cut.end, ",")) return {cut.begin, cut.end + 1};
  if (!adds) return cut;
  while (cut.begin > 0 && !words.is_sign(cut.begin - 1, ";")) --cut.begin;
  return cut;
}

/// The key whose `references` stands at `at`.
Cut key_around(const Words& words, std::size_t at, std::size_t behind_name) {
  Cut cut{at, behind_options(words, words.behind_brackets(behind_name))};
  bool of_table = false;
  if (at > 0 && words.is_sign(at - 1, ")")) {
    const auto columns = words.opening(at - 1);
    of_table = columns >= 2 && words.are(columns - 2, {"foreign", "key"});
    if (of_table) cut.begin = columns - 2;
  }
  if (cut.begin >= 2 && words.is_word(cut.begin - 2, "constraint")) cut.begin -= 2;
  return of_table ? whole_item(words, cut) : cut;
}

}  // namespace

std::string without_references(std::string_view sql, const std::function<bool(const WrittenName&)>& leave_out) {
  const Words words(sql);
  std::string left(sql);
  for (std::size_t at = 0; at < words.size(); ++at) {
    if (!words.is_word(at, "references")) continue;
    WrittenName name;
    auto behind = at + 1;
    for (; behind < words.size() && words[behind].kind == Token::Kind::kName; behind += 2) {
      name.push_back(words[behind].text);
      if (words.is_sign(behind + 1, ".")) continue;
      ++behind;
      break;
    }
    if (name.empty() || !leave_out(name)) continue;
    const auto cut = key_around(words, at, behind);
    if (cut.begin >= cut.end) continue;
    std::replace_if(left.begin() + static_cast<std::ptrdiff_t>(words[cut.begin].begin), left.begin() + static_cast<std::ptrdiff_t>(words[cut.end - 1].end),
        [](char sign) { return sign != '\n'; }, ' ');
  }
  return left;
}

}  // namespace crossfade::mapping
