#include <fmt/format.h>

#include <fstream>

#include "amend_fixture.h"

namespace crossfade::test {
namespace {

/// A line of v2.sql that comes, and what is said of it.
struct Property {
  const char* line;
  const char* said;
  bool amended = false;  ///< else it is named, and refused
};

/// Nothing that v2.sql can say of what stands there is passed over without a word.
class AmendPropertiesTest : public AmendTest {
 protected:
  AmendPropertiesTest() {
    append("create table gym_v2.notes (id int primary key);\ncreate function gym_v2.f() returns trigger language plpgsql as 'begin return new; end';\ncreate trigger t before insert on gym_v2.notes for each row execute function gym_v2.f();\n"
           "create rule r as on update to gym_v2.notes where false do instead nothing;\ncreate view gym_v2.of_weeks as select * from gym_v2.weeks;\ncreate sequence gym_v2.numbers;\n"
           "create type gym_v2.mood as enum ('good');\ncreate statistics gym_v2.together on id, owner from gym_v2.plans;\ncreate policy mine on gym_v2.plans for select using (true);\n"
           "create collation gym_v2.local (provider = icu, locale = 'en');\ncreate text search configuration gym_v2.words (copy = english);\n");
  }
  void append(const std::string& text) { std::ofstream(folder / "v2.sql", std::ios::app) << text << "\n"; }
};

TEST_F(AmendPropertiesTest, EachIsAmendedOrNamed) {
  move->sql().exec("do $$ begin create role gym_other; exception when duplicate_object then end $$; create foreign data wrapper elsewhere; create server elsewhere foreign data wrapper elsewhere");
  follow();
  for (const auto& property : {Property{"alter table gym_v2.plans cluster on plans_pkey;", "clustering of gym_v2.plans is not there"},
                               Property{"alter table gym_v2.notes set unlogged;", "storage of gym_v2.notes is not there"},
                               Property{"alter table gym_v2.plans replica identity full;", "replica identity of gym_v2.plans comes", true},
                               Property{"alter table gym_v2.plans set (fillfactor = 70, toast.autovacuum_enabled = off);", "storage parameter toast.autovacuum_enabled of gym_v2.plans comes", true},
                               Property{"alter index gym_v2.plans_pkey set (fillfactor = 70);", "storage parameter fillfactor of gym_v2.plans_pkey is not there"},
                               Property{"alter table gym_v2.plans alter owner set statistics 500;", "storage and statistics of column gym_v2.plans.owner is not there"},
                               Property{"alter table gym_v2.plans alter owner set storage external;", "storage and statistics of column gym_v2.plans.owner is not there"},
                               Property{"alter table gym_v2.plans alter owner set compression pglz;", "storage and statistics of column gym_v2.plans.owner is not there"},
                               Property{"alter table gym_v2.plans alter owner type text collate \"C\";", "column plans.owner is text collate \"C\" instead of text of its own collation", true},
                               Property{"alter statistics gym_v2.together set statistics 500;", "statistics gym_v2.together is another one", true},
                               Property{"alter table gym_v2.notes disable trigger t;", "firing of trigger t on gym_v2.notes is not there"},
                               Property{"alter table gym_v2.notes disable rule r;", "firing of rule r on gym_v2.notes is not there"},
                               Property{"alter view gym_v2.of_weeks set (security_barrier = true);", "view gym_v2.of_weeks is another one"},
                               Property{"comment on function gym_v2.f() is 'f';", "comment on function gym_v2.f() comes", true},
                               Property{"comment on policy mine on gym_v2.plans is 'p';", "comment on policy mine on gym_v2.plans comes", true},
                               Property{"comment on trigger t on gym_v2.notes is 't';", "comment on trigger t on gym_v2.notes comes", true},
                               Property{"comment on rule r on gym_v2.notes is 'r';", "comment on rule r on gym_v2.notes comes", true},
                               Property{"comment on statistics gym_v2.together is 's';", "comment on statistics gym_v2.together comes", true},
                               Property{"comment on schema gym_v2 is 'v2';", "comment on schema gym_v2 comes", true},
                               Property{"comment on view gym_v2.of_weeks is 'v';", "comment on view gym_v2.of_weeks comes", true},
                               Property{"grant select on gym_v2.of_weeks to gym_other;", "grant SELECT on table gym_v2.of_weeks to gym_other", true},
                               Property{"alter table gym_v2.weeks owner to gym_other;", "owner of gym_v2.weeks comes", true},
                               Property{"alter view gym_v2.of_weeks owner to gym_other;", "owner of view gym_v2.of_weeks is not there"},
                               Property{"alter sequence gym_v2.numbers owner to gym_other;", "owner of sequence gym_v2.numbers is not there"},
                               Property{"alter type gym_v2.mood owner to gym_other;", "owner of type gym_v2.mood is not there"},
                               Property{"revoke usage on type gym_v2.mood from public;", "privileges of type gym_v2.mood is not there"},
                               Property{"alter default privileges in schema gym_v2 grant select on tables to gym_other;", "default privileges of postgres in schema gym_v2 for tables is not there"},
                               Property{"create collation gym_v2.german (locale = 'C');", "collation gym_v2.german is not there"},
                               Property{"insert into gym_v2.notes values (1);", "rows of gym_v2.notes is not there"},
                               Property{"drop collation gym_v2.local; create collation gym_v2.local (provider = icu, locale = 'de');", "collation gym_v2.local is another one"},
                               Property{"alter text search configuration gym_v2.words alter mapping for word with simple;", "text search configuration gym_v2.words is another one"},
                               Property{"create rule v as on insert to gym_v2.of_weeks do instead nothing;", "rule v on gym_v2.of_weeks is not there"},
                               Property{"grant insert on gym_v2.plans to gym_other with grant option;", "grant INSERT on table gym_v2.plans to gym_other with grant option", true},
                               Property{"create foreign table gym_v2.far (id int) server elsewhere;", "foreign table gym_v2.far is not there"}}) {
    const auto before = text_of("v2.sql");
    append(property.line);
    const auto told = amend({}, property.amended ? ExitCode::kOk : ExitCode::kPrecondition);
    EXPECT_TRUE(names(told, property.said)) << property.line << "\n"
                                            << told;
    if (!property.amended) std::ofstream(folder / "v2.sql") << before;
  }
  expect_made_good();
  // Once it is said the database has it, and what is not said any more goes.
  edit("v2.sql", "comment on policy mine on gym_v2.plans is 'p';", "");
  EXPECT_TRUE(names(amend(), "comment on policy mine on gym_v2.plans goes"));
  EXPECT_TRUE(names(amend(), "there is nothing to amend"));
}

/// As it was said from the first on it is what a person says it is later.
TEST_F(AmendPropertiesTest, WhatWasSaidFromTheFirstOnIsNothingNew) {
  append("alter table gym_v2.notes disable trigger t;\nalter table gym_v2.plans cluster on plans_pkey;\nalter index gym_v2.plans_pkey set (fillfactor = 70);\ncomment on schema gym_v2 is 'v2';");
  follow();
  edit("v2.sql", "owner text not null\n", "owner text not null,\n  note text\n");
  edit("mapping.sql", "select id, owner from", "select id, owner, 'n'::text as note from");
  amend();
  expect_made_good();
}

/// As psql has it: what stands before a file, and how its lines end, is the editor's.
TEST_F(AmendPropertiesTest, AByteOrderMarkAndOtherLineEndsAreNothing) {
  follow();
  for (const auto* file : {"migration.yaml", "v2.sql", "mapping.sql", "reverse.sql"}) {
    std::string written = "\xEF\xBB\xBF";
    for (const char c : text_of(file)) written += c == '\n' ? std::string("\r\n") : std::string(1, c);
    std::ofstream(folder / file, std::ios::binary) << written;
  }
  EXPECT_TRUE(names(amend(), "there is nothing to amend"));
  amend({"--ddl", ddl("\xEF\xBB\xBF"
                      "alter table plans add column note text;\r\n")
                      .string()});
  EXPECT_EQ(value("select count(*) from pg_attribute where attrelid = 'plans'::regclass and attname = 'note'"), "1");
  expect_made_good();
}

}  // namespace
}  // namespace crossfade::test
