#include "app/demo/rehearsal.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <iostream>
#include <sstream>

#include "api/message.h"
#include "app/cli/context.h"
#include "app/demo/stage.h"
#include "app/ephemeral/server_programs.h"
#include "app/status/long_work.h"
#include "base/error/failure.h"
#include "base/text/human.h"
#include "base/text/sql_text.h"
#include "crossfade/v1/reply.pb.h"
#include "setup/prepare/prepare.h"

namespace crossfade::app {
namespace {

namespace fs = std::filesystem;

/// On a disk that keeps its word, as production does; a rehearsal without fsync would promise too much.
ThrowawayServer::Options like_production() {
  ThrowawayServer::Options with;
  with.durable = true;
  with.settings = {{"shared_buffers", "512MB"}, {"max_wal_size", "4GB"}};
  return with;
}

/// What a preparation has made here is made anew on the copy.
asio::awaitable<std::vector<std::string>> what_is_dumped(const Options& options, const mapping::MigrationFile& file) {
  pg::Connection connection = co_await pg::Connection::open(endpoint(options, "rehearse"));
  const auto prepared = co_await setup::how_prepared(connection, file.yaml.migration());
  co_return co_await dumped_without_ours(connection, prepared == setup::Prepared::kNot ? nullptr : &file);
}

/// What a dump has, without the fences of a migration whose functions are not in it.
void write_list(const fs::path& dump, const fs::path& list) {
  std::istringstream all(run_server_program("pg_restore", {"--list", dump.string()}, ""));
  std::ofstream file(list);
  for (std::string line; std::getline(all, line);) {
    const bool fence = line.find(" TRIGGER ") != std::string::npos && line.find(" crossfade_fence ") != std::string::npos;
    if (!fence) file << line << '\n';
  }
}

/// Tells what is done as other long commands do; a person reads the commands and their answers too.
class Rehearsing : public Audience {
 public:
  Rehearsing(LongWork& work, bool json) : work_(work), json_(json) {}

  void say(const std::string& sentence) override {
    if (!json_) {
      work_.rest();
      print_sentence(sentence);
    }
    work_.at({sentence});
  }
  void show(const std::string& answer) override {
    if (json_) return;
    work_.rest();
    print_answer(answer);
  }
  bool reads() const override { return !json_; }
  void see(const v1::Status& status, bool done) override {
    const auto& backfill = status.backfill();
    work_.at({"the backfill of the copy", backfill.done_rows(), std::max(backfill.done_rows(), backfill.estimated_rows())});
    if (done) show(progress_of(status, done));
  }
  void go_on() override { work_.go_on(); }

 private:
  LongWork& work_;
  const bool json_;
};

/// The copy: of a backup made with --full, or of the source as it is now.
void restore(const Options& options, const RehearseOptions& own, const mapping::MigrationFile& file, Stage& stage, LongWork& work) {
  const auto here = stage.server().conninfo();
  const auto meanwhile = [&work] { work.go_on(); };
  auto dump = own.from;
  auto roles = dump.parent_path() / "roles.sql";
  if (dump.empty()) {
    dump = stage.server().directory() / "full.dump";
    roles = stage.server().directory() / "roles.sql";
    stage.say("Dumping the source.");
    asio::io_context io;
    auto what = run_to_end(io, what_is_dumped(options, file));
    work.at({"pg_dump copies the source"});
    what.insert(what.end(), {"--format=custom", "--file=" + dump.string()});
    run_server_program("pg_dump", std::move(what), options.source, meanwhile);
    run_server_program("pg_dumpall", {"--roles-only", "--no-role-passwords", "--file=" + roles.string()}, options.source, meanwhile);
  }
  if (!fs::exists(dump)) throw usage_failure(fmt::format("there is no {}", dump.string()), "name the full.dump of a backup made with `crossfade backup --full`");
  stage.say("Restoring it into a throw-away PostgreSQL.");
  // A role that this server has already is no fault.
  if (fs::exists(roles)) run_server_program("psql", {"--quiet", "--no-psqlrc", "--file=" + roles.string()}, here, meanwhile);
  work.at({"pg_restore fills the copy"});
  const auto list = stage.server().directory() / "full.list";
  write_list(dump, list);
  run_server_program("pg_restore", {"--dbname=postgres", "--no-owner", "--use-list=" + list.string(), dump.string()}, here, meanwhile);
  stage.value("analyze");
}

/// What a rehearsal is for. The rest of the move is in the answers of its commands.
v1::Rehearsal measured(const mapping::MigrationFile& file, const v1::Status& following, const Stage& stage) {
  const auto number = [&](const std::string& sql) { return std::stod(stage.value(sql)); };
  v1::Rehearsal reply;
  reply.set_migration(file.yaml.migration());
  reply.set_backfilled_rows(following.backfill().done_rows());
  reply.set_disk_bytes(number(fmt::format("select coalesce(sum(pg_total_relation_size(oid)), 0) from pg_class where relkind in ('r', 'p', 'm') and relnamespace = to_regnamespace({})",
                                          quote_literal(quote_identifier(file.yaml.schemas().shadow())))));
  reply.set_verify_seconds(number("select extract(epoch from ended_at - started_at) from crossfade.verification order by id desc limit 1"));
  reply.set_reads_flip_milliseconds(number("select sum(milliseconds) from crossfade.cutover_step where flip = (select flip from crossfade.cutover_step order by id desc limit 1)"));
  return reply;
}

std::string summary(const v1::Rehearsal& reply) {
  return fmt::format(
      "  backfill   {} for {} rows\n"
      "  WAL        {}\n"
      "  disk       {} for the new tables\n"
      "  verify     {}\n"
      "  reads flip {:.0f} ms\n",
      human_seconds(reply.backfill_seconds()), human_count(reply.backfilled_rows()), human_bytes(reply.wal_bytes()), human_bytes(reply.disk_bytes()),
      human_seconds(reply.verify_seconds()), reply.reads_flip_milliseconds());
}

v1::Rehearsal move_the_copy(const Options& options, const RehearseOptions& own, LongWork& work) {
  const auto file = load(options);
  Rehearsing rehearsing(work, options.json);
  work.at({"a throw-away PostgreSQL is made"});
  Stage stage(fs::absolute(options.migration), like_production(), rehearsing);
  work.go_on();
  restore(options, own, file, stage, work);
  const bool fit = stage.run_command({"check", "--when", "before"}) == 0;
  if (!fit) stage.say("Those checks are about the old data; the move goes on.");
  const auto before = stage.value("select pg_current_wal_insert_lsn()");
  const auto began = pg::Clock::now();
  stage.start_daemon();
  const auto following = stage.watch_until_following();
  const double seconds = std::chrono::duration<double>(pg::Clock::now() - began).count();
  const double wal_bytes = std::stod(stage.value(fmt::format("select pg_current_wal_insert_lsn() - {}::pg_lsn", quote_literal(before))));
  stage.command({"verify"});
  stage.command({"account"});
  const bool passed = stage.run_command({"check", "--when", "after"}) == 0;
  stage.command({"cutover", "reads"});
  auto reply = measured(file, following, stage);
  reply.set_backfill_seconds(seconds);
  reply.set_wal_bytes(wal_bytes);
  reply.set_checks_before_passed(fit);
  reply.set_checks_after_passed(passed);
  stage.stop_daemon();
  stage.say("Rehearsed on a copy; on the machine that this ran on, without other load:");
  if (!fit) reply.add_next_steps("crossfade check --when before: what it finds in v1 was so on the copy too");
  if (!passed) reply.add_next_steps("crossfade check --when after: mend the mapping, or the check; then rehearse again");
  return reply;
}

}  // namespace

ExitCode rehearse(const Options& options, const RehearseOptions& own) {
  v1::Rehearsal reply;
  LongWork work(options, "rehearse");
  const std::function<void()> whole = [&] { reply = move_the_copy(options, own, work); };
  const auto ended = work.to_end(whole);
  if (ended != LongWork::Ended::kByItself) return work.show_known(ended);
  std::cout << (options.json ? api::json_of(reply) + "\n" : summary(reply)) << std::flush;
  return reply.checks_after_passed() ? ExitCode::kOk : ExitCode::kMismatch;
}

}  // namespace crossfade::app
