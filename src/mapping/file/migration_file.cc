#include "mapping/file/migration_file.h"

#include <fmt/format.h>
#include <google/protobuf/util/message_differencer.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <set>
#include <sstream>
#include <utility>
#include <vector>

#include "base/error/failure.h"
#include "base/text/line_reader.h"
#include "base/text/sql_text.h"
#include "mapping/file/migration_rules.h"
#include "mapping/file/said_by_scripts.h"
#include "mapping/file/strict_yaml.h"
#include "mapping/file/surrogates.h"
#include "mapping/sql/scan.h"

namespace crossfade::mapping {
namespace {

namespace fs = std::filesystem;

std::string read_text(const fs::path& path, const std::string& advice) {
  std::ifstream stream(path, std::ios::binary);
  std::ostringstream bytes;
  if (stream) bytes << stream.rdbuf();
  // A directory opens like a file and fails only when it is read.
  if (!stream) throw usage_failure(fmt::format("{} cannot be read", path.string()), advice);
  return plain_text(bytes.str(), path.string());
}

/// Whether the statement that begins at token `n` ends or begins a transaction.
bool controls_transaction(const std::vector<Token>& tokens, std::size_t n) {
  static const std::set<std::string> kControls = {"begin", "start", "commit", "rollback", "abort"};
  if (tokens[n].kind != Token::Kind::kName || !kControls.contains(tokens[n].text)) return false;
  return !(tokens[n].text == "rollback" && n + 1 < tokens.size() && tokens[n + 1].is_name("to"));
}

/// Every script runs inside a transaction of ours, which `plan` rolls back; a commit of its own would make it write. The server
/// refuses every form of it; the usual ones are told without a server, with their line.
std::string read_script(const fs::path& path, const std::string& advice) {
  auto text = read_text(path, advice);
  auto tokens = scan(text);
  std::erase_if(tokens, [](const Token& token) { return token.kind == Token::Kind::kComment; });
  for (std::size_t n = 0; n < tokens.size(); ++n) {
    const bool first = n == 0 || tokens[n - 1].is_sign(";");
    if (!first || !controls_transaction(tokens, n)) continue;
    const auto line = std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(tokens[n].begin), '\n') + 1;
    throw usage_failure(fmt::format("{}:{}: the script controls its own transaction", path.string(), line),
                        "Remove the line; the script runs as part of one transaction.");
  }
  return text;
}

std::string read_optional_script(const fs::path& path) { return fs::exists(path) ? read_script(path, "") : ""; }

/// Files are named within the folder only, so that a migration can be handed over whole.
std::string check_text(const fs::path& folder, const v1::Check& check) {
  const fs::path named = check.file();
  const auto normal = named.lexically_normal();
  if (named.is_absolute() || (!normal.empty() && *normal.begin() == "..")) {
    throw usage_failure(fmt::format("migration.yaml: check \"{}\": {} is outside the folder", check.name(), check.file()),
                        "Name a file of the migration's folder, e.g. checks/orphans.sql.");
  }
  return read_text(folder / named, fmt::format("The check \"{}\" names it; write it or mend the name.", check.name()));
}

}  // namespace

v1::Migration read_migration_yaml(const std::string& file_name, const std::string& text, const Texts& scripts) {
  v1::Migration yaml;
  read_yaml(file_name, text, yaml);
  complete(yaml);
  add_what_scripts_say(yaml, scripts);
  complete(yaml);
  require_consistent(yaml);
  return yaml;
}

namespace {

MigrationFile read_folder(const fs::path& folder) {
  if (!fs::is_directory(folder)) {
    throw usage_failure(fmt::format("{} is no folder", folder.string()),
                        "Name a migration's folder with --migration; `crossfade init` makes one.");
  }
  MigrationFile file;
  file.folder = folder;
  const auto yaml_path = folder / "migration.yaml";
  file.yaml_text = read_text(yaml_path, "A migration's folder has a migration.yaml.");
  file.v2_sql = read_script(folder / "v2.sql", "Put the new schema there.");
  file.surrogates_sql = read_optional_script(folder / "surrogates.sql");
  file.mapping_sql = read_script(folder / "mapping.sql", "Put the views there, one a target.");
  file.rejects_sql = read_optional_script(folder / "rejects.sql");
  file.reverse_sql = read_optional_script(folder / "reverse.sql");
  file.yaml = read_migration_yaml(yaml_path.string(), file.yaml_text, texts_of(file));
  if (file.yaml.surrogates().empty()) file.surrogates_sql.clear();
  else if (file.surrogates_sql.empty()) read_script(folder / "surrogates.sql", "Put the views there that list the natural keys, one a surrogate.");
  for (auto& check : *file.yaml.mutable_checks()) {
    if (!check.file().empty()) check.set_sql(check_text(folder, check));
  }
  return file;
}

}  // namespace

MigrationFile load_migration(const fs::path& folder) {
  auto file = read_folder(folder);
  if (file.reverse_sql.empty() != file.yaml.schemas().reverse().empty()) {
    throw usage_failure(fmt::format("{}: reverse.sql and schemas.reverse go together", folder.string()),
                        "Have both, for a way back with data, or neither; `crossfade init --reverse` drafts it.");
  }
  return file;
}

MigrationFile load_without_way_back(const fs::path& folder) {
  auto file = read_folder(folder);
  file.reverse_sql.clear();
  file.yaml.clear_reverse();
  file.yaml.mutable_schemas()->clear_reverse();
  return file;
}

namespace {

/// Name and place of each script, in the order of their installation.
using Script = std::pair<const char*, std::string MigrationFile::*>;
constexpr std::array<Script, 6> kTexts = {{{"migration.yaml", &MigrationFile::yaml_text}, {"v2.sql", &MigrationFile::v2_sql},
                                           {"surrogates.sql", &MigrationFile::surrogates_sql}, {"mapping.sql", &MigrationFile::mapping_sql},
                                           {"rejects.sql", &MigrationFile::rejects_sql}, {"reverse.sql", &MigrationFile::reverse_sql}}};

}  // namespace

Texts texts_of(const MigrationFile& file) {
  Texts texts;
  for (const auto& [name, member] : kTexts) {
    if (!(file.*member).empty()) texts[name] = file.*member;
  }
  return texts;
}

MigrationFile with_texts(MigrationFile file, const Texts& texts) {
  for (const auto& [name, member] : kTexts) {
    const auto text = texts.find(name);
    file.*member = text == texts.end() ? std::string{} : text->second;
  }
  auto yaml = read_migration_yaml("migration.yaml", file.yaml_text, texts);
  *yaml.mutable_checks() = file.yaml.checks();
  *yaml.mutable_cutover() = file.yaml.cutover();
  yaml.set_amend(file.yaml.amend());
  file.yaml = std::move(yaml);
  return file;
}

bool differs_in_checks_alone(const MigrationFile& file, const Texts& texts) {
  const auto text = texts.find("migration.yaml");
  if (text == texts.end() || text->second == file.yaml_text) return false;
  const auto before = with_texts(file, texts);
  return google::protobuf::util::MessageDifferencer::Equals(before.yaml, file.yaml);
}

TableName source_table(const v1::Migration& yaml, const std::string& written) {
  const auto dot = written.find('.');
  if (dot == std::string::npos) return {yaml.schemas().source(), written};
  return {written.substr(0, dot), written.substr(dot + 1)};
}

std::string set_search_path(const std::vector<std::string>& schemas) {
  std::string path;
  for (const auto& schema : schemas) path += (path.empty() ? "" : ", ") + quote_identifier(schema);
  return fmt::format("select pg_catalog.set_config('search_path', pg_catalog.concat_ws(', ', {}, (select pg_catalog.string_agg(distinct pg_catalog.quote_ident(n.nspname), ', ') "
                     "from pg_catalog.pg_extension e join pg_catalog.pg_namespace n on n.oid = e.extnamespace where n.nspname <> 'pg_catalog')), true)",
                     quote_literal(path));
}

std::vector<InstallScript> install_scripts(const MigrationFile& file, const std::set<std::string>& there) {
  const auto& schemas = file.yaml.schemas();
  std::vector<InstallScript> scripts;
  const auto add = [&](const char* name, const std::string& schema, const std::string& reads, const std::string& text) {
    if (text.empty()) return;
    // In one line with the file's first, so that the server's line numbers are the file's.
    auto sql = fmt::format("create schema if not exists {0}; {1}; {2}\n;\nset local search_path to '';\n", quote_identifier(schema),
                           set_search_path({schema, reads}), text);
    scripts.push_back({name, schema, std::move(sql)});
  };
  add("v2.sql", schemas.shadow(), schemas.source(), file.v2_sql);
  add("surrogates.sql", schemas.mapping(), schemas.source(), file.surrogates_sql);
  for (const auto& [name, surrogate] : std::map(file.yaml.surrogates().begin(), file.yaml.surrogates().end())) {
    if (!file.surrogates_sql.empty() && !there.contains(name)) scripts.back().sql += create_surrogate_table(file.yaml, name);
  }
  add("mapping.sql", schemas.mapping(), schemas.source(), file.mapping_sql);
  add("rejects.sql", schemas.mapping(), schemas.source(), file.rejects_sql);
  add("reverse.sql", schemas.reverse(), schemas.shadow(), file.reverse_sql);
  return scripts;
}

}  // namespace crossfade::mapping
