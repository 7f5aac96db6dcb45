#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace crossfade::mapping {

/// A token of SQL text, found by PostgreSQL's own scanner.
struct Token {
  enum class Kind {
    kName,         ///< an identifier or a keyword
    kPlaceholder,  ///< $plan_id, which is ours: PostgreSQL has numbers only
    kParameter,    ///< $1
    kString,       ///< however quoted
    kComment,
    kOther,        ///< operators, signs, numbers
  };

  Kind kind = Kind::kOther;
  std::size_t begin = 0;
  std::size_t end = 0;    ///< byte offsets
  std::string text;       ///< a name as the catalog has it; a placeholder without its sign; anything else as it is written
  std::size_t number = 0; ///< of a parameter

  bool is_sign(std::string_view sign) const { return kind == Kind::kOther && text == sign; }
  bool is_name(std::string_view name) const { return kind == Kind::kName && text == name; }
};

/// The tokens in their order. Text that cannot be scanned, e.g. for a quote that does not end, has none: the server, which gets it
/// next, says what is wrong with it.
std::vector<Token> scan(std::string_view sql);

/// Whether `name` is the same without quotes; that it may be a keyword is another matter.
bool is_plain_identifier(std::string_view name);

/// `sql` with each token for which `by` gives something replaced by that. One pass: what is put in is not looked at again.
std::string with_tokens_replaced(std::string_view sql, const std::function<std::optional<std::string>(const Token&)>& by);

}  // namespace crossfade::mapping
