#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "inspect_fixture.h"

namespace crossfade::mapping {
namespace {

/// What the rows of v1 alone do not settle is said: an order in which rows may be alike, a search path.
class SettledTest : public InspectTest {
 protected:
  SettledTest() {
    replace(v2, "owner bigint not null, note text);", "owner bigint not null, note text, pick text);");
  }
  /// The pick of a plan, over plans p and exercises e.
  void pick(const std::string& expression) {
    replace(mapping, "owner::bigint as owner, note from public.plans", "owner::bigint as owner, note, " + expression + " as pick from public.plans p");
    replace(yaml, "  plans: {follow: {plans: {id: id}}}", "  plans: {follow: {plans: {id: id}, Exercises: {id: planId}}}");
  }
  /// What is said to be in an order with ties.
  Lines ties() {
    const std::string begins = "warn target plans: the view uses ";
    const std::string ends = " in an order in which rows may tie";
    Lines found;
    for (const auto& line : trouble()) {
      const auto end = line.find(ends);
      if (line.starts_with(begins) && end != std::string::npos) found.push_back(line.substr(begins.size(), end - begins.size()));
    }
    return found;
  }
};

struct Pick {
  const char* name;
  const char* expression;
  const char* tie;  ///< "": it is settled
};

class OrderTest : public SettledTest, public testing::WithParamInterface<Pick> {};

TEST_P(OrderTest, IsSaidIfRowsMayTie) {
  pick(GetParam().expression);
  const std::string tie = GetParam().tie;
  EXPECT_EQ(ties(), tie.empty() ? Lines{} : Lines{tie});
}

INSTANTIATE_TEST_SUITE_P(
    Of, OrderTest,
    testing::Values(
        Pick{"Limit", "(select e.name from public.\"Exercises\" e where e.\"planId\" = p.id order by e.load desc limit 1)", "a limit"},
        Pick{"LimitByKey", "(select e.name from public.\"Exercises\" e where e.\"planId\" = p.id order by e.load desc, e.id limit 1)", ""},
        Pick{"LimitOfOneValue", "(select e.name from public.\"Exercises\" e where e.\"planId\" = p.id order by e.name limit 1)", ""},
        Pick{"LimitOfGroups", "(select e.name from public.\"Exercises\" e where e.\"planId\" = p.id group by e.name order by e.name, count(*) limit 1)", ""},
        Pick{"DistinctOn", "(select min(l.name) from (select distinct on (e.load) e.load, e.name from public.\"Exercises\" e where e.\"planId\" = p.id order by e.load, e.\"planId\") l)",
             "distinct on"},
        Pick{"DistinctOnByKey", "(select min(l.name) from (select distinct on (e.load) e.load, e.name from public.\"Exercises\" e where e.\"planId\" = p.id order by e.load, e.id) l)", ""},
        Pick{"DistinctOnBesideAnother",
             "(select min(l.name) from (select distinct on (q.id) q.id, e.name from public.plans q join public.\"Exercises\" e on e.\"planId\" = q.id order by q.id, e.load) l)",
             "distinct on"},
        Pick{"RowNumber", "(select min(l.name) from (select e.name, row_number() over (partition by e.\"planId\" order by e.load) as place from public.\"Exercises\" e) l where place = 1)",
             "row_number()"},
        Pick{"RowNumberByKey",
             "(select min(l.name) from (select e.name, row_number() over (partition by e.\"planId\" order by e.load, e.id) as place from public.\"Exercises\" e) l where place = 1)", ""},
        Pick{"RowNumberThroughAQuery",
             "(select min(l.name) from (select f.name, row_number() over (order by f.load, f.id) as place from (select e.id, e.name, e.load from public.\"Exercises\" e) f) l where place = 1)", ""},
        Pick{"Rank", "(select min(l.name) from (select e.name, rank() over (order by e.load) as place from public.\"Exercises\" e) l where place = 1)", ""},
        Pick{"FirstValue", "(select min(l.first) from (select first_value(e.name) over (order by e.load) as first from public.\"Exercises\" e) l)", "first_value(anyelement)"},
        Pick{"Array", "(array(select e.name::text from public.\"Exercises\" e where e.\"planId\" = p.id))[1]", "array(select …)"},
        Pick{"ArrayOfItsOrder", "(array(select e.name::text from public.\"Exercises\" e where e.\"planId\" = p.id order by e.name::text))[1]", ""},
        Pick{"ArrayOfNoTable", "(array(select unnest(string_to_array(p.note, ','))))[1]", ""},
        Pick{"Aggregate", "(select string_agg(e.name, ',' order by e.load) from public.\"Exercises\" e where e.\"planId\" = p.id)", "string_agg(text,text)"},
        Pick{"AggregateByKey", "(select string_agg(e.name, ',' order by e.load, e.id) from public.\"Exercises\" e where e.\"planId\" = p.id)", ""}),
    [](const auto& of) { return std::string(of.param.name); });

/// Of a table with a key of two columns.
class PartOfAKeyTest : public SettledTest, public testing::WithParamInterface<Pick> {};

TEST_P(PartOfAKeyTest, SettlesWhereTheRestIsTheSameInAllRows) {
  sql.exec("create table steps (plan_id uuid not null, n int not null, kind text, primary key (plan_id, n))");
  pick(GetParam().expression);
  const std::string tie = GetParam().tie;
  EXPECT_EQ(ties(), tie.empty() ? Lines{} : Lines{tie});
}

INSTANTIATE_TEST_SUITE_P(
    Of, PartOfAKeyTest,
    testing::Values(
        Pick{"Correlated", "(select string_agg(s.kind, ',' order by s.n) from public.steps s where s.plan_id = p.id)", ""},
        Pick{"CorrelatedByARow", "(select string_agg(s.kind, ',' order by s.n) from public.steps s where (s.plan_id, s.kind) = (p.id, p.note))", ""},
        Pick{"Grouped", "(select l.kinds from (select s.plan_id, string_agg(s.kind, ',' order by s.n) as kinds from public.steps s group by 1) l where l.plan_id = p.id)", ""},
        Pick{"Limited", "(select s.kind from public.steps s where p.id = s.plan_id order by s.n desc limit 1)", ""},
        Pick{"Joined",
             "(select l.kinds from (select q.id, string_agg(s.kind, ',' order by s.n) as kinds from public.plans q join public.steps s on s.plan_id = q.id group by q.id) l where l.id = p.id)",
             ""},
        Pick{"OfAll", "(select string_agg(s.kind, ',' order by s.n) from public.steps s)", "string_agg(text,text)"},
        Pick{"NotEqual", "(select string_agg(s.kind, ',' order by s.n) from public.steps s where s.plan_id >= p.id)", "string_agg(text,text)"},
        Pick{"EitherOr", "(select string_agg(s.kind, ',' order by s.n) from public.steps s where s.plan_id = p.id or s.kind = 'x')", "string_agg(text,text)"},
        Pick{"EqualToARow", "(select string_agg(s.kind, ',' order by s.n) from public.steps s where s.n = length(s.kind))", "string_agg(text,text)"},
        Pick{"GroupedByAnother",
             "(select l.kinds from (select s.kind, string_agg(s.kind, ',' order by s.n) as kinds from public.steps s group by 1) l where l.kind = p.note)",
             "string_agg(text,text)"}),
    [](const auto& of) { return std::string(of.param.name); });

/// What differs by a setting of the session is named with it.
class SettingsTest : public SettledTest {
 protected:
  SettingsTest() {
    sql.exec("alter table plans add at timestamptz, add day date, add price money, add span interval, add raw bytea");
    sql.exec("do $$ begin execute format('alter database %I set timezone = %L', current_database(), 'Europe/Berlin'); end $$");
  }
  Lines notes() {
    Lines found;
    for (const auto& finding : inspected().findings) {
      const auto at = finding.message.find(" in this database and where crossfade reads");
      if (at != std::string::npos) found.push_back(finding.message.substr(0, at));
    }
    return found;
  }
};

struct BySetting {
  const char* name;
  const char* expression;
  std::string setting;  ///< "": none
};

class OfAColumnTest : public SettingsTest, public testing::WithParamInterface<BySetting> {};

TEST_P(OfAColumnTest, IsNamedWithTheColumn) {
  const std::string begins = "the values of pick depend on ";
  pick(GetParam().expression);
  Lines settings;
  for (const auto& note : notes()) {
    if (note.starts_with(begins)) settings.push_back(note.substr(begins.size(), note.find(',') - begins.size()));
  }
  EXPECT_EQ(settings, GetParam().setting.empty() ? Lines{} : Lines{GetParam().setting});
}

INSTANTIATE_TEST_SUITE_P(
    Of, OfAColumnTest,
    testing::Values(BySetting{"Day", "(p.at::date + 1 - date '2024-01-01')::text", "TimeZone"}, BySetting{"Hour", "extract(hour from p.at)::text", "TimeZone"},
                    BySetting{"Trunc", "(date_trunc('day', p.at) = p.at)::text", "TimeZone"}, BySetting{"OfADate", "p.day::text", "DateStyle"},
                    BySetting{"Concat", "concat(p.day, p.note)", "DateStyle"}, BySetting{"Json", "to_jsonb(p.at)::text", "TimeZone"},
                    BySetting{"Span", "p.span::text", "IntervalStyle"}, BySetting{"Money", "p.price::numeric::text", "lc_monetary"},
                    BySetting{"Bytes", "p.raw::text", "bytea_output"}, BySetting{"Words", "to_tsvector(p.note)::text", "default_text_search_config"},
                    BySetting{"Number", "to_char(p.owner, 'FM9D9')", "lc_numeric"},
                    BySetting{"Through", "(select max(i.d) from (select q.day::text as d from public.plans q) i)", "DateStyle"},
                    BySetting{"OfAConfiguration", "to_tsvector('simple', p.note)::text", ""}, BySetting{"OfUtc", "((p.at at time zone 'UTC') > '2024-01-01')::text", ""},
                    BySetting{"Plain", "upper(p.note) || p.owner::text", ""}),
    [](const auto& of) { return std::string(of.param.name); });

TEST_F(SettingsTest, WhichRowsThereAre) {
  replace(mapping, "note from public.plans;", "note from public.plans where at::date > '2024-01-01';");
  EXPECT_EQ(notes(), Lines{"which rows there are depend on TimeZone, which is Europe/Berlin"});
}

TEST_F(SettledTest, AnAggregateOfTheirOwn) {
  sql.exec("create function keep_first(text, text) returns text language sql immutable as 'select $1'; create aggregate first(text) (sfunc = keep_first, stype = text)");
  pick("(select public.first(e.name::text) from public.\"Exercises\" e where e.\"planId\" = p.id)");
  EXPECT_EQ(trouble(), Lines{"warn target plans: the view uses public.first(text), which has no order: the same rows may give another result each time → "
                             "Write the order: array_agg(x order by key), limit 1 behind order by; one in which no two rows are alike."});
}

TEST_F(SettledTest, AFunctionThatFindsNamesByTheSearchPath) {
  sql.exec("create extension citext; create function clean(t text) returns text language sql immutable as $$ select replace(t, ' ', '') $$;"
           "create function norm(t text) returns text language plpgsql immutable as $$ begin return lower(clean(t)); end $$;"
           "create function same(a citext, b citext) returns boolean language sql immutable as $$ select a = b $$;"
           "create function qualified(t text) returns text language sql immutable as $$ select public.clean(t) || 'norm(x)' $$;"
           "create function pinned(t text) returns text language sql immutable set search_path = public as $$ select clean(t) $$");
  pick("public.norm(note) || public.same(note::public.citext, 'x'::public.citext)::text || public.qualified(note) || public.pinned(note)");
  const auto found = trouble();
  const auto says = [&](const std::string& text) { return std::any_of(found.begin(), found.end(), [&](const std::string& line) { return line.starts_with(text); }); };
  EXPECT_TRUE(says("warn target plans: public.norm(text) may find clean by the search_path, which is empty where crossfade evaluates it: it fails there, or means something "
                   "else → alter function public.norm(text) set search_path = \"$user\", public;"))
      << testing::PrintToString(found);
  EXPECT_TRUE(says("warn target plans: public.same(public.citext,public.citext) may find operator = by the search_path")) << testing::PrintToString(found);
  EXPECT_FALSE(says("warn target plans: public.qualified")) << testing::PrintToString(found);
  EXPECT_FALSE(says("warn target plans: public.pinned")) << testing::PrintToString(found);
}

TEST_F(SettledTest, AFunctionThatCertainlyDoesNotFindThem) {
  sql.exec("create function clean(t text) returns text language sql immutable as $$ select replace(t, ' ', '') $$;"
           "create function norm(t text) returns text language sql immutable as $$ select lower(clean(t)) $$;"
           "create function pinned(t text) returns text language sql immutable set search_path = public as $$ select norm(t) $$");
  pick("public.pinned(note)");
  const auto may = trouble();
  EXPECT_FALSE(std::any_of(may.begin(), may.end(), [](const std::string& line) { return line.starts_with("FAIL"); })) << testing::PrintToString(may);
  replace(mapping, "public.pinned(note)", "public.norm(note)");
  const auto found = trouble();
  const std::string says = "FAIL target plans: public.norm(text) does not find what it names, as the search_path is empty where crossfade evaluates it: "
                           "function clean(text) does not exist → alter function public.norm(text) set search_path = \"$user\", public;";
  EXPECT_TRUE(std::any_of(found.begin(), found.end(), [&](const std::string& line) { return line.starts_with(says); })) << testing::PrintToString(found);
}

TEST_F(SettledTest, DatesAsText) {
  sql.exec("alter table plans add day date; do $$ begin execute format('alter database %I set datestyle = ''German, DMY''', current_database()); end $$");
  pick("day || ' ' || coalesce(note, '')");
  EXPECT_EQ(trouble(), Lines{"warn target plans: the view makes text of dates, and DateStyle is German, DMY here: crossfade prints them as ISO, whatever it is → "
                             "Write the format: to_char(day, 'DD.MM.YYYY')."});
}

/// Whatever a view reads beside its rows' columns.
struct Beside {
  const char* name;
  const char* expression;
  const char* says;  ///< "": nothing
};

class BesideRowsTest : public SettledTest, public testing::WithParamInterface<Beside> {};

TEST_P(BesideRowsTest, IsNamed) {
  pick(GetParam().expression);
  const auto found = trouble();
  const std::string says = GetParam().says;
  const auto said = std::any_of(found.begin(), found.end(), [&](const std::string& line) { return line.starts_with(says.empty() ? "warn target plans: the view" : says); });
  EXPECT_EQ(said, !says.empty()) << testing::PrintToString(found);
}

INSTANTIATE_TEST_SUITE_P(
    In, BesideRowsTest,
    testing::Values(
        Beside{"Place", "p.ctid::text", "FAIL target plans: the view goes by ctid, where a row lies or who has locked it: that changes where no row does"},
        Beside{"Lock", "(select max(e.xmax::text) from public.\"Exercises\" e where e.\"planId\" = p.id)", "FAIL target plans: the view goes by xmax, where a row lies"},
        Beside{"Sample", "(select max(e.name) from public.\"Exercises\" e tablesample bernoulli (50) repeatable (3) where e.\"planId\" = p.id)",
             "FAIL target plans: the view goes by tablesample, where a row lies"},
        Beside{"Setting", "current_setting('application_name')",
             "warn target plans: the view uses current_setting(text): that is the session's, and crossfade's has what the database and our role have"},
        Beside{"Catalog", "(select relname::text from pg_catalog.pg_class where oid = 'public.plans'::regclass)",
             "warn target plans: the view reads pg_class, of which the WAL does not tell: what changes there is not followed"},
        Beside{"CatalogView", "(select max(tablename::text) from pg_catalog.pg_tables)", "warn target plans: the view reads pg_tables, of which the WAL does not tell"},
        Beside{"Name", "p.tableoid::regclass::text",
             "warn target plans: the view makes text of regclass: crossfade prints such a name with its schema, as its search_path is empty"},
        Beside{"Table", "case p.tableoid when 'public.plans'::regclass then 'plans' end", ""}, Beside{"Type", "pg_typeof(p.id)::text", "warn target plans: the view makes text of regtype"}),
    [](const auto& of) { return std::string(of.param.name); });

TEST_F(SettledTest, AFunctionByWhichTheTableChecksItsRows) {
  sql.exec("create function clean(t text) returns text language sql immutable as $$ select replace(t, ' ', '') $$;"
           "create function norm(t text) returns boolean language plpgsql immutable as $$ begin return clean(t) <> ''; end $$");
  replace(v2, "note text, pick text);", "note text check (public.norm(note)), pick text);");
  pick("note");
  const auto found = trouble();
  EXPECT_TRUE(std::any_of(found.begin(), found.end(), [](const std::string& line) { return line.starts_with("warn target plans: public.norm(text) may find clean"); }))
      << testing::PrintToString(found);
}

}  // namespace
}  // namespace crossfade::mapping
