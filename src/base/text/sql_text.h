#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace crossfade {

/// `name` as an SQL identifier, always in double quotes.
std::string quote_identifier(std::string_view name);

/// "schema"."name".
std::string quote_qualified(std::string_view schema, std::string_view name);

/// `text` as an SQL literal. For the few statements that take no parameters (replication commands, DDL).
std::string quote_literal(std::string_view text);

/// The text form of a one-dimensional array of texts, for a parameter cast to an array type; nothing is NULL.
std::string array_text(const std::vector<std::optional<std::string>>& elements);

/// Reads what an array of texts prints ({a,"b c",NULL}); the opposite of array_text.
std::vector<std::optional<std::string>> parse_array(std::string_view text);

/// Whether the server takes it as a text: UTF-8 without a zero byte.
bool is_text(std::string_view bytes);

/// `bytes` as such a text: what is none of it stands as \xHH.
std::string as_text(std::string_view bytes);

}  // namespace crossfade
