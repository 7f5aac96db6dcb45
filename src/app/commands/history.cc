#include <fmt/format.h>

#include <iostream>
#include <set>

#include "api/message.h"
#include "app/cli/context.h"
#include "app/commands/commands.h"
#include "crossfade/v1/amend.pb.h"
#include "mapping/amend/diff.h"
#include "setup/prepare/prepare.h"
#include "setup/state/editions.h"

namespace crossfade::app {
namespace {

/// What each file became, where it did.
void add_files(v1::History::Edition& told, const setup::Edition& before, const setup::Edition& now) {
  std::set<std::string> files;
  for (const auto* edition : {&before, &now}) {
    for (const auto& [file, content] : edition->texts) files.insert(file);
  }
  const auto content = [](const setup::Edition& edition, const std::string& file) {
    const auto found = edition.texts.find(file);
    return found == edition.texts.end() ? std::string{} : found->second;
  };
  for (const auto& file : files) {
    const auto lines = mapping::line_diff(content(before, file), content(now, file));
    if (lines.empty()) continue;
    auto& change = *told.add_files();
    change.set_file(file);
    change.set_diff(lines);
  }
}

v1::History history_of(const std::vector<setup::Edition>& editions) {
  v1::History history;
  for (std::size_t n = 0; n < editions.size(); ++n) {
    const auto& edition = editions[n];
    auto& told = *history.add_editions();
    told.set_number(edition.number);
    told.set_how(edition.how);
    told.set_at(edition.at);
    told.set_who(edition.who);
    told.set_lsn(edition.lsn);
    for (const auto& change : edition.changes) told.add_changes(change);
    const bool known = n > 0 && !editions[n - 1].texts.empty() && !edition.texts.empty();
    if (known) add_files(told, editions[n - 1], edition);
    told.set_ddl(edition.ddl);
  }
  const bool behind = !editions.empty() && editions.back().who == setup::kByItself;
  if (behind) history.add_next_steps("crossfade amend --to-folder: v1 was followed by itself, and its folder was not told");
  return history;
}

std::string text_of(const v1::History& history) {
  std::string text;
  for (const auto& edition : history.editions()) {
    text += fmt::format("{}. {} {} by {} at {}\n", edition.number(), edition.how(), edition.at(), edition.who().empty() ? "somebody" : edition.who(), edition.lsn());
    for (const auto& change : edition.changes()) text += fmt::format("  {}\n", change);
    for (const auto& file : edition.files()) text += fmt::format("  {}\n{}", file.file(), file.diff());
    if (!edition.ddl().empty()) text += "  DDL\n" + mapping::line_diff("", edition.ddl());
  }
  return text;
}

asio::awaitable<ExitCode> history_here(const Options& options, std::string migration) {
  pg::Connection connection = co_await pg::Connection::open(endpoint(options, "history"));
  co_await setup::require_prepared(connection, migration);
  const auto editions = co_await setup::read_editions(connection, migration);
  const auto history = history_of(editions);
  std::cout << (options.json ? api::json_of(history) + "\n" : text_of(history));
  co_return ExitCode::kOk;
}

ExitCode history(const Options& options) {
  const auto file = load(options);
  asio::io_context io;
  return run_to_end(io, history_here(options, file.yaml.migration()));
}

}  // namespace

Command history_command() { return {"history", "Look", "What was amended: who, when, at which position, with the difference", without_options(history)}; }

}  // namespace crossfade::app
