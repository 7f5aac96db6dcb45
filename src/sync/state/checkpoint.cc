#include "sync/state/checkpoint.h"

#include <embedded_sql.h>
#include <fmt/format.h>

#include <utility>

#include "base/text/sql_text.h"
#include "pg/row.h"
#include "sync/state/run_query.h"
#include "sync/state/store.h"

namespace crossfade::sync::store {

namespace queries = sql::queries;

asio::awaitable<std::optional<Checkpoint>> read_checkpoint(pg::Connection& connection, const std::string& migration) {
  pg::Parameters parameters = {migration};
  const auto rows = co_await run_query(connection, queries::checkpoint_read, std::move(parameters));
  if (rows.empty()) co_return std::nullopt;
  const auto row = pg::first(rows);
  const auto lsn = [](std::string_view text) { return parse_lsn(text).value_or(Lsn{}); };
  Checkpoint checkpoint;
  checkpoint.incarnation.system_identifier = row.text("system_identifier");
  checkpoint.incarnation.timeline = static_cast<int>(row.number("timeline"));
  checkpoint.incarnation.slot = row.text("slot");
  checkpoint.incarnation.created = lsn(row.text("slot_created_lsn"));
  checkpoint.settled = lsn(row.text("settled_lsn"));
  checkpoint.consistent = lsn(row.text("consistent_lsn"));
  co_return checkpoint;
}

asio::awaitable<void> begin_checkpoint(pg::Connection& connection, const std::string& migration,
                                       wal::Incarnation incarnation) {
  pg::Parameters parameters = {migration, incarnation.system_identifier, std::to_string(incarnation.timeline),
                               incarnation.slot, to_string(incarnation.created)};
  co_await run_query(connection, queries::checkpoint_begin, std::move(parameters));
}

namespace {

/// What another server's checkpoint cannot ask itself: what the stream tells by now, and the clock by which the beats are sent.
struct AtSource {
  std::optional<std::string> tells;
  std::optional<std::string> clock;
};

asio::awaitable<AtSource> ask_at_source(pg::Connection& connection, const Runtime& run) {
  AtSource said;
  if (!connection.apart()) co_return said;
  pg::Parameters name = {run.model.name};
  const auto rows = co_await run_query(connection.source(), queries::source_now, std::move(name));
  const auto now = pg::first(rows);
  said.tells = now.optional_text("tells").value_or("");
  said.clock = now.optional_text("clock");
  co_return said;
}

asio::awaitable<Committed> commit_checkpoint(pg::Connection& connection, const Runtime& run, Reached reached, std::vector<pg::Statement> statements) {
  const auto at_source = co_await ask_at_source(connection, run);
  const auto text_of = [](const std::optional<Lsn>& position) { return position ? std::optional(to_string(*position)) : std::nullopt; };
  pg::Parameters parameters = {run.model.name, to_string(reached.settled), text_of(reached.consistent), std::to_string(run.epoch),
                               reached.beat_sent_at ? std::optional(fmt::format("{}", *reached.beat_sent_at)) : std::nullopt,
                               std::move(reached.stream_tells), text_of(reached.readable),
                               array_text({reached.readable_but.begin(), reached.readable_but.end()}), at_source.tells, at_source.clock};
  const auto place = statements.size();
  statements.push_back({std::string(queries::checkpoint_write), std::move(parameters)});
  statements.push_back({"commit"});
  statements.push_back({std::string(queries::wal_ends)});
  std::optional<Failure> failure;
  std::vector<pg::Answer> answers;
  try {
    answers = co_await connection.together(std::move(statements));
  } catch (const Failure& caught) {
    failure = caught;
  }
  // What is checked at the commit may be refused with any state.
  if (failure && failure->sqlstate() == "22P02" && failure->facts().statement == queries::checkpoint_write) not_leader(run);
  if (failure) throw *failure;
  const auto moved = pg::first(answers[place].result);
  const auto ends = pg::first(answers.back().result);
  co_return Committed{moved.real("clock"), parse_lsn(ends.text("written")).value_or(Lsn{}), parse_lsn(ends.text("flushed")).value_or(Lsn{}),
                      moved.truth("told")};
}

}  // namespace

asio::awaitable<Committed> commit_with_checkpoint(pg::Connection& connection, const Runtime& run, Reached reached) {
  std::vector<pg::Statement> nothing;
  co_return co_await commit_checkpoint(connection, run, reached, std::move(nothing));
}

asio::awaitable<Committed> commit_checkpoint_alone(pg::Connection& connection, const Runtime& run, Reached reached) {
  std::vector<pg::Statement> begin = {{"begin"}, {"set local synchronous_commit = local"}};
  co_return co_await commit_checkpoint(connection, run, reached, std::move(begin));
}

}  // namespace crossfade::sync::store
