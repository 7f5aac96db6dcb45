#include "setup/state/editions.h"

#include <embedded_sql.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <utility>

#include "base/text/short_hash.h"
#include "base/text/sql_text.h"
#include "pg/row.h"
#include "setup/state/state_schema.h"

namespace crossfade::setup {
namespace {

namespace asio = boost::asio;
namespace queries = sql::queries;

constexpr const char* kAdvice = "crossfade amend --dry-run says what that would change, crossfade amend does it; or crossfade amend --to-folder puts the file back.";

std::string hex(std::string_view bytes) {
  std::string digits;
  for (const unsigned char byte : bytes) digits += fmt::format("{:02x}", byte);
  return digits;
}

std::string from_hex(std::string_view digits) {
  std::string bytes;
  for (std::size_t n = 0; n + 1 < digits.size(); n += 2) bytes += static_cast<char>(std::stoi(std::string(digits.substr(n, 2)), nullptr, 16));
  return bytes;
}

/// Whatever the database's encoding.
std::string bytes_literal(std::string_view bytes) { return bytes.empty() ? "null" : fmt::format("'\\x{}'", hex(bytes)); }

/// What was followed without a person since somebody said what is in force: editions from there on, where the folder is as it was then.
std::vector<std::string> followed_since(const std::vector<Edition>& editions, const mapping::MigrationFile& file) {
  auto last = editions.rbegin();
  std::vector<std::string> because;
  for (; last != editions.rend() && last->who == kByItself; ++last) {
    std::vector<std::string> own;
    for (const auto& change : last->changes) {
      if (!change.ends_with(" is taken as it is now")) own.push_back(change);
    }
    because.insert(because.begin(), own.begin(), own.end());
  }
  if (last == editions.rend()) return {};
  auto texts = mapping::texts_of(file);
  if (mapping::differs_in_checks_alone(file, last->texts)) texts["migration.yaml"] = last->texts.at("migration.yaml");
  return texts == last->texts ? because : std::vector<std::string>{};
}

ScriptChange told(const std::string& file, const std::string& hash, const std::string& since) {
  ScriptChange change{file, "", kAdvice};
  change.message = hash.empty()    ? fmt::format("it is gone from the folder; what it made when the migration was prepared, {}, is still there", since)
                   : since.empty() ? "it was not in the folder when the migration was prepared, and is not installed"
                                   : fmt::format("it is not as it was when the migration was prepared, {}; the database has what it said then", since);
  return change;
}

}  // namespace

asio::awaitable<std::vector<Edition>> read_editions(pg::Connection& connection, std::string migration) {
  std::vector<Edition> editions;
  pg::Parameters name = {std::move(migration)};
  const auto rows = co_await connection.query(queries::edition_list, name);
  for (const auto row : pg::rows(rows)) {
    Edition edition;
    edition.number = static_cast<int>(row.number("number"));
    edition.how = row.text("how");
    edition.at = row.text("at");
    edition.who = row.text("who");
    edition.lsn = row.text("lsn");
    for (auto& change : parse_array(row.text("changes"))) edition.changes.push_back(change.value_or(""));
    edition.ddl = from_hex(row.text("ddl"));
    editions.push_back(std::move(edition));
  }
  const auto files = co_await connection.query(queries::edition_files, name);
  for (const auto row : pg::rows(files)) {
    for (auto& edition : editions) {
      if (edition.number == row.number("edition")) edition.texts[std::string(row.text("file"))] = from_hex(row.text("content"));
    }
  }
  co_return editions;
}

asio::awaitable<int> edition_now(pg::Connection& connection, std::string migration) {
  pg::Parameters name = {std::move(migration)};
  const auto rows = co_await connection.query(queries::edition_now, name);
  co_return rows.is_null(0, 0) ? 0 : static_cast<int>(rows.number(0, 0));
}

asio::awaitable<mapping::MigrationFile> as_installed(pg::Connection& connection, mapping::MigrationFile file) {
  const auto editions = co_await read_editions(connection, file.yaml.migration());
  if (editions.empty() || editions.back().texts.empty()) co_return file;
  if (editions.back().texts == mapping::texts_of(file)) co_return file;
  co_return mapping::with_texts(std::move(file), editions.back().texts);
}

std::string enter_edition(const std::string& migration, const NewEdition& edition, const mapping::Texts& texts) {
  const auto name = quote_literal(migration);
  const std::vector<std::optional<std::string>> changes(edition.changes.begin(), edition.changes.end());
  auto sql = fmt::format("select crossfade.enter_edition({}, {}, {}, {}, {});\n", name, quote_literal(edition.how), quote_literal(edition.who),
                         quote_literal(array_text(changes)), bytes_literal(edition.ddl));
  for (const auto& [file, text] : texts) {
    sql += fmt::format("select crossfade.enter_file({}, {}, {}, {});\n", name, quote_literal(file), quote_literal(content_hash(text)), bytes_literal(text));
  }
  return sql;
}

asio::awaitable<std::vector<ScriptChange>> script_changes(pg::Connection& connection, const mapping::MigrationFile& file) {
  std::vector<ScriptChange> changes;
  // `plan` looks at earlier layouts too, which have no hashes.
  const auto layout = co_await read_layout(connection);
  if (layout != kLayout) co_return changes;
  pg::Parameters name = {file.yaml.migration()};
  const auto rows = co_await connection.query(queries::script_hashes, name);
  if (rows.empty()) co_return changes;
  auto now = mapping::texts_of(file);
  const auto editions = co_await read_editions(connection, file.yaml.migration());
  if (!editions.empty() && mapping::differs_in_checks_alone(file, editions.back().texts)) now["migration.yaml"] = editions.back().texts.at("migration.yaml");
  for (const auto row : pg::rows(rows)) {
    const std::string script(row.text("file"));
    const auto text = now.find(script);
    const auto hash = text == now.end() ? std::string{} : content_hash(text->second);
    if (hash != row.text("hash")) changes.push_back(told(script, hash, std::string(row.text("since"))));
    now.erase(script);
  }
  for (const auto& [script, text] : now) changes.push_back(told(script, content_hash(text), ""));
  // What nobody wrote is not in the folder yet.
  const auto followed = followed_since(editions, file);
  for (auto& change : changes) {
    if (followed.empty()) continue;
    change.by_itself = true;
    change.message = fmt::format("it is not as the database has it: v1 was followed by itself ({})", fmt::join(followed, "; "));
    change.fix = "crossfade amend --to-folder writes what is in force";
  }
  co_return changes;
}

asio::awaitable<std::vector<std::string>> changed_files(pg::Connection& connection, const mapping::MigrationFile& file) {
  std::vector<std::string> files;
  const auto changes = co_await script_changes(connection, file);
  for (const auto& change : changes) files.push_back(change.file);
  co_return files;
}

}  // namespace crossfade::setup
