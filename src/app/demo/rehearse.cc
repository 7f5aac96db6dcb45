#include "app/demo/rehearse.h"

#include <fmt/format.h>

#include <iostream>

#include "app/cli/context.h"
#include "app/demo/stage.h"
#include "app/ephemeral/server_programs.h"
#include "app/status/long_work.h"
#include "base/error/failure.h"
#include "base/text/human.h"
#include "base/text/sql_text.h"
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
asio::awaitable<bool> is_prepared_here(const Options& options, std::string migration) {
  pg::Connection connection = co_await pg::Connection::open(endpoint(options, "rehearse"));
  const auto prepared = co_await setup::how_prepared(connection, std::move(migration));
  co_return prepared != setup::Prepared::kNot;
}

/// The copy: of a backup made with --full, or of the source as it is now.
void restore(const Options& options, const RehearseOptions& own, const mapping::MigrationFile& file, Stage& stage) {
  const auto here = stage.server().conninfo();
  auto dump = own.from;
  auto roles = dump.parent_path() / "roles.sql";
  if (dump.empty()) {
    dump = stage.server().directory() / "full.dump";
    roles = stage.server().directory() / "roles.sql";
    Stage::say("Dumping the source.");
    asio::io_context io;
    const bool prepared = run_to_end(io, is_prepared_here(options, file.yaml.migration()));
    LongWork work(options, "rehearse");
    const auto meanwhile = [&work] { work.go_on(); };
    work.at({"pg_dump copies the source"});
    auto what = prepared ? dumped_without_ours(file) : std::vector<std::string>{"--no-publications", "--no-subscriptions", "--exclude-schema=crossfade"};
    what.insert(what.end(), {"--format=custom", "--file=" + dump.string()});
    run_server_program("pg_dump", std::move(what), options.source, meanwhile);
    run_server_program("pg_dumpall", {"--roles-only", "--no-role-passwords", "--file=" + roles.string()}, options.source, meanwhile);
    work.rest();
  }
  if (!fs::exists(dump)) throw usage_failure(fmt::format("there is no {}", dump.string()), "name the full.dump of a backup made with `crossfade backup --full`");
  Stage::say("Restoring it into a throw-away PostgreSQL.");
  // A role that this server has already is no fault.
  if (fs::exists(roles)) run_server_program("psql", {"--quiet", "--no-psqlrc", "--file=" + roles.string()}, here);
  LongWork work(options, "rehearse");
  work.at({"pg_restore fills the copy"});
  run_server_program("pg_restore", {"--dbname=postgres", "--no-owner", dump.string()}, here, [&work] { work.go_on(); });
  work.rest();
  stage.value("analyze");
}

struct Measured {
  double wal_bytes = 0;
  double disk_bytes = 0;
  double seconds = 0;
};

std::string summary(const v1::Status& following, const Measured& move, const Stage& stage) {
  const auto number = [&](const char* sql) { return std::stod(stage.value(sql)); };
  return fmt::format(
      "  backfill   {} for {} rows\n"
      "  WAL        {}\n"
      "  disk       {} for the new tables\n"
      "  verify     {}\n"
      "  reads flip {:.0f} ms\n",
      human_seconds(move.seconds), human_count(following.backfill().done_rows()), human_bytes(move.wal_bytes),
      human_bytes(move.disk_bytes), human_seconds(number("select extract(epoch from ended_at - started_at) from crossfade.verification order by id desc limit 1")),
      number("select sum(milliseconds) from crossfade.flight where flip = (select flip from crossfade.flight order by id desc limit 1)"));
}

}  // namespace

ExitCode rehearse(const Options& options, const RehearseOptions& own) {
  const auto file = load(options);
  Stage stage(fs::absolute(options.migration), like_production());
  restore(options, own, file, stage);
  if (stage.attempt({"check", "--when", "before"}) != 0) Stage::say("Those checks are about the old data; the move goes on.");
  Measured move;
  const auto before = stage.value("select pg_current_wal_insert_lsn()");
  const auto began = pg::Clock::now();
  stage.start_daemon();
  const auto following = stage.watch_until_following();
  move.seconds = std::chrono::duration<double>(pg::Clock::now() - began).count();
  move.wal_bytes = std::stod(stage.value(fmt::format("select pg_current_wal_insert_lsn() - {}::pg_lsn", quote_literal(before))));
  move.disk_bytes = std::stod(stage.value(fmt::format(
      "select coalesce(sum(pg_total_relation_size(oid)), 0) from pg_class where relkind in ('r', 'p', 'm') and relnamespace = to_regnamespace({})",
      quote_literal(quote_identifier(file.yaml.schemas().shadow())))));
  stage.command({"verify"});
  stage.command({"account"});
  const bool passed = stage.attempt({"check", "--when", "after"}) == 0;
  stage.command({"cutover", "reads"});
  const auto measured = summary(following, move, stage);
  stage.stop_daemon();
  Stage::say("Rehearsed on a copy; on the machine that this ran on, without other load:");
  std::cout << measured << std::flush;
  return passed ? ExitCode::kOk : ExitCode::kMismatch;
}

}  // namespace crossfade::app
