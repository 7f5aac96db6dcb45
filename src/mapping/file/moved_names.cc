#include "mapping/file/moved_names.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <optional>
#include <string_view>

#include "base/sql_text.h"
#include "mapping/file/migration_file.h"

namespace crossfade::mapping {
namespace {

bool begins_word(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_'; }
bool goes_on(char c) { return begins_word(c) || std::isdigit(static_cast<unsigned char>(c)) != 0 || c == '$'; }

/// The end of what begins at `from` and ends with `closing`, itself included.
std::size_t after(std::string_view sql, std::string_view closing, std::size_t from) {
  const auto at = sql.find(closing, from);
  return at == std::string_view::npos ? sql.size() : at + closing.size();
}

/// The end of a string or comment that begins at `at`; `at` where none does. A doubled quote ends one string and begins the next.
std::size_t after_quoted(std::string_view sql, std::size_t at) {
  const auto rest = sql.substr(at);
  if (rest.starts_with("--")) return after(sql, "\n", at);
  if (rest.starts_with("/*")) return after(sql, "*/", at + 2);
  return rest.starts_with("'") ? after(sql, "'", at + 1) : at;
}

struct Word {
  std::string name;  ///< as the catalog has it
  std::size_t end = 0;
};

/// A name that begins at `at`, quoted or not.
std::optional<Word> word_at(std::string_view sql, std::size_t at) {
  Word word;
  if (at >= sql.size()) return std::nullopt;
  if (sql[at] == '"') {
    word.end = after(sql, "\"", at + 1);
    word.name = sql.substr(at + 1, word.end - at - 2);
    return word;
  }
  if (!begins_word(sql[at])) return std::nullopt;
  for (word.end = at; word.end < sql.size() && goes_on(sql[word.end]); ++word.end) {
    word.name += static_cast<char>(std::tolower(static_cast<unsigned char>(sql[word.end])));
  }
  return word;
}

using Names = std::map<std::pair<std::string, std::string>, TableName>;

Names moved(const v1::Migration& file) {
  Names names;
  for (const auto& [name, target] : file.targets()) names[{file.schemas().shadow(), name}] = {file.schemas().source(), name};
  for (const auto& [written, source] : file.sources()) {
    const auto table = source_table(file, written);
    if (!source.shared()) names[{table.schema, table.name}] = {table.schema, retired_name(table.name)};
  }
  return names;
}

}  // namespace

std::string with_moved_names(const std::string& sql, const v1::Migration& file, Places places) {
  if (places == Places::kBeforeWrites) return sql;
  const auto names = moved(file);
  std::string result;
  for (std::size_t at = 0; at < sql.size();) {
    const auto quoted = after_quoted(sql, at);
    auto end = std::max(quoted, at + 1);
    if (const auto schema = quoted == at ? word_at(sql, at) : std::nullopt) {
      end = schema->end;
      const auto table = end < sql.size() && sql[end] == '.' ? word_at(sql, end + 1) : std::nullopt;
      const auto place = table ? names.find({schema->name, table->name}) : names.end();
      if (place != names.end()) {
        result += place->second.quoted();
        at = table->end;
        continue;
      }
    }
    result += sql.substr(at, end - at);
    at = end;
  }
  return result;
}

}  // namespace crossfade::mapping
