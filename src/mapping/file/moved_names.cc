#include "mapping/file/moved_names.h"

#include <map>
#include <utility>

#include "base/text/sql_text.h"
#include "mapping/file/migration_file.h"
#include "mapping/sql/scan.h"

namespace crossfade::mapping {
namespace {

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

std::string with_moved_names(const std::string& sql, const v1::Migration& file, Naming naming) {
  if (naming == Naming::kOriginal) return sql;
  const auto names = moved(file);
  const auto tokens = scan(sql);
  std::string result;
  std::size_t copied = 0;
  for (std::size_t n = 0; n + 2 < tokens.size(); ++n) {
    if (tokens[n].kind != Token::Kind::kName || !tokens[n + 1].is_sign(".") || tokens[n + 2].kind != Token::Kind::kName) continue;
    // "s"."t", and not the column of something called s within something else.
    if (n > 0 && tokens[n - 1].is_sign(".")) continue;
    const auto place = names.find({tokens[n].text, tokens[n + 2].text});
    if (place == names.end()) continue;
    result += sql.substr(copied, tokens[n].begin - copied);
    result += place->second.quoted();
    copied = tokens[n + 2].end;
  }
  return result + sql.substr(copied);
}

}  // namespace crossfade::mapping
