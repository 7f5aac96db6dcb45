#include "setup/amend/amend_run.h"

#include <embedded_sql.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <google/protobuf/util/message_differencer.h>

#include <algorithm>
#include <utility>

#include "base/error/failure.h"
#include "base/text/sql_text.h"
#include "mapping/file/canary_schema.h"
#include "mapping/preflight/inspect.h"
#include "pg/row.h"
#include "pg/savepoint.h"
#include "setup/prepare/life.h"
#include "setup/prepare/prepare.h"
#include "setup/state/editions.h"
#include "setup/state/run_script.h"
#include "sync/state/shape.h"
#include "sync/state/store.h"

namespace crossfade::setup {
namespace {

namespace queries = sql::queries;
using google::protobuf::util::MessageDifferencer;
using mapping::Direction;

/// For statements that are prepared and asked again with other numbers.
constexpr const char* kPlanOnce = "set local plan_cache_mode = force_generic_plan";

bool has(const std::vector<std::optional<std::string>>& names, const std::string& name) { return std::find(names.begin(), names.end(), name) != names.end(); }

/// Whether two maps of a file say the same of `name`.
bool alike(const auto& one, const auto& other, const std::string& name) {
  const auto here = one.find(name);
  const auto there = other.find(name);
  if (here == one.end() || there == other.end()) return (here == one.end()) == (there == other.end());
  return MessageDifferencer::Equals(here->second, there->second);
}

/// They show v2's tables once v2 is written, which are the application's then: no amend makes them again.
asio::awaitable<void> name_stable_views_gone(pg::Connection& connection, const v1::Migration& yaml, std::string stable_schema, std::vector<mapping::Finding>& findings) {
  if (stable_schema.empty()) co_return;
  std::vector<std::optional<std::string>> schemas, names;
  for (const auto& schema : {stable_schema, mapping::canary_schema(stable_schema)}) {
    for (const auto& [name, target] : yaml.targets()) {
      schemas.emplace_back(schema);
      names.emplace_back(name);
    }
  }
  pg::Parameters wanted = {array_text(schemas), array_text(names)};
  const auto gone = co_await connection.query(queries::amend_views_gone, wanted);
  for (const auto row : pg::rows(gone)) {
    const std::string name(row.text("name"));
    const auto view = fmt::format("{}.{}", row.text("schema"), name);
    mapping::Findings(findings, "stable view " + view)
        .warn("it is gone, and v2 is written: no amend makes it again",
              fmt::format("create view {} as select * from {}; and grant it to whoever reads it", quote_qualified(std::string(row.text("schema")), name),
                          quote_qualified(yaml.schemas().source(), name)));
  }
}

}  // namespace

AmendRun::AmendRun(pg::Connection& connection, Amend amend)
    : connection_(connection), amend_(std::move(amend)), yaml_(amend_.file.yaml), name_(yaml_.migration()) {
  result_.preflight.model.name = name_;
}

mapping::DirectedMigration AmendRun::directed(const v1::Migration& yaml) const {
  return direction_ == Direction::kForward ? mapping::forward_migration(yaml) : mapping::reverse_migration(yaml, mapping::Naming::kSwapped);
}

asio::awaitable<void> AmendRun::all(std::vector<std::string> statements) {
  for (auto& statement : statements) co_await connection_.script(std::move(statement));
}

/// A view reads a table by its identity, and mapping.sql by its name: who changes a table online puts a copy in its place.
asio::awaitable<void> AmendRun::find_swapped() {
  const auto changes = co_await sync::shape_changes(connection_, name_);
  for (const auto& change : changes) {
    if (change.kind() != "name") continue;
    constexpr std::string_view kTable = "table ";
    pg::Parameters called = {change.title.substr(kTable.size())};
    const auto there = co_await connection_.query(queries::relation_there, called);
    if (pg::first(there).truth("there")) swapped_.push_back(change.title);
  }
}

/// Whether somebody has dropped a view of `schema` that the migration has had, and be it along with a column that it read.
asio::awaitable<bool> AmendRun::find_gone(std::string schema, bool of_way_back) {
  std::vector<std::optional<std::string>> schemas;
  std::vector<std::optional<std::string>> names;
  const auto had = [&](const auto& now, const auto& before) {
    for (const auto& [name, each] : now) {
      if (before_ && !before.contains(name)) continue;
      schemas.emplace_back(schema);
      names.emplace_back(name);
    }
  };
  const auto& was = before_ ? before_->yaml : yaml_;
  if (of_way_back) had(yaml_.reverse(), was.reverse());
  else had(yaml_.targets(), was.targets());
  const bool ids = schema == yaml_.schemas().mapping() || (of_way_back && has_way_back());
  if (ids) had(yaml_.surrogates(), was.surrogates());
  pg::Parameters wanted = {array_text(schemas), array_text(names)};
  const auto rows = co_await connection_.query(queries::amend_views_gone, wanted);
  for (const auto row : pg::rows(rows)) gone_.push_back(fmt::format("{}.{}", row.text("schema"), row.text("name")));
  co_return !rows.empty();
}

asio::awaitable<void> AmendRun::look() {
  co_await prepare_alone(connection_, name_);
  pg::Parameters name = {name_};
  const auto flip = co_await connection_.query(queries::flip_alone, name);
  const auto lock = pg::first(flip);
  if (!lock.truth("alone")) throw precondition_failure(fmt::format("a flip or an amend of migration {} is going on: {}", name_, lock.text("others")), "wait for it");
  co_await expect(connection_, name_, Event::kAmend);
  const auto rows = co_await connection_.query(queries::amend_look, name);
  const auto migration = pg::first(rows);
  stable_schema_ = migration.text("stable_schema");
  const auto made = parse_array(migration.text("made_schemas"));
  // Whoever waits for us while we wait for them goes on before the server has to choose a victim.
  before_deadlock_ = std::chrono::milliseconds(migration.number("deadlock_timeout")) / 2;
  amend_.limits.lock_timeout = std::max(std::min(amend_.limits.lock_timeout, before_deadlock_), std::chrono::milliseconds(1));
  const auto goes = co_await sync::store::read_direction(connection_, name_);
  direction_ = goes.value_or(Direction::kForward);
  const auto editions = co_await read_editions(connection_, name_);
  if (!editions.empty()) result_.edition = editions.back().number;
  if (!editions.empty() && !editions.back().texts.empty()) before_ = mapping::with_texts(amend_.file, editions.back().texts);
  find_rekeyed();
  const auto files = co_await changed_files(connection_, amend_.file);
  changed_.insert(files.begin(), files.end());
  // What somebody else made is theirs to change; then only what is known of it is brought up to date.
  const bool any_ddl = !amend_.ddl.empty();
  const bool forward = direction_ == Direction::kForward;
  bool gone_in_reverse = false;
  if (has(made, yaml_.schemas().reverse())) gone_in_reverse = co_await find_gone(yaml_.schemas().reverse(), true);
  std::vector<std::string> of_v2;
  if (forward && has(made, yaml_.schemas().mapping())) of_v2.push_back(yaml_.schemas().mapping());
  if (forward && !stable_schema_.empty()) of_v2.insert(of_v2.end(), {stable_schema_, mapping::canary_schema(stable_schema_)});
  bool gone_in_mapping = false;
  for (const auto& schema : of_v2) {
    const bool gone = co_await find_gone(schema, false);
    gone_in_mapping = gone_in_mapping || gone;
  }
  const auto targets = co_await connection_.query(queries::amend_targets, name);
  for (const auto row : pg::rows(targets)) {
    const Filled filled{row.truth("unfinished"), row.optional_real("rows_a_second")};
    filled_.emplace(row.text("target"), filled);
    filling_ = filling_ || filled.unfinished;
  }
  co_await find_swapped();
  // Once the writes have moved v2's tables are the application's: its file is taken down where they are what it says.
  change_v2_ = direction_ == Direction::kForward && (amend_.anew || changed("v2.sql")) && has(made, yaml_.schemas().shadow());
  hold_v2_ = direction_ == Direction::kReverse && changed("v2.sql") && has(made, yaml_.schemas().shadow());
  const auto not_made = [&](const std::string& schema) { return !schema.empty() && !has(made, schema); };
  v2_of_others_ = forward && changed("v2.sql") && not_made(yaml_.schemas().shadow());
  const bool of_mapping = changed("mapping.sql") || changed("rejects.sql") || changed("surrogates.sql");
  if (forward && of_mapping && not_made(yaml_.schemas().mapping())) of_others_.push_back(yaml_.schemas().mapping());
  if (has_way_back() && changed("reverse.sql") && not_made(yaml_.schemas().reverse()) && !(before_ && before_->reverse_sql.empty())) of_others_.push_back(yaml_.schemas().reverse());
  // What is being loaded has no keys for the moment: then all is tried with tables that have them.
  const bool other_tables = change_v2_ || (filling_ && direction_ == Direction::kForward);
  const bool views = amend_.anew || gone_in_mapping || !swapped_.empty() || changed("mapping.sql") || changed("rejects.sql") || changed("surrogates.sql") || !rekeyed().empty();
  // Either side's views may name v2's types, and those are others than the types of tables that stand beside.
  remake_mapping_ = direction_ == Direction::kForward && (views || any_ddl || other_tables) && has(made, yaml_.schemas().mapping());
  remake_reverse_ = has_way_back() && (changed("reverse.sql") || any_ddl || other_tables || !rekeyed().empty() || gone_in_reverse || (!forward && !swapped_.empty())) &&
                    (has(made, yaml_.schemas().reverse()) || (before_ && before_->reverse_sql.empty()));
  const bool gone = direction_ == Direction::kForward && before_ && !has_way_back() && has(made, before_->yaml.schemas().reverse());
  if (gone) way_back_gone_ = before_->yaml.schemas().reverse();
}

void AmendRun::say_what_changes() {
  auto& changes = result_.changes;
  changes = amend_.because;
  if (!amend_.ddl.empty()) changes.push_back(fmt::format("{} is run", amend_.ddl_name));
  changes.insert(changes.end(), v2_.says.begin(), v2_.says.end());
  for (const auto& target : result_.preflight.model.targets) {
    if (!filled_.contains(target.name)) changes.push_back(fmt::format("target {} is added", target.name));
  }
  for (const auto& [target, filled] : filled_) {
    if (!result_.preflight.model.find_target(target)) changes.push_back(fmt::format("target {} is followed no longer", target));
  }
  for (const auto& name : rekeyed()) changes.push_back(fmt::format("surrogate {} has another natural key, type or view; rows that have an id keep it", name));
  if (remake_reverse_ && before_ && before_->reverse_sql.empty()) changes.emplace_back("the way back comes: v1 will follow once the writes have moved");
  if (!way_back_gone_.empty()) changes.emplace_back("the way back goes: v1 will not follow once the writes have moved");
  for (const auto& view : gone_) changes.push_back(fmt::format("view {} was gone and is made again", view));
  for (const auto& table : swapped_) changes.push_back(fmt::format("{} is another one now, and what reads it is made anew", table));
  for (const auto& file : changed_) changes.push_back(file + " is taken as it is now");
}

asio::awaitable<AmendRun::Meanings> AmendRun::meanings() {
  const bool forward = direction_ == Direction::kForward;
  std::vector<std::optional<std::string>> targets;
  for (const auto& [name, target] : forward ? yaml_.targets() : yaml_.reverse()) targets.emplace_back(name);
  pg::Parameters parameters = {forward ? yaml_.schemas().mapping() : yaml_.schemas().reverse(), array_text(targets)};
  const auto rows = co_await connection_.execute(queries::amend_meanings, parameters);
  Meanings found;
  for (const auto row : pg::rows(rows)) found.emplace(row.text("target"), row.text("meaning"));
  co_return found;
}

/// New views beside the old ones, which keep their readers: nobody waits for anything.
asio::awaitable<void> AmendRun::make_views_aside() {
  if (trial_has_tables()) {
    auto rename = fmt::format("alter schema {} rename to {}_v2", quote_identifier(yaml_.schemas().shadow()), kAside);
    co_await connection_.script(std::move(rename));
    const auto scripts = mapping::install_scripts(amend_.file);
    co_await run_script(connection_, scripts.front().file, scripts.front().sql);
  }
  int number = 0;
  for (const auto& schema : remade_schemas()) {
    auto rename = fmt::format("alter schema {} rename to {}_{}", quote_identifier(schema), kAside, number++);
    pg::Parameters name = {schema};
    const auto there = co_await connection_.query(queries::schema_exists, name);
    if (there.truth(0, 0)) co_await connection_.script(std::move(rename));
  }
  co_await put_ids_away(true);
  co_await make_views();
}

/// What DDL makes of v1 can only be looked at while its locks are held. So what looks is prepared and planned before.
asio::awaitable<void> AmendRun::warm_up() {
  co_await connection_.script(kPlanOnce);
  const auto way = directed(before_ ? before_->yaml : yaml_);
  const pg::Work look = [&]() -> asio::awaitable<void> { co_await mapping::inspect_catalog(connection_, way); };
  const auto failure = co_await pg::in_savepoint(connection_, look, pg::Leaves::kNothing);
  if (failure && passes(*failure)) throw *failure;
}

/// What can be known without a lock that anybody waits for: v2 as it shall be, and, where v1 stays as it is, all that `plan` looks at.
asio::awaitable<void> AmendRun::trial() {
  auto begin = fmt::format("begin isolation level read committed; set local lock_timeout = {}", amend_.limits.lock_timeout.count());
  co_await connection_.script(std::move(begin));
  if (change_v2_ || hold_v2_ || v2_of_others_) co_await look_at_v2();
  co_await expect_nobody_builds_on_it();
  if (!amend_.ddl.empty()) co_await warm_up();
  if (amend_.ddl.empty()) {
    meant_ = co_await meanings();
    const auto there = co_await mapping::read_side(connection_, yaml_.schemas().shadow(), name_);
    if (change_v2_) v2_ = against(yaml_.schemas().shadow(), there, *wanted_, said_);
    if (hold_v2_) co_await hold_v2_against_its_file();
    if (v2_of_others_) hold_v2_of_others(there);
    co_await refuse_what_others_have_not_made();
    // Views over what is not carried over would be refused for it, by other words.
    refuse_what_v2_lacks();
    if (!v2_.refused.empty() || !result_.preflight.ok()) {
      co_await connection_.script("rollback");
      co_return;
    }
    co_await make_views_aside();
    // A foreign key that leads out of v2 keeps writers of that table waiting until this is rolled back: then no row is looked at.
    pg::Parameters shadow = {yaml_.schemas().shadow()};
    const auto outside = co_await connection_.query(queries::amend_outside, shadow);
    auto back = directed(yaml_);
    if (direction_ == Direction::kReverse) {
      result_.preflight = co_await mapping::inspect_directed(connection_, std::move(back));
      co_await name_stable_views_gone(connection_, yaml_, stable_schema_, result_.preflight.findings);
    } else if (trial_has_tables() && outside.truth(0, 0)) co_await inspect_catalog(true);
    else result_.preflight = co_await mapping::inspect(connection_, amend_.file);
    checked_ = co_await meanings();
    if (result_.preflight.ok()) find_touched(*checked_);
    say_what_changes();
  }
  co_await connection_.script("rollback");
}

/// What looks another one for having been made anew, or reads otherwise what it read before.
bool AmendRun::is_remade(const sync::ShapeChange& change) const {
  if (change.kind() == "view" || change.kind() == "columns") return true;
  const auto schemas = remade_schemas();
  return change.kind() == "function" && std::any_of(schemas.begin(), schemas.end(), [&](const std::string& schema) {
           return change.title.starts_with(fmt::format("function {}.", schema)) || change.title.starts_with(fmt::format("function {}.", quote_identifier(schema)));
         });
}

/// Targets whose rows are others by what is said now, or may be.
void AmendRun::find_touched(const Meanings& now) {
  touched_.clear();
  const auto& model = result_.preflight.model;
  std::optional<mapping::DirectedMigration> before;
  if (before_) before = directed(before_->yaml);
  const auto wanted = directed(yaml_);
  result_.again.clear();
  result_.untouched.clear();
  for (const auto& target : model.targets) {
    const auto filled = filled_.find(target.name);
    const auto meant = meant_.find(target.name);
    const auto means = now.find(target.name);
    const bool same = meant != meant_.end() && means != now.end() && meant->second == means->second;
    const bool rules = before ? alike(before->yaml.targets(), wanted.yaml.targets(), target.name) : !changed("migration.yaml");
    const bool ids = (changed("surrogates.sql") || !rekeyed().empty()) && !target.surrogates.empty();
    if (pending_.contains(target.name) || !same || !rules || ids || v2_.touched.contains(target.name)) touched_.insert(target.name);
    if (filled != filled_.end() && !touched_.contains(target.name)) {
      result_.untouched.push_back(target.name);
      continue;
    }
    Amended::Again again{target.name, target.estimated_rows, std::nullopt, filled == filled_.end()};
    if (filled != filled_.end() && filled->second.rows_a_second.value_or(0) > 0) again.seconds = target.estimated_rows / *filled->second.rows_a_second;
    if (again.is_new) touched_.erase(target.name);
    result_.again.push_back(std::move(again));
  }
}

asio::awaitable<Amended> AmendRun::to_end(bool dry_run) {
  co_await look();
  refuse_what_cannot_be();
  if (direction_ == Direction::kForward) co_await refuse_taken_ids();
  const bool nothing = changed_.empty() && amend_.ddl.empty() && gone_.empty() && swapped_.empty() && !amend_.anew;
  if (nothing && direction_ == Direction::kReverse) co_await name_stable_views_gone(connection_, yaml_, stable_schema_, result_.preflight.findings);
  if (nothing || !result_.preflight.ok()) co_return std::move(result_);
  co_await until_done(Try::kTrial);
  const bool more = result_.preflight.ok() && (!dry_run || !amend_.ddl.empty());
  if (more) co_await until_done(dry_run ? Try::kDryRun : Try::kForGood);
  co_return std::move(result_);
}

}  // namespace crossfade::setup
