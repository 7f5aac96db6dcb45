#include "mapping/derive/derive.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "mapping/derive/doubt.h"
#include "mapping/derive/expression.h"
#include "unit/mapping/derive/schema.h"

namespace crossfade::mapping::derive {
namespace {

/// Plans have exercises; what else a test needs it says itself.
class DeriveTest : public testing::Test {
 protected:
  DeriveTest() {
    db.table("plans", "id uuid!, user_id uuid, name text, weeks integer");
    db.table("exercises", "id uuid!, plan_id uuid, day integer, name text, weight numeric");
    db.table("sessions", "id uuid!, plan_id uuid, user_id uuid, started_at timestamp");
    db.table("logs", "id uuid!, session_id uuid, exercise_id uuid, reps integer");
  }

  Schema db;
};

// --- base relation, inner join ---------------------------------------------------------------------------------------------

TEST_F(DeriveTest, ATableByItself) { EXPECT_EQ(db.rules_of("id uuid, name text", "select p.id, p.name from public.plans p"), "id ← plans(id)\n"); }

TEST_F(DeriveTest, AColumnWithoutItsTableIsTheOnlyTables) {
  EXPECT_EQ(db.rules_of("id uuid, name text", "select id, name from public.plans"), "id ← plans(id)\n");
}

TEST_F(DeriveTest, AParentIsKnownByTheColumnThatRefersToIt) {
  EXPECT_EQ(db.rules_of("id uuid, plan_id uuid, owner uuid",
                        "select e.id, e.plan_id, p.user_id as owner from public.exercises e join public.plans p on p.id = e.plan_id and p.user_id is not null"),
            "id ← exercises(id)\nplan_id ← plans(id)\n");
}

TEST_F(DeriveTest, AParentThatTheViewDoesNotShowIsLookedUp) {
  EXPECT_EQ(db.rules_of("id uuid, owner uuid", "select e.id, p.user_id as owner from public.exercises e join public.plans p on p.id = e.plan_id"),
            "id ← exercises(id)\nid ← plans(id): select e.id from public.exercises as e where e.plan_id = any($1)\n");
}

TEST_F(DeriveTest, AJoinInWhereIsAJoin) {
  EXPECT_EQ(db.rules_of("id uuid, plan_id uuid", "select e.id, e.plan_id from public.exercises e, public.plans p where e.plan_id = p.id"),
            "id ← exercises(id)\nplan_id ← plans(id)\n");
}

TEST_F(DeriveTest, GrandparentsAreLookedUpThroughParents) {
  EXPECT_EQ(db.rules_of("id uuid, owner uuid",
                        "select l.id, p.user_id from public.logs l join public.sessions s on s.id = l.session_id join public.plans p on p.id = s.plan_id"),
            "id ← logs(id)\n"
            "id ← sessions(id): select l.id from public.logs as l where l.session_id = any($1)\n"
            "id ← plans(id): select l.id from public.sessions as s join public.logs as l on l.session_id = s.id where s.plan_id = any($1)\n");
}

TEST_F(DeriveTest, ACrossJoinIsKnownByWhatItShows) {
  EXPECT_EQ(db.rules_of("id uuid, other text", "select e.id, p.name from public.exercises e cross join public.plans p"),
            "id ← exercises(id)\nother ← plans(name)\n");
}

TEST_F(DeriveTest, ACrossJoinThatShowsNothingConcernsEveryRow) {
  EXPECT_EQ(db.rules_of("id uuid, day integer", "select e.id, e.day from public.exercises e cross join public.plans p"), "id ← exercises(id)\nplans?\n");
  EXPECT_NE(db.answer.untold.at(0).proposal.find("follow: {plans:"), std::string::npos) << db.answer.untold.at(0).proposal;
}

TEST_F(DeriveTest, ATextThatAVarcharIsCastToIsTheSame) {
  db.table("codes", "code character_varying!, label text", {"code"}).table("items", "id uuid!, code text");
  EXPECT_EQ(db.rules_of("id uuid, code text, label text", "select i.id, i.code, c.label from public.items i join public.codes c on (c.code)::text = i.code"),
            "id ← items(id)\ncode ← codes(code)\n");
}

TEST_F(DeriveTest, ARingThatNothingOpensNamesItsTables) {
  db.table("lines", "line_id integer!, bill_id integer!, cents integer", {"line_id"}).table("bills", "bill_id integer!, fee integer", {"bill_id"});
  const auto rules = db.rules_of("cents bigint, n bigint", "select l.cents + b.fee as cents, count(*) as n from public.lines l join public.bills b using (bill_id) group by 1", {"cents"});
  ASSERT_EQ(db.answer.untold.size(), 1U) << rules;
  EXPECT_EQ(db.answer.untold[0].why,
            "it leads to the rows only through bills (b), and bills (b) through it: once both are gone, neither does. "
            "A column of its own that the view shows would find them");
}

TEST_F(DeriveTest, WhatTheChangedRowSaysByItselfOpensARing) {
  // A payment leads to its group through its rental, and a rental through its payments: both can be gone at once.
  db.table("rentals", "rental_id integer!, inventory_id integer!", {"rental_id"});
  db.table("inventory", "inventory_id integer!, store_id integer!", {"inventory_id"});
  db.table("payments", "payment_id integer!, rental_id integer!, paid_at timestamp!", {"paid_at payment_id"});
  EXPECT_EQ(db.rules_of("day date, store_id integer, n bigint",
                        "select p.paid_at::date as day, i.store_id, count(*) as n from public.payments p join public.rentals r using (rental_id) "
                        "join public.inventory i using (inventory_id) group by p.paid_at::date, i.store_id",
                        {"day", "store_id"}),
            "day ← payments(paid_at): select (changed.paid_at)::date from unnest($1) as changed (paid_at)\n"
            "day, store_id ← rentals(inventory_id, rental_id): select (p.paid_at)::date, i.store_id from unnest($1, $2) as changed (inventory_id, rental_id) "
            "join public.payments as p on p.rental_id = changed.rental_id join public.inventory as i on i.inventory_id = changed.inventory_id\n"
            "store_id ← inventory(store_id)\n");
}

// --- outer join ------------------------------------------------------------------------------------------------------------

TEST_F(DeriveTest, TheNullableSideIsKnownByTheOtherSidesColumn) {
  db.table("preferences", "user_id uuid!, chosen jsonb", {"user_id"}).table("users", "id uuid!");
  EXPECT_EQ(db.rules_of("user_id uuid, chosen jsonb", "select u.id as user_id, n.chosen from public.users u left join public.preferences n on n.user_id = u.id",
                        {"user_id"}),
            "user_id ← users(id)\nuser_id ← preferences(user_id)\n");
}

TEST_F(DeriveTest, TheNullableSidesOwnColumnTellsNothing) {
  db.table("preferences", "user_id uuid!, chosen jsonb", {"user_id"}).table("users", "id uuid!");
  db.not_locatable = {"id"};
  EXPECT_EQ(db.rules_of("id uuid, user_id uuid", "select u.id, n.user_id from public.users u left join public.preferences n on n.user_id = u.id"),
            "users?\npreferences?\n");
}

TEST_F(DeriveTest, ParentsThatComeOverOnlySometimesAreLookedUp) {
  EXPECT_EQ(db.rules_of("id uuid, exercise_id uuid",
                        "select l.id, case when owner.id is not null then e.id end as exercise_id from public.logs l "
                        "left join public.exercises e on e.id = l.exercise_id "
                        "left join public.plans owner on owner.id = e.plan_id and owner.user_id is not null"),
            "id ← logs(id)\n"
            "id ← exercises(id): select l.id from public.logs as l where l.exercise_id = any($1)\n"
            "id ← plans(id): select l.id from public.exercises as e join public.logs as l on l.exercise_id = e.id where e.plan_id = any($1)\n");
}

TEST_F(DeriveTest, AnOuterJoinThatWhereMakesInnerIsInner) {
  EXPECT_EQ(db.rules_of("id uuid, plan_id uuid",
                        "select e.id, p.id as plan_id from public.exercises e left join public.plans p on p.id = e.plan_id where p.user_id is not null"),
            "id ← exercises(id)\nplan_id ← plans(id)\n");
}

/// A null and an array are that array: the condition holds where nothing matched.
TEST_F(DeriveTest, AConditionThatANullMaySatisfyMakesNoInnerJoin) {
  db.table("lists", "id uuid!, tags text[]");
  EXPECT_EQ(db.rules_of("id uuid, list uuid",
                        "select e.id, l.id as list from public.exercises e left join public.lists l on l.id = e.plan_id where (l.tags || e.name) = array['x'::text]"),
            "id ← exercises(id)\nid ← lists(id): select e.id from public.exercises as e where e.plan_id = any($1)\n");
}

TEST_F(DeriveTest, AFullJoinTellsNeitherSide) {
  EXPECT_EQ(db.rules_of("id uuid, plan_id uuid", "select e.id, p.id as plan_id from public.exercises e full join public.plans p on p.id = e.plan_id"),
            "exercises?\nplans?\n");
}

// --- group by, distinct, window --------------------------------------------------------------------------------------------

TEST_F(DeriveTest, AGroupIsKnownByWhatItIsGroupedBy) {
  EXPECT_EQ(db.rules_of("plan_id uuid, exercises bigint", "select e.plan_id, count(*) as exercises from public.exercises e group by e.plan_id", {"plan_id"}),
            "plan_id ← exercises(plan_id)\n");
}

TEST_F(DeriveTest, WhatADistinctOnIsOrderedByDecidesToo) {
  EXPECT_EQ(db.rules_of("plan_id uuid, name text",
                        "select distinct on (e.plan_id) e.plan_id, e.name from public.exercises e "
                        "order by e.plan_id, (select max(l.reps) from public.logs l where l.exercise_id = e.id)",
                        {"plan_id"}),
            "plan_id ← exercises(plan_id)\nplan_id ← logs(exercise_id): select e.plan_id from public.exercises as e where e.id = any($1)\n");
}

TEST_F(DeriveTest, AColumnThatTheTableComputesIsNotInTheStream) {
  db.table("words", "word text!, code text!~", {"code"});
  EXPECT_EQ(db.rules_of("word text, code text", "select w.word, w.code from public.words w", {"code"}), "word ← words(word)\n");
}

TEST_F(DeriveTest, AnAggregateTellsNothing) {
  EXPECT_EQ(db.rules_of("latest text, exercises bigint", "select max(e.name) as latest, count(*) as exercises from public.exercises e", {"latest"}),
            "exercises?\n");
}

TEST_F(DeriveTest, ACompositeGroupIsOneRule) {
  EXPECT_EQ(db.rules_of("plan_id uuid, day integer, n bigint", "select e.plan_id, e.day, count(*) as n from public.exercises e group by e.plan_id, e.day",
                        {"plan_id", "day"}),
            "plan_id, day ← exercises(plan_id, day)\n");
}

TEST_F(DeriveTest, AnExpressionThatIsGroupedByIsComputed) {
  db.never_null = {"user_id", "day"};
  EXPECT_EQ(db.rules_of("user_id uuid, day date, n bigint",
                        "select s.user_id, (s.started_at)::date as day, count(*) as n from public.sessions s group by s.user_id, (s.started_at)::date",
                        {"user_id", "day"}),
            "user_id, day ← sessions(started_at, user_id): select changed.user_id, (changed.started_at)::date from "
            "unnest($1, $2) as changed (started_at, user_id)\n");
}

TEST_F(DeriveTest, AnExpressionThatMayBeNullIsNotLookedUp) {
  EXPECT_EQ(db.rules_of("day date, n bigint", "select (s.started_at)::date as day, count(*) as n from public.sessions s group by (s.started_at)::date", {"n"}),
            "sessions?\n");
}

TEST_F(DeriveTest, AWindowConcernsItsPartition) {
  EXPECT_EQ(db.rules_of("id uuid, plan_id uuid, place bigint",
                        "select e.id, e.plan_id, row_number() over (partition by e.plan_id order by e.day) as place from public.exercises e"),
            "plan_id ← exercises(plan_id)\n");
}

TEST_F(DeriveTest, SeveralWindowsConcernWhatTheirPartitionsShare) {
  EXPECT_EQ(db.rules_of("id uuid, plan_id uuid, day integer, a bigint, b bigint",
                        "select e.id, e.plan_id, e.day, row_number() over (partition by e.plan_id, e.day) as a, count(*) over w as b "
                        "from public.exercises e window w as (partition by e.plan_id)"),
            "plan_id ← exercises(plan_id)\n");
}

TEST_F(DeriveTest, AWindowOverAllRowsCannotBeTold) {
  EXPECT_EQ(db.rules_of("id uuid, place bigint", "select e.id, row_number() over (order by e.day) as place from public.exercises e"), "exercises?\n");
  EXPECT_NE(db.answer.untold.at(0).why.find("a window over all rows"), std::string::npos) << db.answer.untold.at(0).why;
}

TEST_F(DeriveTest, APartitionThatTheViewDoesNotShowIsSaid) {
  EXPECT_EQ(db.rules_of("id uuid, place bigint", "select e.id, row_number() over (partition by e.plan_id order by e.day) as place from public.exercises e"),
            "exercises?\n");
  EXPECT_EQ(db.answer.untold.at(0).why,
            "a window by \"e\".\"plan_id\" lets rows decide each other's, and no column that the view shows says which: "
            "let it show \"e\".\"plan_id\"");
}

TEST_F(DeriveTest, ADistinctOnIsKnownByItsExpressions) {
  EXPECT_EQ(db.rules_of("id uuid, plan_id uuid", "select distinct on (e.plan_id) e.id, e.plan_id from public.exercises e order by e.plan_id, e.day", {"plan_id"}),
            "plan_id ← exercises(plan_id)\n");
}

TEST_F(DeriveTest, HalfOfAGroupThatAnotherTableKnowsIsLookedUpAndTheOtherGivesItsOwn) {
  db.table("sets", "id uuid!, session_id uuid, exercise_id uuid, reps integer");
  db.never_null = {"user_id", "exercise_id"};
  EXPECT_EQ(db.rules_of("user_id uuid, exercise_id uuid, best integer",
                        "select s.user_id, e.exercise_id, max(e.reps) as best from public.sessions s join public.sets e on e.session_id = s.id "
                        "group by s.user_id, e.exercise_id", {"user_id", "exercise_id"}),
            "user_id ← sessions(user_id)\n"
            "user_id, exercise_id ← sets(exercise_id, session_id): select s.user_id, changed.exercise_id from "
            "unnest($1, $2) as changed (exercise_id, session_id) join public.sessions as s on s.id = changed.session_id\n");
}

// --- union, exists, in, scalar -----------------------------------------------------------------------------------------------

TEST_F(DeriveTest, AUnionGivesAColumnByItsPosition) {
  db.table("old_plans", "number uuid!, title text", {"number"});
  EXPECT_EQ(db.rules_of("id uuid, name text", "select p.id, p.name from public.plans p union all select o.number, o.title from public.old_plans o"),
            "id ← plans(id)\nid ← old_plans(number)\n");
}

TEST_F(DeriveTest, ABranchOfAUnionMaySayNothing) {
  db.table("old_plans", "number uuid!, title text", {"number"});
  EXPECT_EQ(db.rules_of("id uuid, n bigint", "select p.id, 1 as n from public.plans p union all select null::uuid, count(*) from public.old_plans o"),
            "id ← plans(id)\nold_plans?\n");
}

TEST_F(DeriveTest, AUnionWithoutAllIsADistinct) {
  EXPECT_EQ(db.rules_of("user_id uuid", "select p.user_id from public.plans p union select s.user_id from public.sessions s", {"user_id"}),
            "user_id ← plans(user_id)\nuser_id ← sessions(user_id)\n");
}

TEST_F(DeriveTest, ExistsIsAJoinOnItsCorrelation) {
  EXPECT_EQ(db.rules_of("id uuid", "select p.id from public.plans p where not exists (select 1 from public.exercises e where e.plan_id = p.id)"),
            "id ← plans(id)\nid ← exercises(plan_id)\n");
}

TEST_F(DeriveTest, ExistsWithoutACorrelationConcernsEveryRow) {
  EXPECT_EQ(db.rules_of("id uuid", "select p.id from public.plans p where exists (select 1 from public.exercises e where e.day = 1)"), "id ← plans(id)\nexercises?\n");
}

TEST_F(DeriveTest, InIsAJoin) {
  EXPECT_EQ(db.rules_of("id uuid", "select p.id from public.plans p where p.id in (select e.plan_id from public.exercises e)"),
            "id ← plans(id)\nid ← exercises(plan_id)\n");
}

TEST_F(DeriveTest, NotInConcernsEveryRowWhereANullMayCome) {
  EXPECT_EQ(db.rules_of("id uuid", "select p.id from public.plans p where not (p.id in (select e.plan_id from public.exercises e))"), "id ← plans(id)\nexercises?\n");
}

/// "null in (…)" is false of no rows and null of some: the first one and the last concern every row that has a null.
TEST_F(DeriveTest, NotInConcernsEveryRowThatHasANullItself) {
  db.table("blocked", "id uuid!, user_id uuid!, plan_id uuid!");
  EXPECT_EQ(db.rules_of("id uuid", "select p.id from public.plans p where not (p.user_id in (select b.user_id from public.blocked b))"), "id ← plans(id)\nblocked?\n");
  EXPECT_EQ(db.rules_of("id uuid", "select p.id from public.plans p where not (p.id in (select b.plan_id from public.blocked b))"), "id ← plans(id)\nid ← blocked(plan_id)\n");
  EXPECT_EQ(db.rules_of("id uuid, is_blocked boolean", "select p.id, (p.user_id in (select b.user_id from public.blocked b)) as is_blocked from public.plans p"),
            "id ← plans(id)\nblocked?\n");
}

TEST_F(DeriveTest, AScalarSubqueryIsAJoinOnItsCorrelation) {
  EXPECT_EQ(db.rules_of("id uuid, n bigint", "select p.id, (select count(*) from public.exercises e where e.plan_id = p.id) as n from public.plans p"),
            "id ← plans(id)\nid ← exercises(plan_id)\n");
}

// --- lateral, functions, arrays ------------------------------------------------------------------------------------------------

TEST_F(DeriveTest, ALateralOverTheRowsOwnColumnsAddsNothing) {
  EXPECT_EQ(db.rules_of("plan_id uuid, week integer", "select p.id as plan_id, w.w as week from public.plans p cross join lateral generate_series(1, p.weeks) w(w)",
                        {"plan_id", "week"}),
            "plan_id ← plans(id)\n");
}

TEST_F(DeriveTest, ACorrelatedLateralsCorrelationIsTheRule) {
  EXPECT_EQ(db.rules_of("id uuid, first text",
                        "select p.id, e.name as first from public.plans p left join lateral (select x.name from public.exercises x where x.plan_id = p.id "
                        "order by x.day limit 1) e on true"),
            "id ← plans(id)\nid ← exercises(plan_id)\n");
}

TEST_F(DeriveTest, ALimitThatNothingCorrelatesCannotBeTold) {
  EXPECT_EQ(db.rules_of("id uuid, name text", "select e.id, e.name from public.exercises e order by e.day limit 10"), "exercises?\n");
}

TEST_F(DeriveTest, AnArrayOfReferencesIsAskedByOverlap) {
  db.table("teams", "id uuid!, members uuid[]").table("people", "id uuid!, name text");
  EXPECT_EQ(db.rules_of("id uuid, names text",
                        "select t.id, (select string_agg(p.name, ', ') from public.people p where p.id = any (t.members)) as names from public.teams t"),
            "id ← teams(id)\nid ← people(id): select t.id from public.teams as t where t.members && $1\n");
}

TEST_F(DeriveTest, AJoinThroughUnnestIsAskedByOverlap) {
  db.table("teams", "id uuid!, members uuid[]").table("people", "id uuid!, name text");
  EXPECT_EQ(db.rules_of("id uuid, name text",
                        "select t.id, p.name from public.teams t cross join lateral unnest(t.members) m(m) join public.people p on p.id = m.m"),
            "id ← teams(id)\nid ← people(id): select t.id from public.teams as t where t.members && $1\n");
}

TEST_F(DeriveTest, OfFunctionsSideBySideTheFirstGivesTheFirstColumn) {
  db.table("teams", "id uuid!, members uuid[], guests uuid[]").table("people", "id uuid!, name text");
  EXPECT_EQ(db.rules_of("id uuid, name text",
                        "select t.id, p.name from public.teams t cross join lateral rows from (unnest(t.members), unnest(t.guests)) m(a, b) "
                        "join public.people p on p.id = m.a"),
            "id ← teams(id)\nid ← people(id): select t.id from public.teams as t where t.members && $1\n");
}

TEST_F(DeriveTest, TheRowsOfAnArrayAreNotLookedUpByIt) {
  db.table("teams", "id uuid!, members uuid[]").table("people", "id uuid!, name text");
  EXPECT_EQ(db.rules_of("id uuid, name text", "select p.id, p.name from public.people p join public.teams t on p.id = any (t.members)"),
            "id ← people(id)\nteams?\n");
}

// --- generated keys, nested views, with ------------------------------------------------------------------------------------------

TEST_F(DeriveTest, AGeneratedKeyIsFollowedBackToWhatItIsMadeOf) {
  EXPECT_EQ(db.rules_of("id uuid, plan_id uuid, day integer",
                        "select crossfade.uuid(e.plan_id, 'day', (e.day)::text) as id, e.plan_id, e.day from public.exercises e group by e.plan_id, e.day"),
            "plan_id, day ← exercises(plan_id, day)\n");
}

TEST_F(DeriveTest, AKeyThatAFunctionLooksUpIsNotComputed) {
  db.facts.opaque["map.number_of"] = "opaque";
  EXPECT_EQ(db.rules_of("id integer, n bigint", "select map.number_of(p.id) as id, count(*) as n from public.plans p group by (map.number_of(p.id))"), "plans?\n");
}

/// As the server prints it, and as it stands in the view's text.
TEST_F(DeriveTest, AFunctionIsKnownWhateverItsNameIs) {
  EXPECT_EQ(procedure_name("map.number_of(uuid)"), "map.number_of");
  EXPECT_EQ(procedure_name("now()"), "now");
  EXPECT_EQ(procedure_name("map.\"numberOf\"(uuid)"), "map.numberOf");
  EXPECT_EQ(procedure_name("\"My Map\".\"a(\"\"b\"(uuid,\"My Map\".kind)"), "My Map.a(\"b");
  db.facts.opaque[procedure_name("map.\"numberOf\"(uuid)")] = "opaque";
  EXPECT_EQ(db.rules_of("id integer, n bigint", "select map.\"numberOf\"(p.id) as id, count(*) as n from public.plans p group by (map.\"numberOf\"(p.id))"), "plans?\n");
}

/// Every session has such an exercise, and one workout this line of it.
TEST_F(DeriveTest, AllColumnsThatLeadToTheRowsLeaveOthersOut) {
  db.table("lines", "id uuid!, workout_id uuid!, exercise_id uuid!, sets integer").table("workouts_of", "id uuid!, workout_id uuid!");
  db.table("done", "id uuid!, session_id uuid!, exercise_id uuid!");
  EXPECT_EQ(db.rules_of("id uuid, planned integer",
                        "select d.id, l.sets as planned from public.done d join public.workouts_of s on s.id = d.session_id left join lateral "
                        "(select x.sets from public.lines x where x.workout_id = s.workout_id and x.exercise_id = d.exercise_id order by x.id limit 1) l on true"),
            "id ← done(id)\n"
            "id ← workouts_of(id): select d.id from public.done as d where d.session_id = any($1)\n"
            "id ← lines(exercise_id, workout_id): select d.id from unnest($1, $2) as changed (exercise_id, workout_id) "
            "join public.done as d on d.exercise_id = changed.exercise_id join public.workouts_of as s on s.id = d.session_id and s.workout_id = changed.workout_id\n");
}

TEST_F(DeriveTest, ADayThatEqualsAMomentIsNotTheMoment) {
  db.table("days", "day date!, note text", {"day"});
  db.not_locatable = {"note"};
  EXPECT_EQ(db.rules_of("id uuid, day date, note text", "select s.id, d.day, d.note from public.sessions s join public.days d on d.day = s.started_at"),
            "id ← sessions(id)\nday ← days(day)\n");
  EXPECT_EQ(db.rules_of("id uuid, started_at timestamp, note text", "select s.id, s.started_at, d.note from public.sessions s join public.days d on d.day = s.started_at"),
            "id ← sessions(id)\nid ← days(day): select s.id from unnest($1) as changed (day) join public.sessions as s on s.started_at = changed.day\n");
}

TEST_F(DeriveTest, AGeneratedKeyAloneIsComputed) {
  EXPECT_EQ(db.rules_of("id uuid, name text", "select crossfade.uuid(p.id, 'copy'::text) as id, p.name from public.plans p"),
            "id ← plans(id): select crossfade.uuid(changed.id, ('copy')::text) from unnest($1) as changed (id)\n");
}

TEST_F(DeriveTest, ASurrogateStandsForItsNaturalKey) {
  db.table("crossfade.gym_day_id", "id bigint!, plan_id uuid!, day integer!");
  db.view("map.day_id", "plan_id uuid, day integer", "select distinct e.plan_id, e.day from public.exercises e");
  db.facts.stands_for[TableName{"crossfade", "gym_day_id"}.quoted()] = TableName{"map", "day_id"}.quoted();
  EXPECT_EQ(db.rules_of("id bigint, plan_id uuid, name text",
                        "select i.id, p.id as plan_id, p.name from public.plans p join crossfade.gym_day_id i on i.plan_id = p.id"),
            "plan_id ← plans(id)\nplan_id ← exercises(plan_id)\n");
}

TEST_F(DeriveTest, TheIdOfANaturalKeyIsNotTheIdOfASourceRow) {
  db.table("crossfade.gym_day_id", "id uuid!, plan_id uuid!, day integer!");
  db.view("map.day_id", "plan_id uuid, day integer, id uuid", "select e.plan_id, e.day, e.id from public.exercises e");
  db.facts.stands_for[TableName{"crossfade", "gym_day_id"}.quoted()] = TableName{"map", "day_id"}.quoted();
  EXPECT_EQ(db.rules_of("id uuid, plan_id uuid, day integer",
                        "select distinct w.id, w.plan_id, w.day from crossfade.gym_day_id w join map.day_id v on v.plan_id = w.plan_id and v.day = w.day", {"id"}),
            "plan_id, day ← exercises(plan_id, day)\n");
}

TEST_F(DeriveTest, ViewsWithinAreTakenApart) {
  db.view("map.days", "plan_id uuid, day integer", "select e.plan_id, e.day from public.exercises e group by e.plan_id, e.day");
  EXPECT_EQ(db.rules_of("plan_id uuid, name text, days bigint",
                        "select p.id as plan_id, p.name, count(*) as days from map.days d join public.plans p on p.id = d.plan_id group by p.id", {"plan_id"}),
            "plan_id ← exercises(plan_id)\nplan_id ← plans(id)\n");
}

TEST_F(DeriveTest, ACommonTableExpressionIsAQueryLikeOthers) {
  EXPECT_EQ(db.rules_of("plan_id uuid, n bigint",
                        "with d as (select e.plan_id, count(*) as n from public.exercises e group by e.plan_id) select d.plan_id, d.n from d", {"plan_id"}),
            "plan_id ← exercises(plan_id)\n");
}

TEST_F(DeriveTest, ARecursionCannotBeTold) {
  db.table("nodes", "id uuid!, parent_id uuid");
  EXPECT_EQ(db.rules_of("id uuid, root uuid",
                        "with recursive up as (select n.id, n.id as root from public.nodes n where n.parent_id is null union all "
                        "select n.id, up.root from public.nodes n join up on n.parent_id = up.id) select up.id, up.root from up"),
            "nodes?\n");
  EXPECT_NE(db.answer.untold.at(0).why.find("a recursion"), std::string::npos) << db.answer.untold.at(0).why;
}

/// A select that is named within the recursion reads it on, and so does what reads that.
TEST_F(DeriveTest, ARecursionThroughAWithOfItsOwnIsOne) {
  db.table("nodes", "id uuid!, parent_id uuid, name text");
  EXPECT_EQ(db.rules_of("id uuid, root text",
                        "with recursive up as (select n.id, n.name as root from public.nodes n where n.parent_id is null union all "
                        "(with c as (select up.id, up.root from up) select n.id, c.root from public.nodes n join c on c.id = n.parent_id)) select up.id, up.root from up"),
            "nodes?\n");
  EXPECT_NE(db.answer.untold.at(0).why.find("a recursion"), std::string::npos) << db.answer.untold.at(0).why;
}

TEST_F(DeriveTest, AWithThatNamesWhatIsNamedTwiceReadsTheOneThatItSees) {
  db.table("old_plans", "id uuid!, name text");
  // b stands where the outer a is one; the inner a is another's.
  EXPECT_EQ(db.rules_of("id uuid, name text",
                        "with a as (select p.id, p.name from public.plans p), b as (select a.id, a.name from a) "
                        "select q.id, q.name from (with a as (select o.id, o.name from public.old_plans o) select b.id, b.name from b) q"),
            "id ← plans(id)\n");
  // Without `recursive` a name means what it meant before.
  EXPECT_EQ(db.rules_of("id uuid, name text",
                        "with a as (select p.id, p.name from public.plans p) select q.id, q.name from (with a as (select a.id, a.name from a) select a.id, a.name from a) q"),
            "id ← plans(id)\n");
}

TEST_F(DeriveTest, AViewWithinDoesNotSeeTheNamesAroundIt) {
  db.view("map.days", "plan_id uuid, name text", "with d as (select e.plan_id, e.name from public.exercises e) select d.plan_id, d.name from d");
  EXPECT_EQ(db.rules_of("plan_id uuid, name text",
                        "with d as (select p.id from public.plans p) select v.plan_id, v.name from map.days v where v.plan_id in (select d.id from d)", {"plan_id"}),
            "plan_id ← exercises(plan_id)\nplan_id ← plans(id)\n");
}

TEST_F(DeriveTest, AWithThatStandsForMillionsOfTablesIsRefused) {
  std::string sql = "with a0 as (select p.id from public.plans p)";
  for (int n = 1; n <= 20; ++n) sql += fmt::format(", a{0} as (select l.id from a{1} l join a{1} r on r.id = l.id)", n, n - 1);
  const auto text = db.rules_of("id uuid", sql + " select a20.id from a20");
  EXPECT_TRUE(text.starts_with("refused: it is made of more than 300 tables")) << text;
}

TEST_F(DeriveTest, AnOldRowOfItsOwnIsNoSource) {
  db.facts.settled.insert(TableName{"public", "exercises"}.quoted());
  EXPECT_EQ(db.rules_of("id uuid, name text", "select p.id, old.name from public.plans p left join public.exercises old on old.id = p.id"), "id ← plans(id)\n");
}

TEST_F(DeriveTest, SyntaxThatIsNotKnownIsRefusedWithTheConstruct) {
  const auto text = db.rules_of("id uuid", "select j.id from json_table('[]', '$[*]' columns (id uuid path '$.id')) j");
  EXPECT_TRUE(text.starts_with("refused: its text is not understood: ")) << text;
}

TEST_F(DeriveTest, ColumnsByWhichTheTargetsRowsAreNotFoundAreNotTaken) {
  db.not_locatable = {"plan_id"};
  EXPECT_EQ(db.rules_of("id uuid, plan_id uuid", "select e.id, e.plan_id from public.exercises e join public.plans p on p.id = e.plan_id"),
            "id ← exercises(id)\nid ← plans(id): select e.id from public.exercises as e where e.plan_id = any($1)\n");
}

TEST_F(DeriveTest, AnEqualNumberHasNotTheSameText) {
  db.table("prices", "weight numeric!, price integer", {"weight"});
  db.not_locatable = {"weight", "price"};
  // 1.0 and 1.00 are equal, and their texts are not: of its own weight a row knows the text, of another's it does not.
  EXPECT_EQ(db.rules_of("id text, weight numeric, price integer",
                        "select (e.weight)::text as id, e.weight, p.price from public.exercises e join public.prices p on p.weight = e.weight"),
            "id ← exercises(weight): select (changed.weight)::text from unnest($1) as changed (weight)\n"
            "id ← prices(weight): select (e.weight)::text from public.exercises as e where e.weight = any($1)\n");
}

// --- what is left of the table in the design -----------------------------------------------------------------------------------

TEST_F(DeriveTest, ConditionsOfRowsAndOfGroupsLeaveTheGroupsKey) {
  EXPECT_EQ(db.rules_of("plan_id uuid, n bigint",
                        "select e.plan_id, count(*) as n from public.exercises e join public.plans p on p.id = e.plan_id where e.day > 1 and p.weeks > 2 "
                        "group by e.plan_id having count(*) > 3", {"plan_id"}),
            "plan_id ← exercises(plan_id)\nplan_id ← plans(id)\n");
}

TEST_F(DeriveTest, AnIntersectionAndADifferenceAreDistincts) {
  for (const char* word : {"intersect", "except", "intersect all", "except all"}) {
    EXPECT_EQ(db.rules_of("user_id uuid, plan_id uuid",
                          std::string("select p.user_id, p.id as plan_id from public.plans p ") + word + " select s.user_id, s.plan_id from public.sessions s", {"plan_id"}),
              "plan_id ← plans(id)\nplan_id ← sessions(plan_id)\n")
        << word;
  }
}

TEST_F(DeriveTest, ADistinctIsKnownByAllThatItShows) {
  EXPECT_EQ(db.rules_of("plan_id uuid, day integer", "select distinct e.plan_id, e.day from public.exercises e", {"plan_id", "day"}),
            "plan_id, day ← exercises(plan_id, day)\n");
}

TEST_F(DeriveTest, EachBranchOfAUnionHasConstantsOfItsOwn) {
  db.table("cats", "id uuid!, name text").table("dogs", "id uuid!, name text");
  EXPECT_EQ(db.rules_of("kind text, id uuid, name text",
                        "select 'cat'::text as kind, c.id, c.name from public.cats c union all select 'dog'::text, d.id, d.name from public.dogs d", {"kind", "id"}),
            "id ← cats(id)\nid ← dogs(id)\n");
}

TEST_F(DeriveTest, GroupingSetsMixGroups) {
  for (const char* groups : {"grouping sets ((e.plan_id), (e.day))", "rollup (e.plan_id, e.day)", "cube (e.plan_id, e.day)"}) {
    EXPECT_EQ(db.rules_of("plan_id uuid, day integer, n bigint", std::string("select e.plan_id, e.day, count(*) as n from public.exercises e group by ") + groups, {"plan_id", "day"}),
              "exercises?\n")
        << groups;
    EXPECT_NE(db.answer.untold.at(0).why.find("grouping sets"), std::string::npos) << db.answer.untold.at(0).why;
  }
}

/// Neither is asked again in a lookup: it may say something else there.
TEST_F(DeriveTest, WhatAVolatileOrATableReadingFunctionGivesIsNotComputed) {
  db.facts.opaque = {{"random", "volatile"}, {"map.rank", "opaque"}};
  db.never_null = {"place"};
  EXPECT_EQ(db.rules_of("place integer, n bigint", "select map.rank(e.day) as place, count(*) as n from public.exercises e group by (map.rank(e.day))", {"place"}),
            "exercises?\n");
  EXPECT_EQ(db.rules_of("id uuid, name text", "select e.id, p.name from public.exercises e join public.plans p on p.id = e.plan_id where map.rank(e.day) > 1"),
            "id ← exercises(id)\nid ← plans(id): select e.id from public.exercises as e where e.plan_id = any($1)\n");
  EXPECT_EQ(db.rules_of("id uuid, name text",
                        "select e.id, p.name from public.exercises e join public.plans p on p.weeks = (((e.day)::double precision * random()))::integer"),
            "id ← exercises(id)\nname ← plans(name)\n");
}

// --- what is equal and not the same ------------------------------------------------------------------------------------------

class EqualTest : public DeriveTest {
 protected:
  static constexpr const char* kCi = R"("public"."ci")";

  EqualTest() {
    db.facts.loose_collations = {kCi};
    db.table("notes", "id uuid!, tag text!").table("tags", "name text!, label text", {"name"});
    db.not_locatable = {"n", "label"};
  }

  void loosen(const std::string& table, const std::string& column) {
    for (auto& each : db.facts.relations.at(TableName{"public", table}.quoted()).columns) {
      if (each.name != column) continue;
      each.loose = kCi;
      each.image_varies = true;
    }
  }
};

/// 'BOB' is 'bob' by it; the view's row stands under 'bob', which 'BOB' does not find.
TEST_F(EqualTest, ByACollationThatTheViewsColumnHasNotIsComparedByItAlone) {
  EXPECT_EQ(db.rules_of("name text, n bigint",
                        "select t.name, (select count(*) from public.notes n where ((n.tag collate public.ci) = t.name)) as n from public.tags t", {"name"}),
            "name ← tags(name)\n"
            "name ← notes(tag): select t.name from unnest($1) as changed (tag) join public.tags as t on t.name = (changed.tag collate public.ci)\n");
}

TEST_F(EqualTest, ByACollationThatKeepsWhatDiffersApartIsEqualByAny) {
  EXPECT_EQ(db.rules_of("name text, n bigint",
                        "select t.name, (select count(*) from public.notes n where ((n.tag collate \"C\") = t.name)) as n from public.tags t", {"name"}),
            "name ← tags(name)\nname ← notes(tag): select (changed.tag collate C) from unnest($1) as changed (tag)\n");
}

TEST_F(EqualTest, ByTheOtherColumnsCollationIsComparedByItAlone) {
  loosen("notes", "tag");
  EXPECT_EQ(db.rules_of("name text, n bigint", "select t.name, (select count(*) from public.notes n where n.tag = t.name) as n from public.tags t", {"name"}),
            "name ← tags(name)\n"
            "name ← notes(tag): select t.name from unnest($1) as changed (tag) join public.tags as t on t.name = changed.tag collate public.ci\n");
}

TEST_F(EqualTest, ByTheCollationOfBothIsFoundByIt) {
  loosen("notes", "tag");
  loosen("tags", "name");
  EXPECT_EQ(db.rules_of("name text, n bigint", "select t.name, (select count(*) from public.notes n where n.tag = t.name) as n from public.tags t", {"name"}),
            "name ← tags(name)\nname ← notes(tag)\n");
  // Shown by a collation that keeps them apart it is another's.
  EXPECT_EQ(db.rules_of("name text, n bigint",
                        "select (t.name collate \"C\") as name, (select count(*) from public.notes n where n.tag = t.name) as n from public.tags t", {"name"}),
            "name ← tags(name)\nname ← notes(tag): select t.name from public.tags as t where t.name = any($1)\n");
}

/// The row that is shown has the 1.0 or the 1.00 of one of them.
TEST_F(EqualTest, OfAGroupOneIsShownWhoseTextNeedNotBeTheOthers) {
  db.never_null = {"id"};
  EXPECT_EQ(db.rules_of("id text, n bigint", "select (e.weight)::text as id, count(*) as n from public.exercises e group by e.weight"), "exercises?\n");
  EXPECT_EQ(db.rules_of("id text, n bigint",
                        "select (g.weight)::text as id, g.n from (select e.weight, count(*) as n from public.exercises e group by e.weight) g"), "exercises?\n");
  EXPECT_EQ(db.rules_of("id text, n bigint", "select (e.weight)::text as id, count(*) as n from public.exercises e group by ((e.weight)::text)"),
            "id ← exercises(weight): select (changed.weight)::text from unnest($1) as changed (weight)\n");
  EXPECT_EQ(db.rules_of("id uuid, n bigint", "select crossfade.uuid(((e.weight)::text)) as id, count(*) as n from public.exercises e group by ((e.weight)::text)"),
            "id ← exercises(weight): select crossfade.uuid((changed.weight)::text) from unnest($1) as changed (weight)\n");
  EXPECT_EQ(db.rules_of("weight numeric, n bigint", "select e.weight, count(*) as n from public.exercises e group by e.weight", {"weight"}),
            "weight ← exercises(weight)\n");
}

// --- rows that the view leaves out ---------------------------------------------------------------------------------------------

class LeftOutTest : public DeriveTest {
 protected:
  LeftOutTest() { db.table("events", "id uuid!, kind text!, payload jsonb, day integer, value text").table("terms", "id integer!, name text"); }

  void tell_old(const std::string& column) {
    for (auto& each : db.facts.relations.at(TableName{"public", "events"}.quoted()).columns) each.old_value = each.old_value || each.name == column;
  }
};

/// An event of another kind may say anything in its place.
TEST_F(LeftOutTest, ByAConditionAreNotComputedInALookup) {
  EXPECT_EQ(db.rules_of("id uuid, name text",
                        "select e.id, p.name from public.events e join public.terms p on p.id = ((e.payload ->> 'plan_id'::text))::integer where e.kind = 'plan'::text"),
            "id ← events(id)\n"
            "id ← terms(id): select e.id from unnest($1) as changed (id) join public.events as e on "
            "((e.payload ->> ('plan_id')::text))::pg_catalog.int4 = changed.id and (e.kind = ('plan')::text)\n");
}

/// What is asked last because it costs most keeps nothing from being computed before.
TEST_F(LeftOutTest, ByADearConditionAreKeptFromTheComputation) {
  const auto rules = db.rules_of("id uuid, name text",
                                 "select e.id, p.name from public.events e join public.terms p on p.id = (e.value)::integer "
                                 "where e.kind = any (array['plan'::text, 'term'::text])");
  EXPECT_NE(rules.find("case when (e.kind = any(array[('plan')::text, ('term')::text])) then (e.value)::pg_catalog.int4 end = changed.id"), std::string::npos) << rules;
}

TEST_F(LeftOutTest, ByAConditionALookupByArraySaysSo) {
  EXPECT_EQ(db.rules_of("id uuid, owner uuid", "select e.id, p.user_id as owner from public.exercises e join public.plans p on p.id = e.plan_id where e.day is not null"),
            "id ← exercises(id)\nid ← plans(id): select e.id from public.exercises as e where e.plan_id = any($1) and (e.day is not null)\n");
}

TEST_F(LeftOutTest, OfTheChangedRowItselfNothingIsComputed) {
  db.never_null = {"d"};
  EXPECT_EQ(db.rules_of("d integer, n bigint", "select (100 / e.day) as d, count(*) as n from public.events e where e.day <> 0 group by (100 / e.day)", {"d"}),
            "d ← events(day): select (100 / changed.day) from unnest($1) as changed (day) where (changed.day <> 0)\n");
}

TEST_F(LeftOutTest, ByAColumnWhoseOldValueIsNotToldAreComputedAsBefore) {
  const std::string view = "select (e.value)::integer as d, count(*) as n from public.events e where e.kind = 'number'::text group by ((e.value)::integer)";
  db.never_null = {"d"};
  EXPECT_EQ(db.rules_of("d integer, n bigint", view, {"d"}), "d ← events(value): select (changed.value)::pg_catalog.int4 from unnest($1) as changed (value)\n");
  tell_old("kind");
  EXPECT_EQ(db.rules_of("d integer, n bigint", view, {"d"}),
            "d ← events(kind, value): select (changed.value)::pg_catalog.int4 from unnest($1, $2) as changed (kind, value) where (changed.kind = ('number')::text)\n");
}

/// Of no rows a sum has one too: what it is asked for says nothing of the row that stands beside it.
TEST_F(LeftOutTest, BeneathASumSaysNothingOfTheRowBesideIt) {
  tell_old("kind");
  EXPECT_EQ(db.rules_of("d integer, n bigint",
                        "select (e.value)::integer as d, l.n from public.events e cross join lateral (select e.id as of, count(*) as n from public.terms t "
                        "where e.kind = 'x'::text) l where l.of = e.id", {"d"}),
            "d ← events(value): select (changed.value)::pg_catalog.int4 from unnest($1) as changed (value)\nterms?\n");
}

/// A condition that may hold for the rows of an outer join says nothing of those that nothing matched.
TEST_F(LeftOutTest, ByAnOuterJoinsConditionAreStillThere) {
  EXPECT_EQ(db.rules_of("id uuid, name text",
                        "select e.id, p.name from public.exercises e left join public.plans p on p.id = e.plan_id and e.day is not null and p.weeks is not null"),
            "id ← exercises(id)\nid ← plans(id): select e.id from public.exercises as e where e.plan_id = any($1) and (e.day is not null)\n");
  EXPECT_EQ(db.rules_of("id uuid, name text, level integer",
                        "select l.id, p.name, l.reps as level from public.logs l join public.exercises e on e.id = l.exercise_id "
                        "left join public.plans p on p.id = e.plan_id and e.day is not null"),
            "id ← logs(id)\n"
            "id ← exercises(id): select l.id from public.logs as l where l.exercise_id = any($1)\n"
            "id ← plans(id): select l.id from public.exercises as e join public.logs as l on l.exercise_id = e.id where e.plan_id = any($1) and (e.day is not null)\n");
}

/// Rows that one of several conditions takes are found by each of them.
class AlternativesTest : public testing::Test {
 protected:
  AlternativesTest() {
    db.table("users", "id integer!, email text, name text").table("tickets", "id integer!, requester_id integer, assignee_id integer, org_id integer, open boolean");
  }

  std::string orgs_where(const std::string& condition) {
    return db.rules_of("id integer, orgs integer[]", "select u.id, array(select distinct t.org_id from public.tickets t where " + condition + ") as orgs from public.users u");
  }

  Schema db;
};

TEST_F(AlternativesTest, OfACorrelatedSelectAreRulesEach) {
  const auto* both = "id ← users(id)\nid ← tickets(requester_id)\nid ← tickets(assignee_id)\n";
  EXPECT_EQ(orgs_where("t.requester_id = u.id or t.assignee_id = u.id"), both);
  EXPECT_EQ(orgs_where("u.id = any (array[t.requester_id, t.assignee_id])"), both);
  EXPECT_EQ(orgs_where("t.org_id is not null and ((t.requester_id = u.id and t.open) or (t.open is null and u.id = t.assignee_id))"), both);
}

TEST_F(AlternativesTest, OneThatTellsNothingLeavesNothingTold) {
  EXPECT_EQ(orgs_where("t.requester_id = u.id or t.open"), "id ← users(id)\ntickets?\n");
}

TEST_F(AlternativesTest, OfAJoinAreLookedUpEach) {
  EXPECT_EQ(db.rules_of("id integer, name text", "select t.id, max(u.name) as name from public.tickets t join public.users u on u.id = t.requester_id or u.id = t.assignee_id group by t.id"),
            "id ← tickets(id)\n"
            "id ← users(id): select t.id from public.tickets as t where t.requester_id = any($1)\n"
            "id ← users(id): select t.id from public.tickets as t where t.assignee_id = any($1)\n");
}

TEST_F(AlternativesTest, AreNotAskedForWhereTheRowIsFoundWithoutThem) {
  EXPECT_EQ(db.rules_of("id integer, name text", "select t.id, t.open from public.tickets t where t.open or t.org_id = 1"), "id ← tickets(id)\n");
}

TEST(DoubtTest, WhatASelectGivesMayFailForSomeValues) {
  const std::map<std::string, std::string> types = {{"id", "text"}, {"n", "bigint"}, {"day", "timestamp with time zone"}, {"body", "jsonb"}};
  const auto risk = [&](const std::string& output) { return risky_output("select " + output + " from unnest($1) as changed (id)", types); };
  EXPECT_EQ(risk("(changed.id)::bigint"), R"(("changed"."id")::"pg_catalog"."int8")");
  EXPECT_EQ(risk("(changed.n)::integer"), R"(("changed"."n")::"pg_catalog"."int4")");
  EXPECT_EQ(risk("((changed.body ->> 'a'::text))::uuid"), R"((("changed"."body" ->> ('a')::"text"))::"uuid")");
  EXPECT_EQ(risk("changed.n / changed.id"), R"(("changed"."n" / "changed"."id"))");
  for (const auto* sure : {"changed.id", "(changed.n)::text", "lower(changed.id)", "(changed.day)::date", "(changed.n)::numeric",
                           "case when changed.id ~ '^[0-9]+$' then (changed.id)::bigint end"}) {
    EXPECT_EQ(risk(sure), "") << sure;
  }
}

TEST(DoubtTest, ASelectOverItsValuesAloneReadsNoTable) {
  EXPECT_FALSE(reads_tables("select (changed.id)::bigint, lower(x) from pg_catalog.unnest($1::text[]) changed(id)"));
  EXPECT_TRUE(reads_tables("select t.id from public.t where t.a = any($1)"));
  EXPECT_TRUE(reads_tables("select public.looked_up(changed.id) from unnest($1) changed(id)"));
  EXPECT_TRUE(reads_tables("no select"));
}

}  // namespace
}  // namespace crossfade::mapping::derive
