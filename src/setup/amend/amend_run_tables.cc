#include <embedded_sql.h>
#include <fmt/format.h>

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "base/error/failure.h"
#include "base/telemetry/log.h"
#include "base/text/sql_text.h"
#include "mapping/amend/labels_change.h"
#include "mapping/amend/moved_side.h"
#include "mapping/file/moved_names.h"
#include "pg/savepoint.h"
#include "setup/amend/amend_run.h"
#include "setup/state/run_script.h"

/// What an amend does to the tables, of v1 by the DDL that came with it, and of v2 by what v2.sql says.
namespace crossfade::setup {

namespace queries = sql::queries;

asio::awaitable<mapping::Side> AmendRun::make_side(const mapping::MigrationFile& file) {
  const auto& shadow = file.yaml.schemas().shadow();
  auto rename = fmt::format("alter schema {} rename to {}", quote_identifier(shadow), kAside);
  pg::Parameters name = {shadow};
  // Once its tables are in the place of v1's somebody may have dropped what is empty.
  const auto there = co_await connection_.query(queries::schema_exists, name);
  if (there.truth(0, 0)) co_await connection_.script(std::move(rename));
  auto written = file;
  if (direction_ == mapping::Direction::kReverse) {
    auto sources = file.yaml;
    sources.clear_targets();
    written.v2_sql = mapping::with_moved_names(file.v2_sql, sources, mapping::Naming::kSwapped);
  }
  const auto scripts = mapping::install_scripts(written);
  co_await run_script(connection_, scripts.front().file, scripts.front().sql);
  co_return co_await mapping::read_side(connection_, shadow, "");
}

/// v2 as a folder's v2.sql says it, made and rolled back.
asio::awaitable<mapping::Side> AmendRun::side_of(const mapping::MigrationFile& file) {
  const std::function<asio::awaitable<mapping::Side>()> make = [&] { return make_side(file); };
  co_return co_await pg::look_in_savepoint(connection_, make);
}

asio::awaitable<std::optional<mapping::Side>> AmendRun::side_if_runs(const mapping::MigrationFile& file) {
  std::optional<mapping::Side> side;
  const pg::Work make = [&]() -> asio::awaitable<void> { side = co_await make_side(file); };
  const auto failure = co_await pg::in_savepoint(connection_, make, pg::Leaves::kNothing);
  if (failure && passes(*failure)) throw *failure;
  co_return side;
}

/// v2.sql was written when v1 was what it was then, and may be written for what the hotfix makes of it.
asio::awaitable<void> AmendRun::look_at_v2() {
  wanted_late_ = nothing_is_said_ = false;
  said_.reset();
  if (before_) {
    said_ = co_await side_if_runs(*before_);
    nothing_is_said_ = !said_;
  }
  if (amend_.ddl.empty()) {
    wanted_ = co_await side_of(amend_.file);
  } else {
    wanted_ = co_await side_if_runs(amend_.file);
    wanted_late_ = !wanted_;
  }
  if (!nothing_is_said_) co_return;
  said_ = wanted_;
  log::warn("v2.sql as the database has it does not run any more, because v1 is another one; what it had and has no longer is kept", {{"migration", name_}, {"mend", "amend --ddl"}});
}

mapping::V2Change AmendRun::against(const std::string& schema, const mapping::Side& there, const mapping::Side& wanted, const std::optional<mapping::Side>& said) const {
  return mapping::compare(schema, there, amend_.how == "undone" ? mapping::keeping_labels(wanted, there) : wanted, said);
}

/// Once the writes have moved v2's tables stand in the place of v1's, and what the flip carried hangs on them: what an edit says and they
/// lack is refused, and not what they had otherwise before it.
asio::awaitable<void> AmendRun::hold_v2_against_its_file() {
  const auto& shadow = yaml_.schemas().shadow();
  const auto& source = yaml_.schemas().source();
  auto stays = co_await mapping::read_side(connection_, shadow, name_);
  auto moved = co_await mapping::read_side(connection_, source, name_);
  const auto there = mapping::moved_side(mapping::together(std::move(stays), std::move(moved)), shadow, source);
  const auto differences = [&](const mapping::Side& wanted, const std::optional<mapping::Side>& said) {
    auto change = against(source, there, wanted, said);
    for (auto& says : change.says) change.refused.push_back(says.substr(0, says.find(", once ")));
    return std::move(change.refused);
  };
  std::optional<mapping::Side> said;
  std::set<std::string> before;
  if (said_) said = mapping::moved_side(*said_, shadow, source);
  if (said && !nothing_is_said_) {
    for (auto& difference : differences(*said, said)) before.insert(std::move(difference));
  }
  const auto wanted = mapping::moved_side(*wanted_, shadow, source);
  v2_ = {};
  for (auto& difference : differences(wanted, said)) {
    if (!before.contains(difference)) v2_.refused.push_back(std::move(difference));
  }
}

asio::awaitable<void> AmendRun::change_tables() {
  if (!amend_.ddl.empty()) {
    auto path = mapping::set_search_path({yaml_.schemas().source()});
    co_await connection_.script(std::move(path));
    co_await run_script(connection_, amend_.ddl_name, amend_.ddl);
    co_await connection_.script("set local search_path to ''");
  }
  if (wanted_late_) {
    wanted_ = co_await side_of(amend_.file);
    if (nothing_is_said_) said_ = wanted_;
  }
  if (!wanted_) co_return;
  if (hold_v2_) {
    // Without DDL the trial has done so, while nobody waited.
    if (amend_.ddl.empty()) co_return;
    co_await hold_v2_against_its_file();
    refuse_what_v2_lacks();
    co_return;
  }
  const auto& shadow = yaml_.schemas().shadow();
  const auto there = co_await mapping::read_side(connection_, shadow, name_);
  v2_ = against(shadow, there, *wanted_, said_);
  if (v2_of_others_) hold_v2_of_others(there);
  refuse_what_v2_lacks();
  if (!v2_.refused.empty()) co_return;
  co_await as_owner(shadow);
  for (std::size_t n = 0; n < v2_.statements.size(); ++n) {
    co_await keep_the_hold_short();
    const auto otherwise = v2_.otherwise.find(n);
    if (otherwise == v2_.otherwise.end()) co_await connection_.script(v2_.statements[n]);
    else co_await retype(v2_.statements[n], otherwise->second);
  }
  co_await connection_.script("set local role none");
  for (const auto& later : v2_.later) {
    const auto& piece = later.piece;
    const auto given = [](const std::string& text) { return text.empty() ? std::nullopt : std::optional(text); };
    pg::Parameters parameters = {name_, piece.table, later.name, std::to_string(later.stage), piece.create, given(piece.validate), given(piece.indexed_by),
                                 given(piece.excluded_by)};
    co_await connection_.query(queries::deferred_put, parameters);
  }
}

asio::awaitable<bool> AmendRun::labels_first(Try what) {
  if (what != Try::kForGood || v2_.labels.empty() || !amend_.ddl.empty()) co_return false;
  co_await connection_.script("begin");
  co_await as_owner(yaml_.schemas().shadow());
  for (const auto& label : v2_.labels) {
    co_await connection_.script(label);
    amend_.because.push_back(label + ", beforehand");
  }
  co_await connection_.script("commit");
  co_return true;
}

/// Where values that are there become none of the new type, they go, and come with the others from the view.
asio::awaitable<void> AmendRun::retype(std::string statement, mapping::Otherwise otherwise) {
  const auto tried = co_await pg::try_in_savepoint(connection_, std::move(statement));
  if (!tried.refused) co_return;
  if (!tried.refused->found_by_trying()) throw *tried.refused;
  const auto again = co_await pg::try_in_savepoint(connection_, otherwise.sql);
  if (again.refused) {
    throw precondition_failure(fmt::format("{}: {}, and its values cannot go either: {}", otherwise.column, tried.refused->what(), again.refused->what()),
                               fmt::format("say what becomes of them, with --ddl FILE: {}", otherwise.by_hand));
  }
  v2_.says.push_back(fmt::format("column {} is empty until it is filled from the view: {}", otherwise.column, tried.refused->facts().message));
  if (otherwise.later) v2_.later.push_back(*otherwise.later);
}

}  // namespace crossfade::setup
