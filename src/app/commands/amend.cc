#include "setup/amend/amend.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <sstream>

#include "api/message.h"
#include "app/cli/context.h"
#include "app/commands/commands.h"
#include "base/error/failure.h"
#include "base/text/human.h"
#include "base/text/line_reader.h"
#include "crossfade/v1/amend.pb.h"
#include "mapping/plan/plan_text.h"
#include "setup/prepare/prepare.h"
#include "setup/state/editions.h"

namespace crossfade::app {
namespace {

struct AmendOptions {
  std::filesystem::path ddl;
  bool dry_run = false;
  bool undo = false;
  bool to_folder = false;
  std::optional<std::chrono::milliseconds> hold_limit;    ///< else the file's
  std::optional<std::chrono::milliseconds> lock_timeout;  ///< the same
};

void declare(OptionSet& options, AmendOptions& own) {
  options.path("--ddl", own.ddl, "FILE", "DDL of v1 or v2 that is run with it, while the views are away");
  options.flag("--dry-run", own.dry_run, "Say what changes and what has to be computed again");
  options.flag("--undo", own.undo, "Go back to what the migration said before its last amend; the folder is left as it is");
  options.flag("--to-folder", own.to_folder, "Amend nothing; write what is in force into the folder's files");
  options.duration("--hold-limit", own.hold_limit, "How long others may be made to wait, e.g. 500ms");
  options.duration("--lock-timeout", own.lock_timeout, "How long one lock is waited for, e.g. 100ms");
}

std::string text_of(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  std::ostringstream text;
  if (stream) text << stream.rdbuf();
  if (!stream || text.str().empty()) throw usage_failure(fmt::format("{} cannot be read, or is empty", path.string()), "Name the file with the DDL.");
  return plain_text(text.str(), path.string());
}

void add_choices(setup::Amend& amend, const AmendOptions& own) {
  amend.limits = setup::limits_of(amend.file);
  if (own.hold_limit) {
    amend.limits.hold = *own.hold_limit;
    amend.limits.at_last.reset();
  }
  if (own.lock_timeout) amend.limits.lock_timeout = *own.lock_timeout;
  const std::chrono::milliseconds none{0};
  // To the server it would be no bound at all.
  if (amend.limits.hold == none || amend.limits.lock_timeout == none) throw usage_failure("a limit of 0 is none", "write e.g. 100ms");
  const char* user = std::getenv("USER");
  amend.who = user == nullptr ? "" : user;
  if (own.ddl.empty()) return;
  amend.ddl = text_of(own.ddl);
  amend.ddl_name = own.ddl.filename().string();
}

std::string again_text(const setup::Amended& done) {
  std::string text;
  for (const auto& again : done.again) {
    text += fmt::format("  {} {}: about {} rows", again.target, again.is_new ? "is filled" : "is compared with its view", human_count(again.rows));
    if (again.seconds) text += fmt::format(", {} at the speed of its last filling", human_seconds(*again.seconds));
    text += "\n";
  }
  if (!done.untouched.empty()) text += fmt::format("  as they are: {}\n", fmt::join(done.untouched, ", "));
  return text;
}

std::string text_of(const setup::Amended& done, const AmendOptions& own) {
  if (!done.preflight.ok()) return "Nothing was amended, nothing has changed.\n";
  std::string text;
  if (done.changes.empty()) {
    text = "The database has what the folder says: there is nothing to amend.\n";
    for (const auto& finding : done.preflight.findings) text += fmt::format("warn  {}: {}\n      → {}\n", finding.subject, finding.message, finding.fix);
    return text;
  }
  int number = 1;
  for (const auto& change : done.changes) text += fmt::format("{:2}. {}\n", number++, change);
  text += (own.dry_run ? "What would be computed again:\n" : "What is computed again:\n") + again_text(done);
  if (own.dry_run) {
    if (!own.ddl.empty()) text += fmt::format("It was tried and taken back; others would have waited {} ms.\n", done.held.count());
    return text + "Nothing has changed.\n";
  }
  text += fmt::format("Amended: edition {} is in force. Locks were held for {} ms{}. A daemon goes on with it by itself.\n", done.edition, done.held.count(),
                      done.attempts > 1 ? fmt::format(", in attempt {}", done.attempts) : "");
  if (own.undo) text += "The folder still has what was undone: crossfade amend --to-folder puts its files back, crossfade amend brings it in again.\n";
  return text;
}

v1::AmendReply reply_of(const setup::Amended& done, const AmendOptions& own) {
  v1::AmendReply reply;
  reply.set_ok(done.preflight.ok());
  reply.set_done(done.preflight.ok() && !own.dry_run && !done.changes.empty());
  reply.set_edition(done.edition);
  for (const auto& change : done.changes) reply.add_changes(change);
  for (const auto& again : done.again) {
    auto& told = *reply.add_again();
    told.set_target(again.target);
    told.set_is_new(again.is_new);
    told.set_rows(again.rows);
    if (again.seconds) told.set_seconds(*again.seconds);
  }
  for (const auto& target : done.untouched) reply.add_untouched(target);
  reply.set_held_milliseconds(static_cast<double>(done.held.count()));
  reply.set_attempts(done.attempts);
  *reply.mutable_findings() = mapping::plan_reply(done.preflight).findings();
  if (!done.preflight.ok()) reply.add_next_steps("crossfade plan: the same checks, with what mends each");
  else if (done.changes.empty()) return reply;
  else if (own.dry_run) reply.add_next_steps("crossfade amend");
  else if (own.undo) reply.add_next_steps("crossfade amend --to-folder");
  else if (!done.again.empty()) reply.add_next_steps("crossfade wait --phase following, then crossfade verify");
  return reply;
}

ExitCode tell(const Options& options, const setup::Amended& done, const AmendOptions& own) {
  if (options.json) {
    std::cout << api::json_of(reply_of(done, own)) << "\n";
  } else {
    if (!done.preflight.ok()) std::cerr << mapping::faults_text(done.preflight);
    (done.preflight.ok() ? std::cout : std::cerr) << text_of(done, own);
  }
  return done.preflight.ok() ? ExitCode::kOk : exit_code_of(done.preflight);
}

/// The other way: what undid an amend, and what followed v1 by itself, is not in the folder yet.
asio::awaitable<ExitCode> write_folder(const Options& options, mapping::MigrationFile file) {
  pg::Connection connection = co_await pg::Connection::open(endpoint(options, "amend"));
  co_await setup::require_prepared(connection, file.yaml.migration());
  const auto installed = co_await setup::as_installed(connection, file);
  const auto here = mapping::texts_of(file);
  auto wanted = mapping::texts_of(installed);
  // Checks and what a flip is told are the folder's.
  if (mapping::differs_in_checks_alone(file, wanted)) wanted["migration.yaml"] = file.yaml_text;
  std::string text;
  for (const auto& [name, content] : wanted) {
    const auto there = here.find(name);
    if (there != here.end() && there->second == content) continue;
    // Somebody may have edited it, and not brought it in yet.
    const auto kept = name + ".orig";
    if (there != here.end()) std::filesystem::copy_file(file.folder / name, file.folder / kept, std::filesystem::copy_options::overwrite_existing);
    std::ofstream stream(file.folder / name, std::ios::binary);
    stream << content;
    stream.close();
    if (!stream) throw usage_failure(fmt::format("{} cannot be written", (file.folder / name).string()), "crossfade history --json has the difference");
    text += fmt::format("{} is written as the database has it{}\n", name, there == here.end() ? "" : fmt::format("; what it said is in {}", kept));
  }
  for (const auto& [name, content] : here) {
    if (!wanted.contains(name)) text += fmt::format("{} is nothing that the database has; remove it, or crossfade amend brings it in\n", name);
  }
  std::cout << (text.empty() ? "The folder says what the database has.\n" : text);
  co_return ExitCode::kOk;
}

asio::awaitable<ExitCode> amend_here(const Options& options, const AmendOptions& own, mapping::MigrationFile file) {
  pg::Connection connection = co_await pg::Connection::open(endpoint(options, "amend"));
  const auto migration = file.yaml.migration();
  setup::Amend amend;
  if (own.undo) amend = co_await setup::undo_of_last(connection, file);
  else amend.file = std::move(file);
  add_choices(amend, own);
  setup::Amended done;
  if (own.dry_run) done = co_await setup::plan_amend(connection, std::move(amend));
  else done = co_await setup::perform_amend(connection, std::move(amend));
  // Whoever asks the daemon next is not answered by one of before.
  if (!own.dry_run && done.preflight.ok() && !done.changes.empty()) co_await setup::until_taken_on(connection, migration);
  co_return tell(options, done, own);
}

ExitCode amend(const Options& options, const AmendOptions& own) {
  auto file = load(options);
  asio::io_context io;
  if (own.to_folder && (own.undo || own.dry_run || !own.ddl.empty())) throw usage_failure("--to-folder amends nothing", "leave the other options out");
  if (own.to_folder) return run_to_end(io, write_folder(options, std::move(file)));
  return run_to_end(io, amend_here(options, own, std::move(file)));
}

}  // namespace

Command amend_command() {
  return {"amend", "Set up", "Bring an edited mapping, v2 or hotfix of v1 into a migration that is under way", with_options(declare, amend)};
}

}  // namespace crossfade::app
