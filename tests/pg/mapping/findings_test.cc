#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "inspect_fixture.h"
#include "support/major.h"

namespace crossfade::mapping {
namespace {

/// One thing is wrong in each test, and exactly that is found.
using FindingsTest = InspectTest;

TEST_F(FindingsTest, AMissingView) {
  replace(mapping, "create view weeks", "create view weekz");
  EXPECT_EQ(trouble(), (Lines{"FAIL target weeks: map has no view weeks → Create \"map\".\"weeks\" in mapping.sql, or mend the target's name.",
                              "warn mapping.sql: view weekz fills no table, and nothing reads it: no table of v2.sql has its name → "
                              "Call it as the table that it is to fill, or leave it out."}));
}

TEST_F(FindingsTest, ARuleThatKeepsCrossfadeFromWriting) {
  v2 += "create rule gone as on delete to \"Exercises\" do instead nothing; create rule told as on delete to weeks do also notify told;\n";
  EXPECT_EQ(trouble(), (Lines{"warn target weeks: rule told of v2.weeks acts on what crossfade writes there too → "
                              "drop rule \"told\" on v2.weeks;  -- and write a trigger instead, which rests while crossfade writes",
                              "FAIL target Exercises: rule gone of v2.\"Exercises\" keeps crossfade from writing it → "
                              "drop rule \"gone\" on v2.\"Exercises\";  -- and write a trigger instead, which rests while crossfade writes"}));
}

TEST_F(FindingsTest, ATableThatACrashEmpties) {
  replace(v2, "create table \"Exercises\"", "create unlogged table \"Exercises\"");
  const auto found = trouble();
  ASSERT_FALSE(found.empty());
  EXPECT_EQ(found[0], "FAIL target Exercises: the table is not logged: a crash of the server empties it, and what was confirmed does not come again → "
                      "alter table \"v2\".\"Exercises\" set logged;  -- in v2.sql");
}

TEST_F(FindingsTest, AMissingTable) {
  replace(yaml, "  plans: {follow", "  planz: {follow");
  EXPECT_EQ(trouble(), (Lines{"FAIL target planz: v2 has no table planz → Create \"v2\".\"planz\" in v2.sql, or mend the target's name.",
                              "FAIL target planz: map has no view planz → Create \"map\".\"planz\" in mapping.sql, or mend the target's name."}));
}

TEST_F(FindingsTest, APartitionedTableIsFilledAsAnyOther) {
  replace(v2, "owner bigint not null, note text);", "owner bigint not null, note text) partition by hash (id);");
  EXPECT_EQ(trouble(), Lines{});
}

TEST_F(FindingsTest, AKeyThatIsCheckedLater) {
  replace(v2, "\"Exercises\" (id uuid primary key,", "\"Exercises\" (id uuid primary key deferrable,");
  EXPECT_EQ(trouble(), Lines{"FAIL target Exercises: the primary key is deferrable: rows are not merged by such a key → "
                             "alter table \"v2\".\"Exercises\" drop constraint …; alter table \"v2\".\"Exercises\" add primary key (id);  -- in v2.sql"});
}

TEST_F(FindingsTest, AKeyOfTheSameColumnsThatIsCheckedLater) {
  replace(v2, "\"Exercises\" (id uuid primary key,", "\"Exercises\" (id uuid primary key constraint \"Twin\" unique deferrable,");
  EXPECT_EQ(trouble(), Lines{"FAIL target Exercises: unique key \"Twin\" has the columns of the primary key and is deferrable: the server merges no rows by those → "
                             "alter table \"v2\".\"Exercises\" drop constraint \"Twin\";  -- in v2.sql"});
}

TEST_F(FindingsTest, AForeignKeyThatWritesItsRowsItself) {
  replace(v2, "note text);", "note text unique);");
  replace(v2, "load numeric(6,2),", "load numeric(6,2), plan_note text constraint noted references v2.plans (note) on update cascade,");
  replace(mapping, "1 as week, e.name", "1 as week, p.note as plan_note, e.name");
  EXPECT_EQ(trouble(), Lines{"warn target Exercises: foreign key noted acts when note changes in plans: the server writes plan_note itself then, whatever the view says of it → "
                             "Leave `on update` out of noted in v2.sql until v2 owns the data, unless the view takes both from one value."});
}

TEST_F(FindingsTest, AKeyWithoutOverlapsSince18) {
  CROSSFADE_NEEDS_MAJOR(18);
  replace(v2, "\"Exercises\" (id uuid primary key,", "\"Exercises\" (id int4range, during int4range, primary key (id, during without overlaps),");
  const auto found = trouble();
  EXPECT_NE(std::find_if(found.begin(), found.end(), [](const std::string& line) { return line.find("the primary key is without overlaps") != std::string::npos; }), found.end());
}

TEST_F(FindingsTest, ARequiredColumnThatTheViewLacks) {
  replace(mapping, ", owner::bigint as owner", "");
  EXPECT_EQ(trouble(), Lines{"FAIL target plans: the view has no column owner, which the table requires → "
                             "Add it to view \"map\".\"plans\" in mapping.sql: … as \"owner\"."});
}

TEST_F(FindingsTest, AnOptionalColumnThatTheViewLacks) {
  replace(mapping, ", note", "");
  EXPECT_EQ(trouble(), Lines{"warn target plans: the view has no column note: it stays null → "
                             "Add it to view \"map\".\"plans\" in mapping.sql if it has a value."});
}

TEST_F(FindingsTest, AColumnOfTheViewThatNobodyUses) {
  replace(mapping, ", note", ", note, weeks");
  EXPECT_EQ(trouble(), Lines{"warn target plans: the view's column weeks is in no table, and no rule locates rows by it → "
                             "Remove it from the view, or mend its name."});
}

TEST_F(FindingsTest, AColumnOfAnotherType) {
  replace(mapping, "owner::bigint", "owner::numeric");
  EXPECT_EQ(trouble(), Lines{"FAIL target plans: column owner is numeric in the view and bigint in the table → "
                             "Cast it in mapping.sql: (…)::bigint as \"owner\"."});
}

TEST_F(FindingsTest, AnIntegerIsStoredInAnyOfItsTypes) {
  replace(mapping, "owner::bigint", "owner");
  EXPECT_EQ(trouble(), Lines{});
  EXPECT_EQ(inspected().model.targets.at(0).columns.at(1).cast, "bigint");
}

TEST_F(FindingsTest, ANumberThatTheTableRoundsIsComparedAsItIsStored) {
  replace(mapping, "e.load::numeric(6,2)", "e.load");
  EXPECT_EQ(trouble(), Lines{});
  EXPECT_EQ(inspected().model.targets.at(2).columns.back().cast, "numeric(6,2)");
}

TEST_F(FindingsTest, ATextThatTheTablePadsOrCuts) {
  replace(v2, "name text", "name char(40)");
  replace(mapping, "e.name", "e.name::bpchar as name");
  EXPECT_EQ(trouble(), Lines{"FAIL target Exercises: column name is bpchar in the view and character(40) in the table → "
                             "Cast it in mapping.sql: (…)::character(40) as \"name\"."});
}

TEST_F(FindingsTest, AKeyThatViewAndTableTellApartDifferently) {
  sql.exec("create table tags (name text collate \"C\" primary key)");
  replace(yaml, "sources: {plans: {}", "sources: {tags: {}, plans: {}");
  yaml += "  tags: {follow: {tags: {name: name}}}\n";
  v2 += "create collation v2.ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false);"
        "create table tags (name text collate v2.ci primary key);\n";
  mapping += "create view tags as select name from public.tags;\n";
  EXPECT_EQ(trouble(), Lines{"FAIL target tags: column name has the collation pg_catalog.\"C\" in the view and v2.ci in the table: what is equal by the one is "
                             "not by the other → Collate it in mapping.sql: (…) collate v2.ci as \"name\"."});
  replace(mapping, "select name from public.tags", "select name collate v2.ci as name from public.tags");
  EXPECT_EQ(trouble(), Lines{});
  sql.exec("insert into tags values ('Apple'), ('apple')");
  ASSERT_EQ(trouble().size(), 1U);
  EXPECT_TRUE(trouble()[0].starts_with("FAIL target tags: the view is not unique: 2 rows have the key (name) = ")) << trouble()[0];
}

TEST_F(FindingsTest, AnIdentityThatIsTheKeyTakesTheValuesOfTheView) {
  sql.exec("create table plain (id int primary key)");
  replace(yaml, "sources: {plans: {}", "sources: {plain: {}, plans: {}");
  yaml += "  plain: {follow: {plain: {id: id}}}\n";
  v2 += "create table plain (id int generated always as identity primary key);\n";
  mapping += "create view plain as select id from public.plain;\n";
  EXPECT_EQ(trouble(), Lines{});
}

TEST_F(FindingsTest, ADatabaseThatDoesNotSayWhatItsBytesMean) {
  sql.exec(fmt::format("create database {0}_bytes encoding 'SQL_ASCII' template template0 locale 'C'", database.name()));
  yaml = "migration: sample\nschemas: {shadow: v2, mapping: map}\nsources: {plans: {}}\ntargets: {plans: {follow: {plans: {id: id}}}}\n";
  v2 = mapping = "select 1";
  const auto found = trouble(inspected(fmt::format(" dbname={}_bytes", database.name())));
  sql.exec(fmt::format("drop database {}_bytes", database.name()));
  ASSERT_FALSE(found.empty());
  EXPECT_TRUE(found[0].starts_with(fmt::format("FAIL server: the encoding of database {}_bytes is SQL_ASCII", database.name()))) << found[0];
}

/// Of every encoding that a database can have, and that a session in UTF-8 comes into: what the server's own conversions cannot send.
TEST_F(FindingsTest, ADatabaseWithCharactersThatCannotTravel) {
  sql.exec("create function untold(encoding text, bytes bytea) returns bool language plpgsql as $$ begin perform convert(bytes, encoding, 'UTF8'); return false; "
           "exception when others then return true; end $$");
  yaml = "migration: sample\nschemas: {shadow: v2, mapping: map}\nsources: {plans: {}}\ntargets: {plans: {follow: {plans: {id: id}}}}\n";
  v2 = mapping = "select 1";
  const auto name = database.name() + "_bytes";
  for (const std::string encoding : {"LATIN1", "LATIN2", "LATIN3", "LATIN4", "LATIN5", "LATIN6", "LATIN7", "LATIN8", "LATIN9", "LATIN10", "ISO_8859_5", "ISO_8859_6", "ISO_8859_7", "ISO_8859_8",
                                     "WIN1250", "WIN1251", "WIN1252", "WIN1253", "WIN1254", "WIN1255", "WIN1256", "WIN1257", "WIN1258", "WIN866", "WIN874", "KOI8R", "KOI8U",
                                     "EUC_JP", "EUC_CN", "EUC_KR", "EUC_TW", "EUC_JIS_2004"}) {
    const bool wide = encoding.starts_with("EUC");
    const auto some = sql.value(fmt::format("select bool_or(untold('{}', bytes)) from {}", encoding,
                                            wide ? "(select set_byte(set_byte('xx', 0, a), 1, b) as bytes from generate_series(161, 254) a, generate_series(161, 254) b) each"
                                                 : "(select set_byte('x', 0, a) as bytes from generate_series(128, 255) a) each"));
    sql.exec(fmt::format("create database {} encoding '{}' template template0 locale 'C'", name, encoding));
    const auto found = trouble(inspected(" dbname=" + name));
    sql.exec("drop database " + name);
    const bool said = std::any_of(found.begin(), found.end(), [&](const auto& each) {
      return each.starts_with(fmt::format("warn server: the encoding of database {} is {}: the server has no equal in UTF-8", name, encoding)) && each.find("a comparison of everything") != std::string::npos;
    });
    EXPECT_EQ(said, some == "t") << encoding;
  }
}

TEST_F(FindingsTest, AggregatesThatTheRowsAloneDoNotSettle) {
  replace(mapping, "owner::bigint as owner, note", "owner::bigint as owner, (select string_agg(x, ',') from unnest(array[note]) x) as note");
  EXPECT_EQ(trouble(), Lines{"warn target plans: the view uses string_agg(text,text), which has no order: the same rows may give another result each time → "
                             "Write the order: array_agg(x order by key), limit 1 behind order by; one in which no two rows are alike."});
  replace(mapping, "string_agg(x, ',')", "string_agg(x, ',' order by x)");
  EXPECT_EQ(trouble(), Lines{});
  replace(mapping, "string_agg(x, ',' order by x)", "sum(1.5::float8)::text");
  EXPECT_EQ(trouble(), Lines{"warn target plans: the view uses sum(double precision), which rounds in the order that rows come in: the last digits may be "
                             "others each time → Add numeric: sum(x::numeric)::float8."});
  replace(mapping, "(select sum(1.5::float8)::text from unnest(array[note]) x)", "(select x from unnest(array[note]) x limit 1)");
  EXPECT_EQ(trouble(), Lines{"warn target plans: the view uses a limit, which has no order: the same rows may give another result each time → "
                             "Write the order: array_agg(x order by key), limit 1 behind order by; one in which no two rows are alike."});
}

TEST_F(FindingsTest, AnIdentityThatTakesNoValue) {
  replace(v2, "owner bigint not null", "owner bigint generated always as identity");
  EXPECT_EQ(trouble(), Lines{"FAIL target plans: column owner is generated always: a row keeps the value that it came with, whatever the view says later → "
                             "alter table \"v2\".\"plans\" alter column \"owner\" set generated by default;  -- in v2.sql"});
}

TEST_F(FindingsTest, AViewThatIsNotUnique) {
  sql.exec("truncate \"Exercises\"; update plans set id = '00000000-0000-0000-0000-000000000001' where owner = 1; update plans set weeks = 1 where owner <> 1");
  replace(mapping, "w as week from", "1 as week from");
  EXPECT_EQ(trouble(), Lines{"FAIL target weeks: the view is not unique: 2 rows have the key (plan_id, week) = "
                             "(00000000-0000-0000-0000-000000000001,1) → Make one row of them in mapping.sql, by group by or distinct on "
                             "the key."});
}

TEST_F(FindingsTest, ALargeViewThatIsNotUniqueForSomeKeys) {
  sql.exec("insert into plans (owner, weeks) select n, 1 from generate_series(1, 300) n; analyze plans");
  replace(mapping, "w as week from", "1 as week from");
  ASSERT_EQ(trouble().size(), 1U);
  EXPECT_TRUE(trouble()[0].starts_with("FAIL target weeks: the view is not unique: 2 rows have the key (plan_id, week) = "));
}

TEST_F(FindingsTest, TheCatalogAloneSaysNothingAboutRows) {
  replace(mapping, "w as week from", "1 as week from");
  const auto preflight = test::run(inspecting(database.conninfo(), file(), forward_by_catalog));
  EXPECT_EQ(trouble(preflight), Lines{});
  EXPECT_GT(preflight.model.targets.at(1).estimated_rows, 0);
}

TEST_F(FindingsTest, ARowThatTheTableRefuses) {
  replace(v2, "owner bigint not null, note text);", "owner bigint not null check (owner < 50), note text not null default 'none', made int not null default 1);");
  const std::string says = "warn target plans: the table refuses a row of the view: ";
  const auto refused = [&] {
    const auto lines = trouble();
    const auto found = std::find_if(lines.begin(), lines.end(), [&](const std::string& line) { return line.starts_with(says); });
    return found == lines.end() ? "" : found->substr(says.size(), found->find(" → ") - says.size());
  };
  EXPECT_EQ(refused(), "null value in column \"note\" of relation \"plans\" violates not-null constraint");
  replace(mapping, "owner::bigint as owner, note", "owner::bigint as owner, coalesce(note, '') as note");
  EXPECT_EQ(refused(), "new row for relation \"plans\" violates check constraint \"plans_owner_check\"");
  sql.exec("delete from plans where owner >= 50");
  EXPECT_EQ(refused(), "");
}

TEST_F(FindingsTest, AViewThatFailsOnARow) {
  sql.exec("insert into plans (owner, weeks) values (0, 1)");
  replace(mapping, "owner::bigint", "(100 / owner)::bigint");
  EXPECT_EQ(trouble(), Lines{"warn target plans: the view fails on a row: division by zero → Mend the row or the view; such rows are set "
                             "aside in quarantine, and block the cutover."});
}

TEST_F(FindingsTest, AVolatileFunctionOfTheServer) {
  replace(mapping, "select id, owner", "select case when id is null then gen_random_uuid() else id end as id, owner");
  EXPECT_EQ(trouble(), Lines{"FAIL target plans: the view uses gen_random_uuid(), which is volatile: the same rows give another result each "
                             "time → Derive the value from the rows, e.g. an id by crossfade.uuid(…); or declare the function immutable if "
                             "it is."});
}

TEST_F(FindingsTest, AVolatileFunctionBehindAnotherViewAndAnOperator) {
  mapping = "create function map.same(int, int) returns boolean language sql as 'select $1 = $2';\n"
            "create operator map.=== (function = map.same, leftarg = int, rightarg = int);\n"
            "create view inner_plans as select * from public.plans where owner operator(map.===) owner;\n" +
            mapping;
  replace(mapping, "note from public.plans", "note from map.inner_plans");
  ASSERT_EQ(trouble().size(), 1U);
  EXPECT_TRUE(trouble()[0].starts_with("FAIL target plans: the view uses map.same(integer,integer), wh"));
}

TEST_F(FindingsTest, AViewThatLooksAtTheClock) {
  replace(mapping, ", note from", ", note || now()::text as note from");
  EXPECT_EQ(trouble(), Lines{"FAIL target plans: the view uses now(): its rows change although no source does → "
                             "Derive the value from the rows, or leave it to the application."});
}

/// Whatever it was declared to be.
TEST_F(FindingsTest, AFunctionThatLooksAtTheClock) {
  mapping = "create function map.years(date) returns int immutable language sql as 'select extract(year from age($1))::int';\n"
            "create function map.of_age(date) returns text immutable language plpgsql as 'begin return case when map.years($1) > 17 then $q$now()$q$ else current_user end; end';\n"
            "create function map.between(date) returns text immutable language sql as "
            "'select age($1, date $q$2000-01-01$q$)::text /* not now() */ from (select 1 as now) t -- random()';\n" +
            mapping;
  replace(mapping, ", note from", ", note || map.between('2001-01-01') as note from");
  const auto none = trouble();
  EXPECT_EQ(std::count_if(none.begin(), none.end(), [](const std::string& line) { return line.find("in whose text") != std::string::npos; }), 0) << none.front();
  replace(mapping, "map.between('2001-01-01')", "map.of_age('2001-01-01')");
  EXPECT_EQ(trouble(), (Lines{"warn target plans: the view uses map.of_age(date), in whose text current_user stands: that is the session's, and crossfade's has what the "
                              "database and our role have → Derive the value from the rows.",
                              "FAIL target plans: the view uses map.years(date), in whose text age stands: its rows change although no source does → "
                              "Derive the value from the rows, or leave it to the application."}));
}

TEST_F(FindingsTest, AFunctionThatMayReadTables) {
  mapping = "create function map.note(uuid) returns text stable language sql as 'select note from public.plans where id = $1';\n" + mapping;
  replace(mapping, ", note from", ", map.note(id) as note from");
  ASSERT_EQ(trouble().size(), 1U);
  EXPECT_TRUE(trouble()[0].starts_with("warn target plans: the view uses map.note(uuid): t"));
}

TEST_F(FindingsTest, ATableThatIsNoSource) {
  sql.exec("create table owners (id int primary key, name text)");
  replace(mapping, "note from public.plans", "(select name from public.owners o where o.id = owner) as note from public.plans");
  EXPECT_EQ(trouble(), Lines{"FAIL target plans: the view reads public.owners (id, name), which is not among the sources → "
                             "Add owners to sources: the view says the rest."});
}

TEST_F(FindingsTest, AWholeRowReadsEveryColumn) {
  replace(mapping, ", note from public.plans", ", (select to_jsonb(p) from public.plans p where p.id = q.id)::text as note from public.plans q");
  const auto preflight = inspected();
  EXPECT_EQ(trouble(preflight), Lines{});
  EXPECT_EQ(preflight.model.rules.at(0).relevant_columns, (Lines{"id", "owner", "weeks", "note"}));
}

TEST_F(FindingsTest, ARuleOutsideTheReplicaIdentity) {
  sql.exec("alter table \"Exercises\" replica identity default");
  replace(yaml, "Exercises: {id: id}", "Exercises: [{id: id}, {plan_id: planId}]");
  EXPECT_EQ(trouble(), Lines{"FAIL rule Exercises ← Exercises: the WAL does not tell public.\"Exercises\"'s old planId: its replica identity "
                             "leaves it out → alter table public.\"Exercises\" replica identity full;"});
  sql.exec("alter table \"Exercises\" alter \"planId\" set not null; create unique index by_plan on \"Exercises\" (id, \"planId\");"
           "alter table \"Exercises\" replica identity using index by_plan");
  EXPECT_EQ(trouble(), Lines{});
}

TEST_F(FindingsTest, AReplicaIdentityOfNothing) {
  sql.exec("alter table plans replica identity nothing");
  ASSERT_EQ(trouble().size(), 3U);
  EXPECT_TRUE(trouble()[0].starts_with("FAIL rule plans ← plans: the WAL does not tell pub"));
}

TEST_F(FindingsTest, APartitionHasAReplicaIdentityOfItsOwn) {
  sql.exec("truncate \"Exercises\"; drop table plans; create table plans (id uuid primary key, owner int not null, weeks int not null, note text) partition by hash (id);"
           "create table plans_0 partition of plans for values with (modulus 2, remainder 0);"
           "create table plans_1 partition of plans for values with (modulus 2, remainder 1)");
  EXPECT_EQ(trouble(), Lines{});
  sql.exec("alter table plans_1 replica identity nothing");
  ASSERT_EQ(trouble().size(), 3U);
  EXPECT_NE(trouble()[0].find("alter table public.plans_1 replica identity full;"), std::string::npos);
}

TEST_F(FindingsTest, AGeneratedColumnIsNotInTheWal) {
  sql.exec("alter table \"Exercises\" add plan uuid generated always as (\"planId\") stored");
  replace(yaml, "Exercises: {id: id}", "Exercises: [{id: id}, {plan_id: plan}]");
  EXPECT_EQ(trouble(), Lines{"FAIL rule Exercises ← Exercises: plan is a generated column, which the WAL does not carry → "
                             "Follow the columns that it is generated from, by a select if need be."});
}

TEST_F(FindingsTest, ARuleOnAGeneratedColumnIsToldTheSelectThatFollowsIt) {
  sql.exec("alter table plans add size int generated always as (owner * weeks) stored; alter table plans replica identity full");
  replace(yaml, "plans: {follow: {plans: {id: id}}}", "plans: {follow: {plans: [{id: id}, {owner: size}]}}");
  EXPECT_EQ(trouble(), Lines{"FAIL rule plans ← plans: size is a generated column, which the WAL does not carry → Follow what it is generated from: "
                             "{owner: \"select (owner * weeks) from unnest($owner, $weeks) plans(owner, weeks)\"}"});
  replace(yaml, "{owner: size}", "{owner: \"select (owner * weeks) from unnest($owner, $weeks) plans(owner, weeks)\"}");
  EXPECT_EQ(trouble(), Lines{});
}

TEST_F(FindingsTest, AGeneratedColumnThatAViewReadsCountsAsWhatItIsMadeOf) {
  sql.exec("alter table plans add size int generated always as (owner * weeks) stored");
  replace(mapping, "owner::bigint as owner, note", "size::bigint as owner, null as note");
  const auto preflight = inspected();
  EXPECT_EQ(preflight.model.rules.at(0).relevant_columns, (Lines{"id", "owner", "weeks"}));
  EXPECT_EQ(preflight.model.rules.at(0).generated_columns, Lines{"size"});
}

TEST_F(FindingsTest, ARuleWithColumnsThatDoNotExist) {
  replace(yaml, "plans: {plan_id: id}\n", "plans: {plan_id: ident}\n");
  EXPECT_EQ(trouble(), Lines{"FAIL rule Exercises ← plans: public.plans has no column ident → "
                             "Mend the rule in migration.yaml: it reads {view column: source column}."});
  replace(yaml, "plans: {plan_id: ident}\n", "plans: {plan: id}\n");
  EXPECT_NE(trouble().back().find("FAIL rule Exercises ← plans: the view has no column plan → Add it"), std::string::npos);
}

TEST_F(FindingsTest, ALocatorOfAnotherType) {
  replace(yaml, "plans: {plan_id: id}\n", "plans: {plan_id: owner}\n");
  EXPECT_NE(trouble().back().find("plan_id is uuid in the view, owner is integer in the source"), std::string::npos);
}

TEST_F(FindingsTest, ALocatorThatTheShadowTableLacks) {
  replace(v2, ",\n  foreign key (\"weekPlan\", \"week\") references v2.weeks (plan_id, week)", "");
  ASSERT_EQ(trouble().size(), 1U) << testing::PrintToString(trouble());
  EXPECT_TRUE(trouble()[0].starts_with("FAIL rule Exercises ← plans: the shadow table has no column plan_id, and no foreign key leads"));
  yaml += "    locate: {plan_id: \"s.\\\"weekPlan\\\" in (select w.plan_id from v2.weeks w where w.plan_id = any($keys))\"}\n";
  EXPECT_EQ(trouble(), Lines{});
  replace(yaml, "from v2.weeks", "from weeks");
  ASSERT_EQ(trouble().size(), 1U);
  EXPECT_TRUE(trouble()[0].starts_with("FAIL target Exercises: the server refuses the refresh by plan_id: relation \"weeks\" does not exist"));
}

TEST_F(FindingsTest, ALookupIsQualifiedAndItsTablesAreFollowed) {
  replace(mapping, ",\n  e.\"planId\" as plan_id", "");
  replace(yaml, "plans: {plan_id: id}\n", "plans: {id: 'select x.id from \"Exercises\" x where x.\"planId\" = any($id)'}\n");
  const auto preflight = inspected();
  EXPECT_EQ(trouble(preflight), Lines{});
  const auto& exercises = preflight.model.targets.at(2);
  ASSERT_EQ(exercises.locators.size(), 2U);
  EXPECT_NE(exercises.locators[1].lookup.find("FROM public.\"Exercises\" x"), std::string::npos) << exercises.locators[1].lookup;
  EXPECT_NE(exercises.locators[1].lookup.find("= ANY ($1::uuid[])"), std::string::npos) << exercises.locators[1].lookup;
  EXPECT_EQ(exercises.locators[1].types, Lines{"uuid"});
}

TEST_F(FindingsTest, ALookupThroughATableThatNoRuleFollows) {
  sql.exec("create table links (plan uuid primary key, exercise uuid)");
  replace(mapping, ",\n  e.\"planId\" as plan_id", "");
  replace(yaml, "plans: {plan_id: id}\n", "plans: {id: 'select exercise from links where plan = any($id)'}\n");
  EXPECT_EQ(trouble(), Lines{"FAIL target Exercises: the select of Exercises ← plans reads public.links (exercise, plan), which no rule "
                             "follows → Add to targets.Exercises.follow: links: {view column: its column}; and links to sources."});
}

TEST_F(FindingsTest, ALookupThatTheServerRefuses) {
  replace(mapping, ",\n  e.\"planId\" as plan_id", "");
  replace(yaml, "plans: {plan_id: id}\n", "plans: {id: 'select id from nowhere where plan = any($id)'}\n");
  EXPECT_EQ(trouble(), Lines{"FAIL rule Exercises ← plans: the server refuses its select: relation \"nowhere\" does not exist → "
                             "Mend the select in migration.yaml."});
}

TEST_F(FindingsTest, ALargeTableThatIsReadFromEndToEnd) {
  sql.exec("insert into \"Exercises\" (\"planId\") select gen_random_uuid() from generate_series(1, 30000); analyze \"Exercises\"");
  replace(yaml, "Exercises: {id: id}", "Exercises: [{id: id}, {plan_id: planId}]");
  EXPECT_EQ(trouble(), Lines{"warn target Exercises: a refresh by plan_id reads public.Exercises from end to end → "
                             "create index concurrently on \"public\".\"Exercises\" (\"planId\");"});
  sql.exec("create index on \"Exercises\" (\"planId\")");
  EXPECT_EQ(trouble(), Lines{});
  sql.exec("update \"Exercises\" set \"planId\" = (select id from plans limit 1); analyze \"Exercises\"");
  EXPECT_EQ(trouble(), Lines{}) << "nearly every row has the key: the server knew better than to use the index";
}

TEST_F(FindingsTest, SourcesThatAreNoLoggedTables) {
  sql.exec("alter table \"Exercises\" set unlogged");
  EXPECT_EQ(trouble(), Lines{"FAIL source public.Exercises: it is not logged: its changes are not in the WAL → "
                             "alter table \"public\".\"Exercises\" set logged;"});
  replace(yaml, "sources: {", "sources: {pg_catalog.pg_views: {key: [viewname]}, ");
  const auto lines = trouble();
  EXPECT_TRUE(std::any_of(lines.begin(), lines.end(), [](const auto& line) {
    return line.starts_with("FAIL source pg_catalog.pg_views: it is not a table");
  }));
}

TEST_F(FindingsTest, ASourceThatDoesNotExist) {
  replace(yaml, "sources: {", "sources: {nowhere: {}, ");
  ASSERT_EQ(trouble().size(), 2U);
  EXPECT_TRUE(trouble()[0].starts_with("FAIL source public.nowhere: there is no such table → Mend its name"));
}

TEST_F(FindingsTest, ARoleWithoutPrivileges) {
  sql.exec("drop role if exists crossfade_guest; create role crossfade_guest login");
  sql.exec("grant create on database " + database.name() + " to crossfade_guest");
  sql.exec("alter table plans enable row level security; grant select on plans to crossfade_guest");
  auto migration = file();
  migration.mapping_sql = "";
  const auto lines = trouble(inspected_file(migration, " user=crossfade_guest"));
  const auto found = [&](const std::string& line) { return std::find(lines.begin(), lines.end(), line) != lines.end(); };
  EXPECT_TRUE(found("FAIL server: role crossfade_guest may not read the WAL → alter role \"crossfade_guest\" replication;  -- on Amazon RDS: "
                    "grant rds_replication to \"crossfade_guest\";"));
  EXPECT_TRUE(found("FAIL source public.Exercises: role crossfade_guest may not read it → grant usage on schema \"public\" to "
                    "\"crossfade_guest\"; grant select on \"public\".\"Exercises\" to \"crossfade_guest\";"));
  EXPECT_TRUE(found("FAIL source public.plans: row-level security hides rows from role crossfade_guest → alter role \"crossfade_guest\" "
                    "bypassrls;"));
  EXPECT_TRUE(found("warn source public.plans: it belongs to postgres: the publication and the cutover need its owner → grant \"postgres\" to "
                    "\"crossfade_guest\";  -- or let its owner run what `crossfade prepare --print-sql` shows"))
      << testing::PrintToString(lines);
  sql.exec("drop owned by crossfade_guest; drop role crossfade_guest");
}

TEST(ServerFindingsTest, AServerThatIsNotSetUp) {
  ThrowawayServer::Options options;
  options.settings = {{"wal_level", "replica"}, {"max_replication_slots", "0"}, {"max_wal_senders", "0"}};
  ThrowawayServer server(std::move(options));
  test::Database database(server);
  MigrationFile migration;
  migration.yaml = read_migration_yaml("m.yaml", "migration: a\nschemas: {shadow: v2, mapping: map}\nsources: {t: {}}\n"
                                                 "targets: {t: {follow: {t: {id: id}}}}\n");
  migration.v2_sql = migration.mapping_sql = " ";
  const auto preflight = test::run(InspectTest::inspecting(database.conninfo(), migration));
  const auto lines = InspectTest::trouble(preflight);
  ASSERT_GE(lines.size(), 3U);
  EXPECT_EQ(lines[0], "FAIL server: wal_level is replica: the WAL has no row changes to follow → "
                      "alter system set wal_level = 'logical';  -- then restart the server");
  EXPECT_EQ(lines[1], "FAIL server: no replication slot is free → alter system set max_replication_slots = 20;  -- then restart the server");
  EXPECT_EQ(lines[2], "FAIL server: no WAL sender is free → alter system set max_wal_senders = 20;  -- then restart the server");
}

/// PostgreSQL itself finds no operator for them.
TEST_F(InspectTest, ADomainOverAnEnumFindsNoRow) {
  sql.exec("create type mood as enum ('a', 'b'); create domain feel as mood; create table feelings (k feel primary key, n int)");
  v2 += "create table feelings (k public.feel primary key, n int);\n";
  mapping += "create view feelings as select k, n from public.feelings;\n";
  replace(yaml, "sources: {", "sources: {feelings: {key: [k]}, ");
  yaml += "  feelings: {follow: {feelings: {k: k}}}\n";
  const auto found = trouble();
  EXPECT_TRUE(std::any_of(found.begin(), found.end(), [](const std::string& line) {
    return line.starts_with("FAIL target feelings: k is public.feel, a domain over the enum public.mood: the server has no operator that compares its values → "
                            "Key the table by the enum itself, and take k::public.mood in the view.");
  })) << testing::PrintToString(found);
  replace(v2, "k public.feel primary key", "k public.mood primary key");
  replace(mapping, "select k, n", "select k::public.mood as k, n");
  const auto by_the_enum = trouble();
  EXPECT_FALSE(std::any_of(by_the_enum.begin(), by_the_enum.end(), [](const std::string& line) { return line.starts_with("FAIL"); }))
      << testing::PrintToString(by_the_enum);
}

}  // namespace
}  // namespace crossfade::mapping
