#include "setup/amend/amend_run.h"

#include <embedded_sql.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "async/sleep.h"
#include "base/error/failure.h"
#include "base/telemetry/log.h"
#include "base/text/sql_text.h"
#include "mapping/file/canary_schema.h"
#include "mapping/file/moved_names.h"
#include "mapping/preflight/inspect.h"
#include "pg/row.h"
#include "setup/objects/fence.h"
#include "setup/objects/stable_views.h"
#include "setup/prepare/prepare_steps.h"
#include "setup/state/editions.h"
#include "setup/state/run_script.h"
#include "sync/state/shape.h"

namespace crossfade::setup {
namespace {

namespace queries = sql::queries;
using mapping::Direction;

std::string text_of(const std::vector<std::string>& names) {
  const std::vector<std::optional<std::string>> elements(names.begin(), names.end());
  return array_text(elements);
}

}  // namespace

/// What takes longer than it may is tried again, because the server may have been busy, and not often, because others wait for it each time.
constexpr int kTooLong = 12;
/// A migration of many views takes longer than others are to wait as a rule: so many tries have to show it.
constexpr int kShortTries = 5;

bool passes(const Failure& failure) { return failure.sqlstate() == "55P03" || failure.verdict() == Verdict::kRetry; }

std::vector<std::string> AmendRun::remade_schemas() const {
  std::vector<std::string> schemas;
  if (remake_mapping_) schemas.push_back(yaml_.schemas().mapping());
  if (remake_reverse_) schemas.push_back(yaml_.schemas().reverse());
  return schemas;
}

asio::awaitable<void> AmendRun::until_done(Try what) {
  const auto trialled = result_.preflight.findings;
  for (result_.attempts = 1;; ++result_.attempts) {
    std::optional<Failure> failure;
    result_.preflight.findings = trialled;
    try {
      if (what == Try::kTrial) co_await trial();
      else co_await try_once(what == Try::kDryRun);
      co_return;
    } catch (const Failure& caught) {
      failure = caught;
    }
    if (!connection_.usable()) throw *failure;
    co_await connection_.script("rollback");
    if (failure->sqlstate() == "55P04") {
      const bool come = co_await labels_first(what);
      if (come) continue;
      auto facts = failure->facts();
      facts.exit = ExitCode::kPrecondition;
      facts.advice = "PostgreSQL lets a label be used once the transaction that added it is through: first amend with the label alone, then with what uses it";
      throw Failure(std::move(facts));
    }
    const bool too_long = failure->sqlstate() == "57014";
    if (!too_long && !passes(*failure)) throw *failure;
    if (too_long && amend_.limits.at_last && result_.attempts >= kShortTries) {
      amend_.limits.hold = std::max(amend_.limits.hold, *std::exchange(amend_.limits.at_last, std::nullopt));
    } else if (result_.attempts >= (too_long ? kTooLong : amend_.limits.attempts)) {
      auto facts = failure->facts();
      facts.exit = ExitCode::kTimeout;
      facts.message = fmt::format("nothing was amended, nothing has changed: {} (attempt {})", facts.message, result_.attempts);
      facts.advice = too_long ? fmt::format("it takes longer than {} ms, for which others would wait: allow more with --hold-limit, or do less at a time",
                                            amend_.limits.hold.count())
                              : "try again when less is going on; crossfade status and pg_stat_activity say who holds the tables";
      throw Failure(std::move(facts));
    }
    log::debug("amend is tried again", {log::quoting("because", failure->what()), {"attempt", result_.attempts}});
    co_await async::sleep_for(amend_.limits.pause);
  }
}

/// Leaves the old or the new, never a mixture: it is one transaction.
asio::awaitable<void> AmendRun::try_once(bool dry_run) {
  // Where the engine alone reads the views nobody else waits for them.
  const auto of_views = std::max(amend_.limits.lock_timeout, stable_schema_.empty() ? std::min(amend_.limits.hold, before_deadlock_) : std::chrono::milliseconds(0));
  auto begin = fmt::format("begin isolation level read committed; set local client_min_messages = warning; set local plan_cache_mode = force_generic_plan; set local lock_timeout = {}; set local statement_timeout = {}",
                           of_views.count(), 2 * amend_.limits.hold.count());
  co_await connection_.script(std::move(begin));
  // Reads move in a transaction of their own, which has this row until it is through; what the stable views show is what holds then.
  pg::Parameters name = {name_};
  const auto reads = co_await connection_.query(queries::amend_reads, name);
  all_read_v2_ = !reads.empty() && pg::first(reads).truth("all_read_v2");
  meant_ = co_await meanings();
  pending_.clear();
  const auto before = co_await sync::shape_changes(connection_, name_);
  for (const auto& change : before) {
    if (!change.in_the_way) pending_.insert(change.targets.begin(), change.targets.end());
  }
  co_await remember_ids();
  held_since_ = pg::Clock::now();
  co_await take_down();
  co_await put_ids_away(false);
  if (stable_.empty()) held_since_ = pg::Clock::now();
  auto shorter = fmt::format("set local lock_timeout = {}", amend_.limits.lock_timeout.count());
  co_await connection_.script(std::move(shorter));
  co_await keep_the_hold_short();
  co_await change_tables();
  if (!amend_.ddl.empty()) co_await refuse_what_others_have_not_made();
  co_await keep_the_hold_short();
  co_await make_views();
  co_await carry_ids_over();
  // They name none that is not there any more; the stable views come later.
  co_await all(rights_);
  const auto now = co_await meanings();
  // What it changes of types, functions and partitions; of views and columns the meanings tell.
  const auto after = co_await sync::shape_changes(connection_, name_);
  for (const auto& change : after) {
    if (!change.in_the_way && !is_remade(change)) pending_.insert(change.targets.begin(), change.targets.end());
  }
  // What was checked is not checked again while others wait, unless it has become another meanwhile.
  if (now != checked_) co_await inspect_catalog(!filling_);
  if (!result_.preflight.ok()) {
    co_await connection_.script("rollback");
    co_return;
  }
  co_await make_stable_views();
  find_touched(now);
  say_what_changes();
  co_await enter();
  const auto held = std::chrono::duration_cast<std::chrono::milliseconds>(pg::Clock::now() - held_since_);
  result_.held = held;
  if (held > amend_.limits.hold && !dry_run) {
    Failure::Facts facts;
    facts.sqlstate = "57014";
    facts.message = fmt::format("its locks were held for {} ms", held.count());
    throw Failure(std::move(facts));
  }
  co_await connection_.script(dry_run ? "rollback" : "commit");
}

/// No statement takes longer than what is left of the time for which others may wait.
asio::awaitable<void> AmendRun::keep_the_hold_short() {
  const auto passed = std::chrono::duration_cast<std::chrono::milliseconds>(pg::Clock::now() - held_since_);
  auto limit = fmt::format("set local statement_timeout = {}", std::max(amend_.limits.hold - passed, std::chrono::milliseconds(1)).count());
  co_await connection_.script(std::move(limit));
}

/// `by_hand`: with what else somebody has put on the views.
asio::awaitable<void> AmendRun::remember_rights(std::string schema, bool by_hand) {
  pg::Parameters parameters = {std::move(schema), by_hand ? "true" : "false"};
  const auto rows = co_await connection_.query(queries::amend_rights, parameters);
  for (std::size_t row = 0; row < rows.size(); ++row) rights_.emplace_back(rows.text(row, 0));
}

/// As whoever made the schema: what stands in it anew belongs to the same role, with whose rights the views read.
asio::awaitable<void> AmendRun::as_owner(std::string schema) {
  pg::Parameters name = {std::move(schema)};
  const auto rows = co_await connection_.query(queries::amend_owner, name);
  if (rows.empty() || !pg::first(rows).truth("is_other")) co_return;
  // regrole prints it quoted.
  auto become = fmt::format("set local role {}", pg::first(rows).text("owner"));
  co_await connection_.script(std::move(become));
}

asio::awaitable<void> AmendRun::make_sure_of(std::string schema) {
  pg::Parameters name = {schema};
  const auto there = co_await connection_.query(queries::schema_exists, name);
  if (there.truth(0, 0)) co_return;
  auto create = fmt::format("create schema {}", quote_identifier(schema));
  co_await connection_.script(std::move(create));
  co_await made_is(schema, true);
}

/// Of views that application sessions may read, and that are made anew.
std::vector<std::string> AmendRun::read_outside() const {
  const bool tables = change_v2_ || !amend_.ddl.empty();
  if (stable_schema_.empty() || !(remake_mapping_ || tables)) return {};
  return {stable_schema_, mapping::canary_schema(stable_schema_)};
}

asio::awaitable<void> AmendRun::expect_nobody_builds_on_it() {
  auto remade = remade_schemas();
  const auto outside = read_outside();
  remade.insert(remade.end(), outside.begin(), outside.end());
  if (!way_back_gone_.empty()) remade.push_back(way_back_gone_);
  pg::Parameters of_schemas = {text_of(remade)};
  const auto dependents = co_await connection_.query(queries::amend_dependents, of_schemas);
  if (dependents.empty()) co_return;
  throw precondition_failure(fmt::format("{} reads what an amend makes anew, and would go with it", dependents.text(0, 0)),
                             "Drop it first and make it again afterwards.");
}

/// The views, so that the tables can be changed that they read. Application sessions may read a stable view; the others the engine
/// alone reads, and it gives way.
asio::awaitable<void> AmendRun::take_down() {
  rights_.clear();
  stable_.clear();
  co_await expect_nobody_builds_on_it();
  const bool forward = direction_ == Direction::kForward;
  for (const auto& schema : read_outside()) {
    co_await remember_rights(schema, true);
    pg::Parameters parameters = {schema, name_, forward ? "false" : "true"};
    const auto rows = co_await connection_.query(queries::amend_stable, parameters);
    for (const auto row : pg::rows(rows)) {
      std::string drop(row.text("drop_sql"));
      co_await connection_.script(std::move(drop));
      stable_.emplace_back(row.text("create_sql"));
    }
  }
  for (const auto& schema : remade_schemas()) {
    co_await remember_rights(schema, false);
    co_await make_sure_of(schema);
    pg::Parameters name = {schema};
    const auto drops = co_await connection_.query(queries::amend_empty, name);
    for (std::size_t row = 0; row < drops.size(); ++row) co_await connection_.script(std::string(drops.text(row, 0)));
  }
  co_await drop_way_back();
}

asio::awaitable<void> AmendRun::made_is(std::string schema, bool there) {
  pg::Parameters parameters = {name_, std::move(schema), there ? "true" : "false"};
  const std::string sql(queries::amend_made);
  co_await connection_.query(sql, std::move(parameters));
}

asio::awaitable<void> AmendRun::drop_way_back() {
  if (way_back_gone_.empty()) co_return;
  auto drop = fmt::format("drop schema if exists {} cascade", quote_identifier(way_back_gone_));
  co_await connection_.script(std::move(drop));
  co_await made_is(way_back_gone_, false);
}

asio::awaitable<void> AmendRun::make_views() {
  std::set<std::string> ids;
  if (before_) {
    for (const auto& [name, surrogate] : before_->yaml.surrogates()) ids.insert(name);
    for (const auto& name : rekeyed()) ids.erase(name);
    auto back = co_await returning();
    ids.merge(back);
  } else {
    for (const auto& [name, surrogate] : yaml_.surrogates()) ids.insert(name);
  }
  const auto remade = remade_schemas();
  for (const auto& script : mapping::install_scripts(amend_.file, ids)) {
    if (std::find(remade.begin(), remade.end(), script.schema) == remade.end()) continue;
    co_await as_owner(script.schema);
    const bool swapped = direction_ == Direction::kReverse;
    if (swapped) co_await run_reverse(script);
    else co_await run_script(connection_, script.file, script.sql);
    auto close = close_schemas({"crossfade", script.schema});
    co_await connection_.script(std::move(close));
    co_await connection_.script("set local role none");
  }
}

/// v2's tables stand in the place of v1's now, and reverse.sql was written before.
asio::awaitable<void> AmendRun::run_reverse(const mapping::InstallScript& script) {
  // In one line with the file's first, so that the server's line numbers are the file's.
  const auto path = mapping::set_search_path({script.schema, yaml_.schemas().source()});
  const auto text = mapping::with_moved_names(amend_.file.reverse_sql, yaml_, mapping::Naming::kSwapped);
  auto sql = fmt::format("create schema if not exists {}; {}; {}\n;\nset local search_path to '';\n", quote_identifier(script.schema), path, text);
  co_await run_script(connection_, script.file, std::move(sql));
}

/// The checks of `plan` that read no rows: quick enough to be made under the locks. The way back is followed by v2's keys.
asio::awaitable<void> AmendRun::inspect_catalog(bool all_keys) {
  auto findings = std::move(result_.preflight.findings);
  co_await connection_.script("savepoint crossfade_look");
  const auto way = directed(yaml_);
  result_.preflight = co_await mapping::inspect_catalog(connection_, way);
  if (all_keys && direction_ == Direction::kForward && has_way_back()) {
    const auto back = mapping::reverse_migration(yaml_, mapping::Naming::kOriginal);
    const auto reverse = co_await mapping::inspect_catalog(connection_, back);
    for (auto finding : reverse.findings) {
      if (finding.subject == "server") continue;
      finding.subject = "reverse " + finding.subject;
      findings.push_back(std::move(finding));
    }
  }
  co_await connection_.script("rollback to savepoint crossfade_look; release savepoint crossfade_look");
  auto& all_found = result_.preflight.findings;
  all_found.insert(all_found.end(), std::make_move_iterator(findings.begin()), std::make_move_iterator(findings.end()));
}

asio::awaitable<void> AmendRun::make_stable_views() {
  const auto& model = result_.preflight.model;
  const bool tables = change_v2_ || !amend_.ddl.empty();
  if (stable_schema_.empty() || !(remake_mapping_ || tables)) co_return;
  co_await make_sure_of(stable_schema_);
  co_await make_sure_of(mapping::canary_schema(stable_schema_));
  auto scripts = direction_ == Direction::kForward ? create_stable_views(model) : stable_;
  if (direction_ == Direction::kForward && all_read_v2_) {
    for (const auto& target : model.targets) scripts.push_back(turn_stable_view(model, target, true));
  }
  // Whoever moves the reads has to own them.
  co_await as_owner(stable_schema_);
  co_await all(std::move(scripts));
  co_await connection_.script("set local role none");
  // Those that are made as they were printed have none but the rights they had.
  auto close = close_schemas({stable_schema_, mapping::canary_schema(stable_schema_)});
  if (direction_ == Direction::kReverse) co_await connection_.script(std::move(close));
  co_await all(rights_);
}

/// The publication has what is followed. What was written to a table before it came to it, by a transaction that is not through, is in
/// no stream: so those targets are compared once these are.
asio::awaitable<void> AmendRun::follow_sources() {
  const auto& model = result_.preflight.model;
  const auto publication = publication_name(model.name, model.direction);
  const auto wanted = followed_sources(model);
  pg::Parameters parameters = {publication, text_of(wanted)};
  const auto rows = co_await connection_.query(queries::amend_publication, parameters);
  std::set<std::string> come;
  for (const auto& table : parse_array(pg::first(rows).text("lacking"))) {
    auto add = fmt::format("alter publication {} add table {}", quote_identifier(publication), table.value());
    co_await connection_.script(std::move(add));
    come.insert(table.value());
  }
  for (const auto& table : parse_array(pg::first(rows).text("unwanted"))) {
    auto drop = fmt::format("alter publication {} drop table {}", quote_identifier(publication), table.value());
    co_await connection_.script(std::move(drop));
  }
  for (const auto& rule : model.rules) {
    const auto& source = model.sources[rule.source];
    if (come.contains(quote_qualified(source.schema, source.name))) touched_.insert(model.targets[rule.target].name);
  }
}

asio::awaitable<void> AmendRun::enter_new_targets() {
  const auto& model = result_.preflight.model;
  const auto fences = create_fences(model);
  const auto rests = disable_triggers(model);
  for (const auto n : model.targets.ids()) {
    if (filled_.contains(model.targets[n].name)) continue;
    auto sql = fmt::format("{};\n{}{};", fences[n], enter_target(model, model.targets[n]), rests[n]);
    co_await connection_.script(std::move(sql));
  }
  for (const auto& [target, filled] : filled_) {
    if (model.find_target(target)) continue;
    pg::Parameters gone = {name_, target};
    co_await connection_.query(queries::amend_forget, gone);
    auto unfence = fmt::format("select crossfade.take_fences({})", quote_literal(quote_qualified(yaml_.schemas().shadow(), target)));
    if (direction_ == Direction::kForward) co_await connection_.script(std::move(unfence));
  }
}

asio::awaitable<void> AmendRun::enter() {
  const auto& model = result_.preflight.model;
  co_await follow_sources();
  co_await enter_new_targets();
  if (direction_ == Direction::kForward) {
    for (const auto& surrogate : model.surrogates) {
      const bool was = !before_ || before_->yaml.surrogates().contains(surrogate.name);
      auto sql = fmt::format("select crossfade.enter_surrogate({}, {}, {})", quote_literal(name_), quote_literal(surrogate.name), quote_literal(surrogate.ids.name));
      if (!was) co_await connection_.script(std::move(sql));
    }
  }
  NewEdition edition{amend_.how, amend_.who, result_.changes, amend_.ddl};
  auto entered = enter_edition(name_, edition, mapping::texts_of(amend_.file));
  if (direction_ == Direction::kForward) entered += know_sources(model);
  co_await connection_.script(std::move(entered));
  result_.edition = co_await edition_now(connection_, name_);
  co_await sync::write_watched(connection_, model);
  std::vector<std::string> touched(touched_.begin(), touched_.end());
  std::vector<std::string> filled;
  for (const auto& target : model.targets) {
    if (touched_.contains(target.name) && !target.lazy) filled.push_back(target.name);
  }
  std::vector<std::string> fresh;
  for (const auto& again : result_.again) {
    if (again.is_new) fresh.push_back(again.target);
  }
  pg::Parameters parameters = {name_, text_of(touched), direction_ == Direction::kReverse ? "reverse" : "forward", text_of(fresh),
                               amend_.who, amend_.how == "undone" ? "amend --undo" : "amend", std::to_string(result_.edition), text_of(result_.changes), text_of(filled)};
  co_await connection_.query(queries::amend_enter, parameters);
  pg::Parameters name = {name_};
  const auto faults = co_await connection_.query(queries::shape_faults, name);
  if (faults.empty()) co_return;
  const auto fault = pg::first(faults);
  throw precondition_failure(std::string(fault.text("detail")), std::string(fault.text("fix")));
}

}  // namespace crossfade::setup
