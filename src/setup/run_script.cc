#include "setup/run_script.h"

#include <fmt/format.h>

#include <optional>

#include "base/failure.h"

namespace crossfade::sync {
namespace {

/// `text` as a literal that leaves it as it is.
std::string dollar_quoted(const std::string& text, std::string tag) {
  while (text.find('$' + tag + '$') != std::string::npos) tag += 'x';
  return fmt::format("${0}${1}${0}$", tag, text);
}

Failure as_told(const Failure& caught, const std::string& file) {
  auto facts = caught.facts();
  facts.doing = file;
  facts.message = fmt::format("{} does not run: {}", file, facts.message);
  facts.exit = caught.sqlstate() == "42501" ? ExitCode::kPermission : ExitCode::kUsage;
  facts.advice = "mend the script; it was run in a transaction that is rolled back";
  if (caught.sqlstate() == "0A000") facts.advice += ", and which it may not end: commit, rollback and the like have no place in it";
  facts.statement.clear();
  return Failure(std::move(facts));
}

}  // namespace

boost::asio::awaitable<void> run_script(pg::Connection& connection, std::string file, std::string sql) {
  // As the text of a function that executes it: there the server takes no command that ends the transaction. Nothing that reads
  // the script beforehand could know them all (`end`, `commit and chain`, one behind a comment).
  const auto body = fmt::format("begin execute {}; end", dollar_quoted(sql, "script"));
  auto block = "do " + dollar_quoted(body, "crossfade");
  std::optional<Failure> failure;
  try {
    co_await connection.script(std::move(block));
  } catch (const Failure& caught) {
    if (caught.connection_lost()) throw;
    failure = as_told(caught, file);
  }
  if (failure) throw *failure;
}

}  // namespace crossfade::sync
