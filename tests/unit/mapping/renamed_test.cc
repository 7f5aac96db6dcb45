#include "mapping/amend/renamed.h"

#include <gtest/gtest.h>

namespace crossfade::mapping {
namespace {

constexpr const char* kYaml = R"yaml(migration: people   # of persons
schemas: {shadow: people_v2, mapping: people_map, reverse: people_unmap}
sources:
  person: {key: [id]}   # id
  "tag": {key: ['id', name]}
  other.note:
    key:
      - id
targets:
  person: {follow: {person: {id: id}, other.note: {id: person_id}}}
  tag: {follow: {tag: [{id: id}, {id: name}]}}
reverse:
  person: {follow: {person: {id: id}}}
  tag: {follow: {tag: {"id, name": "select t.id, t.name from people_v2.tag t where t.id = any ($id)"}}}
)yaml";

std::optional<std::string> renamed(const std::string& text, const std::vector<Renamed>& what) {
  return with_names(text, read_migration_yaml("migration.yaml", text), what);
}

std::string with(std::string text, const std::vector<std::pair<std::string, std::string>>& edits) {
  for (const auto& [from, to] : edits) {
    const auto at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    if (at != std::string::npos) text.replace(at, from.size(), to);
  }
  return text;
}

TEST(WithNames, AColumnIsRenamedWhereItIsMeantAndNowhereElse) {
  const auto text = renamed(kYaml, {{{"public", "tag"}, {"public", "tag"}, {{"id", "number"}}}});
  ASSERT_TRUE(text);
  EXPECT_EQ(*text, with(kYaml, {{"['id', name]", "[number, name]"}, {"{tag: [{id: id}", "{tag: [{id: number}"}, {"\"id, name\": ", "'number, name': "}}));
}

TEST(WithNames, AWordThatYamlTakesForSomethingElseIsQuoted) {
  const auto text = renamed(kYaml, {{{"public", "tag"}, {"public", "tag"}, {{"id", "null"}}}, {{"public", "person"}, {"public", "~"}, {}}});
  ASSERT_TRUE(text);
  EXPECT_NE(text->find("['null', name]"), std::string::npos);
  EXPECT_EQ(read_migration_yaml("migration.yaml", *text).sources().at("tag").key(0), "null");
}

TEST(WithNames, ATableIsRenamedOnBothSides) {
  const auto text = renamed(kYaml, {{{"public", "person"}, {"public", "Human being"}, {}}});
  ASSERT_TRUE(text);
  EXPECT_EQ(*text, with(kYaml, {{"  person: {key", "  'Human being': {key"}, {"{follow: {person: {id: id}, other", "{follow: {'Human being': {id: id}, other"}, {"reverse:\n  person", "reverse:\n  'Human being'"}}));
  EXPECT_TRUE(read_migration_yaml("migration.yaml", *text).sources().contains("Human being"));
}

TEST(WithNames, ATableThatMovesIsCalledByItsSchema) {
  const auto text = renamed(kYaml, {{{"public", "person"}, {"archive", "person"}, {}}, {{"other", "note"}, {"public", "note"}, {{"person_id", "who"}}}});
  ASSERT_TRUE(text);
  EXPECT_EQ(*text, with(kYaml, {{"  person: {key", "  archive.person: {key"}, {"other.note", "public.note"}, {"{person: {id: id}, other.note: {id: person_id}}",
                                                                                                   "{archive.person: {id: id}, public.note: {id: who}}"}}));
}

TEST(WithNames, ASelectWithTheNameIsForAPerson) {
  const auto text = with(kYaml, {{"other.note: {id: person_id}", "other.note: {id: select p.id from public.person p where p.mail = any ($person_id)}"}});
  EXPECT_FALSE(renamed(text, {{{"public", "person"}, {"public", "person"}, {{"mail", "email"}}}}));
  EXPECT_TRUE(renamed(text, {{{"public", "person"}, {"public", "person"}, {{"born", "birth"}}}}));
}

TEST(WithViews, OnlyTheStatementOfTheViewIsReplaced) {
  const std::string sql = "-- one\ncreate view m.a as select x from t; -- two\nCREATE OR REPLACE VIEW b\n as select 'create view m.a;' as y from m.a;\n";
  const auto text = with_views(sql, {{"a", "create view m.a as\n SELECT z AS x FROM t"}}, {"x"});
  ASSERT_TRUE(text);
  EXPECT_EQ(*text, "-- one\ncreate view m.a as\n SELECT z AS x FROM t; -- two\nCREATE OR REPLACE VIEW b\n as select 'create view m.a;' as y from m.a;\n");
  EXPECT_EQ(with_views(sql, {}, {}), sql);
}

TEST(WithViews, WhatIsNotThereOrHasTheNameInAFunctionIsForAPerson) {
  EXPECT_FALSE(with_views("create view m.a as select 1", {{"b", "create view m.b as select 2"}}, {}));
  EXPECT_FALSE(with_views("create view a as select 1; create view m.a as select 1", {{"a", "create view m.a as select 2"}}, {}));
  const std::string with_function = "create function f() returns text language sql as $$ select mail from person $$; create view a as select f()";
  EXPECT_FALSE(with_views(with_function, {}, {"mail"}));
  EXPECT_TRUE(with_views(with_function, {}, {"email"}));
}

TEST(Widens, OnlyWhatHasEveryValueOfBefore) {
  for (const auto& [from, to] : std::vector<std::pair<std::string, std::string>>{{"integer", "bigint"}, {"smallint", "numeric"}, {"character varying(40)", "character varying(80)"},
                                                                                 {"character varying(40)", "text"}, {"character varying(40)", "character varying"},
                                                                                 {"numeric(10,2)", "numeric(12,2)"}, {"numeric(10,2)", "numeric"}, {"real", "double precision"},
                                                                                 {"timestamp(3) with time zone", "timestamp(6) with time zone"}}) {
    EXPECT_TRUE(widens(from, to)) << from << " → " << to;
    EXPECT_FALSE(widens(to, from)) << to << " → " << from;
  }
  for (const auto& [from, to] : std::vector<std::pair<std::string, std::string>>{{"numeric(10,2)", "numeric(10,4)"}, {"character(4)", "character(8)"}, {"integer", "numeric(4,2)"},
                                                                                 {"text", "integer"}, {"bigint", "text"}, {"date", "timestamp without time zone"}}) {
    EXPECT_FALSE(widens(from, to)) << from << " → " << to;
  }
}

TEST(TakesAllTest, WhereViewsReadAllAndTablesAreLikeAnother) {
  const std::string like = "create table v2.t (like public.t including all, more int)";
  EXPECT_TRUE(takes_all("create view m.t as select * from public.t", like));
  EXPECT_TRUE(takes_all("create view m.t as select 1 as one, t.* from public.t", like));
  EXPECT_FALSE(takes_all("create view m.t as select count(*), a * b as c from public.t", like));
  EXPECT_FALSE(takes_all("create view m.t as select a /* , * */ from public.t", like));
  EXPECT_FALSE(takes_all("create view m.t as select * from public.t", "create table v2.t (a text check (a like 'b'))"));
}

}  // namespace
}  // namespace crossfade::mapping
