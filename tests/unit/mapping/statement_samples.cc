#include "unit/mapping/statement_samples.h"

namespace crossfade::mapping::test {
namespace {

Locator by(std::vector<std::string> columns, std::vector<std::string> types, std::vector<LocateStep> path = {}) {
  return {std::move(columns), std::move(types), "", std::move(path), ""};
}

Locator looked_up(std::vector<std::string> columns, std::vector<std::string> types, std::string lookup) {
  return {std::move(columns), std::move(types), std::move(lookup), {}, ""};
}

Locator located(std::string column, std::string type, std::string predicate) {
  return {{std::move(column)}, {std::move(type)}, "", {}, std::move(predicate)};
}

Locator located(Locator locator, std::string predicate) {
  locator.locate = std::move(predicate);
  return locator;
}

/// What the select of an indirect locator has given.
KeyFilter given(LocatorId locator, std::string type) {
  KeyFilter filter;
  filter.form = KeyFilter::Form::kGiven;
  filter.locator = locator;
  filter.given_type = std::move(type);
  return filter;
}

KeyFilter values(LocatorId locator = 0, std::uint32_t null_mask = 0) {
  KeyFilter filter;
  filter.locator = locator;
  filter.null_mask = null_mask;
  return filter;
}

}  // namespace

Model sample_model() {
  const LocateStep to_weeks{{"v2", "weeks"}, {"week_id"}, {"id"}};
  const LocateStep to_days{{"v2", "days"}, {"day_id"}, {"id"}};
  const LocateStep to_totals{{"v2", "totals"}, {"user_id", "day"}, {"user_id", "day"}};
  Model model;
  model.name = "sample";
  model.shadow_schema = "v2";
  model.mapping_schema = "map";
  model.sources = {{"v1", "plans", {"id"}, 0}, {"v1", "moves", {"id"}, 0}, {"v1", "Workout", {"id"}, 0}};
  model.targets = {
      {"plans", {{"id", "integer"}, {"title", "character varying(40)"}, {"note", "text"}, {"score", "double precision"}},
       {"id"}, {by({"id"}, {"integer"})}, 0, "id", 0},
      {"weeks", {{"id", "text"}, {"plan_id", "integer"}, {"number", "integer"}}, {"id"},
       {by({"plan_id"}, {"integer"})}, 0, "id", 0},
      {"days", {{"id", "text"}, {"week_id", "text"}, {"label", "text"}}, {"id"},
       {by({"plan_id"}, {"integer"}, {to_weeks})}, 0, "id", 0},
      {"moves", {{"id", "integer"}, {"day_id", "text"}, {"weight", "numeric(7,2)"}}, {"id"},
       {by({"plan_id"}, {"integer"}, {to_days, to_weeks}), by({"id"}, {"integer"}),
        looked_up({"id"}, {"integer", "text"}, "select m.id from v1.moves m where m.plan_id = any($1) and m.label = any($2)"),
        looked_up({"id"}, std::vector<std::string>(11, "integer"),
                  "select m.id from v1.moves m where m.id = any($1) or m.id = any($2) or m.id = any($3) or m.id = any($4) or m.id = any($5) or "
                  "m.id = any($6) or m.id = any($7) or m.id = any($8) or m.id = any($9) or m.id = any($10) or m.plan_id = any($11) and m.label <> '$1'")},
       0, "id", 0},
      {"totals", {{"user_id", "bigint"}, {"day", "date"}, {"volume", "numeric"}, {"team_id", "integer"}}, {"user_id", "day"},
       {by({"team_id"}, {"integer"}), by({"user_id", "day"}, {"bigint", "date"}),
        looked_up({"user_id", "day"}, {"integer"}, "select m.user_id, m.day from v1.moves m where m.id = any($1)")},
       0, "id", 0},
      {"scores", {{"id", "uuid"}, {"user_id", "bigint"}, {"day", "date"}}, {"id"},
       {by({"team_id"}, {"integer"}, {to_totals})}, 0, "id", 0},
      {"tags", {{"plan_id", "integer"}, {"tag", "text"}}, {"plan_id", "tag"}, {by({"plan_id"}, {"integer"})}, 0, "id", 0},
      {"WorkoutLog", {{"logId", "text"}, {"userId", "text"}, {"say \"when\"", "timestamp with time zone"}}, {"logId"},
       {by({"userId"}, {"text"}), by({"logId"}, {"text"})}, 2, "userId", 0},
      {"notes", {{"id", "integer"}, {"week_id", "text"}, {"body", "text"}}, {"id"},
       {located("plan_id", "integer", "s.\"week_id\" in (select w.id from v2.weeks w where w.plan_id = any($keys))"),
        located(looked_up({"plan_id"}, {"integer", "text"}, "select m.plan_id from v1.moves m where m.id = any($1) and m.label = any($2)"),
                "s.\"week_id\" in (select w.id from v2.weeks w where w.plan_id = any($keys))")},
       0, "id", 0},
  };
  model.targets.push_back({"stamps",
                           {{"id", "integer", Column::Written::kOnInsert}, {"code", "text", Column::Written::kNever}, {"body", "text"}},
                           {"id", "code"}, {by({"id"}, {"integer"})}, 0, "id", 0});
  for (auto& target : model.targets) target.table = {"v2", target.name};
  model.surrogates = {{"label_no", {"plan_id", "label"}, {"crossfade", "sample_label_no"}}};
  model.targets.at(3).surrogates = {0};
  model.targets.at(4).surrogates = {0};
  auto& kept = model.targets.emplace_back(model.targets.at(4));
  kept.name = "sums";
  kept.table = {"v2", "sums"};
  kept.keeps = {"map", "rejected_sums"};
  return model;
}

std::string sample_schema() {
  return R"(
    create schema v1; create schema map; create schema v2;
    create table v1.plans (id int primary key, title text, note text, score float8, weeks int not null default 2);
    create table v1.moves (id int primary key, plan_id int, label text, weight numeric(7,2), user_id bigint, day date);
    create table v1."Workout" (id text primary key, "userId" text, "when" timestamptz);

    create table v2.plans (id int primary key, title varchar(40), note text, score float8);
    create table v2.weeks (id text primary key, plan_id int not null references v2.plans, number int not null, note text);
    create table v2.days (id text primary key, week_id text not null references v2.weeks, label text);
    create table v2.moves (id int primary key, day_id text not null references v2.days, weight numeric(7,2));
    create table v2.totals (user_id bigint, day date, volume numeric, team_id int, primary key (user_id, day));
    create table v2.sums (like v2.totals including all);
    create table v2.scores (id uuid primary key, user_id bigint, day date, foreign key (user_id, day) references v2.totals);
    create table v2.tags (plan_id int references v2.plans, tag text, primary key (plan_id, tag));
    create table v2."WorkoutLog" ("logId" text primary key, "userId" text, "say ""when""" timestamptz);
    create table v2.notes (id int primary key, week_id text, body text);
    create table v2.stamps (id int generated always as identity, body text, code text generated always as (lower(body)) stored, primary key (id, code));

    create view map.label_no as select plan_id, label, id, user_id, day, (user_id % 3)::int as team_id from v1.moves where plan_id is not null;
    create schema crossfade;
    create function crossfade.rows_that_raise(shadow regclass, expressions text, most bigint) returns table (part oid, at tid) language sql as 'select null::oid, null::tid';
    create table crossfade.sample_label_no (plan_id int, label text, primary key (plan_id, label),
      id bigint not null generated by default as identity unique);

    create view map.plans as select id, title, note, score from v1.plans;
    create view map.weeks as select id || '/' || n as id, id as plan_id, n as number from v1.plans, generate_series(1, weeks) n;
    create view map.days as select distinct plan_id || '/1/' || label as id, plan_id || '/1' as week_id, label, plan_id
      from v1.moves where plan_id is not null;
    create view map.moves as select id, plan_id || '/1/' || label as day_id, weight, plan_id from v1.moves where plan_id is not null;
    create view map.totals as select user_id, day, sum(weight) as volume, (user_id % 3)::int as team_id
      from v1.moves where user_id is not null and day is not null group by user_id, day;
    create view map.sums as select * from map.totals;
    create view map.rejected_sums as select user_id, day, 'nobody''s' as reason from v2.sums where team_id is null;
    create view map.scores as select md5(user_id || ' ' || day)::uuid as id, user_id, day, (user_id % 3)::int as team_id
      from v1.moves where user_id is not null and day is not null group by user_id, day;
    create view map.tags as select distinct plan_id, label as tag from v1.moves where plan_id is not null and label is not null;
    create view map."WorkoutLog" as select id as "logId", "userId", "when" as "say ""when""" from v1."Workout";
    create view map.notes as select id, id || '/1' as week_id, note as body, id as plan_id from v1.plans where note is not null;
    create view map.stamps as select id, lower(title) as code, title as body from v1.plans;
  )";
}

std::vector<StatementSample> statement_samples(const Model& model) {
  const auto of = [&](const std::string& target) { return Statements(model, model.find_target(target).value()); };
  const auto plans = of("plans");
  const auto weeks = of("weeks");
  const auto days = of("days");
  const auto moves = of("moves");
  const auto totals = of("totals");
  const auto scores = of("scores");
  const auto tags = of("tags");
  const auto log = of("WorkoutLog");
  const auto notes = of("notes");
  const auto sums = of("sums");
  auto on_demand = model;
  for (auto& target : on_demand.targets) target.lazy = true;
  // A plan brings its weeks, and a week its plan.
  const auto of_plan = [&](const char* target, LocatorId locator) { return FollowRule{0, model.find_target(target).value(), locator, {"id"}, {}}; };
  on_demand.rules = {of_plan("plans", 0), of_plan("weeks", 0), of_plan("moves", 0)};
  const Statements lazy_weeks(on_demand, on_demand.find_target("weeks").value());
  const Statements lazy_moves(on_demand, on_demand.find_target("moves").value());
  // Days are in order in v1, users are not.
  auto by_days = model;
  auto& walked = by_days.targets[by_days.find_target("totals").value()];
  walked.locators = {by({"user_id", "day"}, {"bigint", "date"})};
  walked.locators[0].chunk_place = 1;
  walked.chunk_source = 1;
  walked.chunk_column = "day";
  const Statements daily(by_days, by_days.find_target("totals").value());
  const Range days_between{"2026-01-01", "2026-02-01", false};
  const Range last_days{"2026-02-01", std::nullopt, true};
  const Range everything;
  const Range first{std::nullopt, "10", false};
  const Range between{"10", "20", false};
  const Range last{"20", std::nullopt, true};
  const Range last_without_nulls{"20", std::nullopt, false};
  return {
      {"simple",
       {{"merge", plans.merge({values()})}, {"compare", plans.compare({values()})}, {"remove", plans.remove()},
        {"bulk", plans.bulk({values()})}}},
      {"range",
       {{"merge everything", weeks.merge(range_picks(everything))},
        {"merge up to a bound", weeks.merge(range_picks(first))},
        {"merge between bounds", weeks.merge(range_picks(between))},
        {"merge above a bound, and what has no value", weeks.merge(range_picks(last))},
        {"bulk everything", weeks.bulk(range_picks(everything))},
        {"bulk above a bound, and what has no value", weeks.bulk(range_picks(last))},
        {"compare between bounds", weeks.compare(range_picks(between))}}},
      {"bounds",
       {{"next_bound of everything", weeks.next_bound(everything)},
        {"next_bound up to a bound", weeks.next_bound(first)},
        {"next_bound between bounds", weeks.next_bound(between)},
        {"next_bound above a bound", weeks.next_bound(last)},
        {"next_bound into an empty table", weeks.next_bound(between, true)},
        {"next_bound along two foreign keys", moves.next_bound(between)},
        {"middle of everything", weeks.split_point(everything)},
        {"middle between bounds", weeks.split_point(between)},
        {"middle above a bound", weeks.split_point(last_without_nulls)}}},
      {"left_over",
       {{"names", weeks.names()}, {"names along two foreign keys", moves.names()}, {"names of several locators", log.names()},
        {"remove_duplicates", weeks.remove_duplicates("plan_id, number")},
        {"remove_overlapping", weeks.remove_overlapping("plan_id, number", {"operator(pg_catalog.=)", "operator(pg_catalog.<)"})},
        {"remove_long", moves.remove_long("day_id")},
        {"remove_raising", moves.remove_raising("(1 / weight)", 1000)},
        {"referring", moves.dependents(days, "p.\"id\" = s.\"day_id\"")},
        {"referring to two columns", scores.dependents(totals, "p.\"user_id\" = s.\"user_id\" and p.\"day\" = s.\"day\"")},
        {"remove_orphans", moves.remove_orphans()}, {"remove_orphans, two columns", scores.remove_orphans()},
        {"remove_orphans, located by the file", notes.remove_orphans()}}},
      {"replace", {{"replace", weeks.replace({values()})}, {"stand_in", weeks.stand_in({values()}, {{"number", "null"}})}, {"exchanges", weeks.exchanges(values(), {{"plan_id", "number"}, {"operator(pg_catalog.=)", "operator(pg_catalog.=)"}, "number > 1"})},
        {"exchanges of a lookup's keys", moves.exchanges(values(2), {{"weight"}, {"operator(pg_catalog.=)"}})}, {"replace, with what is not the view's", weeks.replace({values()}, {"note"})}, {"others", weeks.others()}, {"saved", weeks.saved()}, {"let go", weeks.let_go({"plan_id"})},
        {"come_back", weeks.come_back({values()}, {"note"}, 2)}, {"stale", weeks.stale({values()})}, {"moving", weeks.moving({values()})},
        {"place", weeks.place({values()}, {"number"}, {})}, {"place, where none stands", weeks.place({values()}, {"number"}, {{{"plan_id", "number"}, {"operator(pg_catalog.=)", "operator(pg_catalog.=)"}, "number > 1"}, {{"number"}, {"operator(pg_catalog.=)"}}})}, {"place of what is generated", of("stamps").place({values()}, {"body"}, {})},
        {"locked", weeks.locked(values())}, {"locked along two foreign keys", moves.locked(values())}, {"locked of a lookup's keys", moves.locked(values(2))},
        {"behind", weeks.behind(values(), {"\"v2\".\"plans\"", "s.plan_id is not null", "p.id = s.plan_id"})},
        {"waiting", weeks.waiting(values(), {"\"v2\".\"plans\"", "s.plan_id is not null", "p.id = s.plan_id"})},
        {"waiting for one of the same table", weeks.waiting(values(), {"\"v2\".\"weeks\"", "s.id is not null", "p.id = s.id", true})},
        {"stale, of rows that may stay", sums.stale({values()})}, {"remove what nothing refers to", weeks.remove({"select from v2.days r where r.week_id = s.id"})}}},
      {"one_foreign_key", {{"merge", days.merge({values()})}, {"compare", days.compare({values()})}}},
      {"two_foreign_keys",
       {{"merge", moves.merge({values()})}, {"merge a range", moves.merge(range_picks(between))},
        {"compare", moves.compare({values()})}}},
      {"foreign_key_of_two_columns", {{"merge", scores.merge({values()})}, {"compare", scores.compare({values()})}}},
      {"on_demand",
       {{"compare", lazy_weeks.compare({values()})}, {"brought", lazy_weeks.lazy_keys()},
        {"brought along two foreign keys", lazy_moves.lazy_keys()}}},
      {"nulls", {{"merge", weeks.merge({values(0, 1)})}, {"merge along a foreign key", days.merge({values(), values(0, 1)})}}},
      {"lookup",
       {{"merge", moves.merge({values(2)})}, {"merge after another locator", moves.merge({values(1), values(2)})},
        {"merge of two columns", totals.merge({values(2)})},
        {"merge after each form of a composite locator", totals.merge({values(1), values(1, 1), values(1, 2), values(0), values(2)})},
        {"merge after another lookup, by eleven parameters", moves.merge({values(2), values(3)})},
        {"lookup", moves.lookup(values(2))}, {"merge of what a lookup gave", moves.merge({given(2, "integer[]")})},
        {"merge of what two lookups gave, beside another locator", moves.merge({values(1), given(2, "integer[]"), given(3, "bigint[]")})}}},
      {"several_locators",
       {{"merge", moves.merge({values(0), values(1)})}, {"compare", moves.compare({values(0), values(1)})}}},
      {"composite",
       {{"merge", totals.merge({values(1)})}, {"merge, a column null", totals.merge({values(1, 2)})},
        {"merge, each form of null", totals.merge({values(1), values(1, 1), values(1, 2), values(1, 3)})},
        {"compare", totals.compare({values(1)})}, {"remove", totals.remove()}}},
      {"walk_along_one_of_several",
       {{"merge between bounds", daily.merge(range_picks(days_between))}, {"bulk above a bound, and what has no value", daily.bulk(range_picks(last_days))},
        {"compare between bounds", daily.compare(range_picks(days_between))}, {"next_bound", daily.next_bound(days_between)},
        {"next_bound into an empty table", daily.next_bound(last_days, true)}, {"middle", daily.split_point(days_between)},
        {"values between bounds", daily.values(0, range_picks(days_between))}}},
      {"key_alone", {{"merge", tags.merge({values()})}, {"remove", tags.remove()}}},
      {"surrogate",
       {{"allocate", moves.allocate(0, {values()})}, {"allocate between bounds", moves.allocate(0, range_picks(between))},
        {"allocate by another locator and a lookup", moves.allocate(0, {values(1), values(2)})},
        {"allocate for keys of two columns", totals.allocate(0, {values(1)})}}},
      {"rows_that_are_kept", {{"merge", sums.merge({values()})}, {"compare", sums.compare({values()})}}},
      {"camel_case",
       {{"merge", log.merge({values(0), values(1)})}, {"bulk", log.bulk(range_picks(between))},
        {"compare", log.compare({values()})}, {"remove", log.remove()}, {"next_bound", log.next_bound(between)}}},
      {"located_by_the_file",
       {{"merge", notes.merge({values()})}, {"merge between bounds", notes.merge(range_picks(between))},
        {"compare", notes.compare({values()})}, {"next_bound", notes.next_bound(between)},
        {"merge, keys without a value", notes.merge({values(0, 1)})}, {"merge by a lookup", notes.merge({values(), values(1)})},
        {"merge of what a lookup gave", notes.merge({given(1, "integer[]")})},
        {"remove_orphans", notes.remove_orphans()}}},
      {"computed_columns",
       {{"merge", of("stamps").merge({values()})}, {"bulk", of("stamps").bulk(range_picks(everything))}, {"compare", of("stamps").compare({values()})},
        {"remove", of("stamps").remove()}}},
      {"explain",
       {{"explain", plans.explain({values()})}, {"explain along two foreign keys", moves.explain({values()})},
        {"explain by a key of two columns", totals.explain({values(1)})}, {"explain rows that may stay", sums.explain({values()})},
        {"explain, located by the file", notes.explain({values()})},
        {"values of another locator", moves.values(0, {values(1)})}, {"values of a lookup's columns", totals.values(2, {values(1)})},
        {"values, located by the file", notes.values(0, {values()})}}},
  };
}

}  // namespace crossfade::mapping::test
