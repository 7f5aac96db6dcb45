#include "setup/state/run_script.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string_view>

#include "base/error/failure.h"
#include "mapping/sql/scan.h"
#include "pg/savepoint.h"

namespace crossfade::setup {
namespace {

namespace asio = boost::asio;

/// `text` as a literal that leaves it as it is.
std::string dollar_quoted(const std::string& text, std::string tag) {
  while (text.find('$' + tag + '$') != std::string::npos) tag += 'x';
  return fmt::format("${0}${1}${0}$", tag, text);
}

/// Where in the script a statement stands, and how it begins.
struct Place {
  std::size_t line = 0;
  std::string statement;
};

Failure as_told(const Failure& caught, const std::string& file, const std::optional<Place>& place) {
  auto facts = caught.facts();
  facts.doing = file;
  facts.message = place ? fmt::format("{} does not run: line {}: {}", file, place->line, facts.message) : fmt::format("{} does not run: {}", file, facts.message);
  facts.exit = caught.sqlstate() == "42501" ? ExitCode::kPermission : ExitCode::kUsage;
  facts.advice = "mend the script; it was run in a transaction that is rolled back";
  // A table or a schema that is not there.
  if (caught.sqlstate() == "42P01" || caught.sqlstate() == "3F000") facts.advice += "; or name the database that has it, with --source or PGDATABASE";
  if (caught.sqlstate() == "0A000") facts.advice += ", and which it may not end: commit, rollback and the like have no place in it";
  if (caught.sqlstate() == "55P03") {
    facts.exit = ExitCode::kTimeout;
    facts.advice = "somebody has a table locked that it refers to; repeat the command once that is over";
  }
  facts.statement = place ? place->statement : "";
  return Failure(std::move(facts));
}

/// As the text of a function that executes it: there the server takes no command that ends the transaction. Nothing that reads
/// the script beforehand could know them all (`end`, `commit and chain`, one behind a comment).
std::string executing(const std::string& sql) {
  return "do " + dollar_quoted(fmt::format("begin execute {}; end", dollar_quoted(sql, "script")), "crossfade");
}

/// The part of a script from its first word on.
Place place_of(const std::string& script, std::size_t begin, std::size_t end) {
  constexpr std::size_t kShown = 200;
  Place place;
  place.line = 1 + static_cast<std::size_t>(std::count(script.begin(), script.begin() + static_cast<std::ptrdiff_t>(begin), '\n'));
  place.statement = script.substr(begin, std::min(end - begin, kShown));
  return place;
}

/// The server tells of a script as a whole, so its statements are run one by one up to the one that fails alike. Where a sign ends
/// no statement, as in a function's body, what is before it fails otherwise, and is joined with what follows.
asio::awaitable<std::optional<Place>> find_failing(pg::Connection& connection, std::string script, Failure as) {
  const auto tokens = mapping::scan(script);
  std::optional<std::size_t> begin;
  for (std::size_t n = 0; n < tokens.size(); ++n) {
    if (tokens[n].kind == mapping::Token::Kind::kComment) continue;
    if (!begin) begin = tokens[n].begin;
    const bool last = n + 1 == tokens.size();
    if (!tokens[n].is_sign(";") && !last) continue;
    auto statement = executing(script.substr(*begin, tokens[n].end - *begin));
    const auto tried = co_await pg::try_in_savepoint(connection, std::move(statement));
    if (!tried.refused) {
      begin.reset();
    } else if (std::string_view(tried.refused->what()) == as.what()) {
      co_return place_of(script, *begin, tokens[n].end);
    }
  }
  co_return std::nullopt;
}

}  // namespace

boost::asio::awaitable<void> run_script(pg::Connection& connection, std::string file, std::string sql) {
  auto block = executing(sql);
  const auto tried = co_await pg::try_in_savepoint(connection, std::move(block));
  if (!tried.refused) co_return;
  // Nothing in it is wrong, and whoever waits for its locks would wait once more.
  const auto& state = tried.refused->sqlstate();
  if (state == "55P03" || state == "57014" || state == "40P01") throw as_told(*tried.refused, file, std::nullopt);
  const auto place = co_await find_failing(connection, std::move(sql), *tried.refused);
  throw as_told(*tried.refused, file, place);
}

}  // namespace crossfade::setup
