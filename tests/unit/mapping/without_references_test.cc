#include "mapping/sql/without_references.h"

#include <gtest/gtest.h>

namespace crossfade::mapping {
namespace {

std::string without_users(std::string_view sql) {
  auto left = without_references(sql, [](const WrittenName& name) { return name.back() == "users" && (name.size() == 1 || name.front() == "public"); });
  // Blanks stand for what was there.
  std::string shown;
  for (const char sign : left) {
    if (sign != ' ' || (!shown.empty() && shown.back() != ' ')) shown += sign;
  }
  return shown;
}

TEST(ReferencesTest, OfAColumnGoWithAllThatIsSaidOfThemAndNothingElse) {
  EXPECT_EQ(without_users("create table v.a (id int primary key, u int not null constraint \"k\" references public.users (id) match full on delete set null (u) on update no action "
                          "not deferrable initially immediate not null check (u > 0), w int references v.w)"),
            "create table v.a (id int primary key, u int not null not null check (u > 0), w int references v.w)");
  EXPECT_EQ(without_users("create table v.a (u int references Users)"), "create table v.a (u int )");
  EXPECT_EQ(without_users("create table v.a (u int references \"Users\")"), "create table v.a (u int references \"Users\")");
}

TEST(ReferencesTest, OfATableGoWithTheirComma) {
  EXPECT_EQ(without_users("create table a (id int, foreign key (x, y) references users (x, y) on delete cascade, check (true))"), "create table a (id int , check (true))");
  EXPECT_EQ(without_users("create table a (constraint c foreign key (x) references users, id int)"), "create table a ( id int)");
}

TEST(ReferencesTest, ThatAreAddedGoWithTheirStatementWhereItDoesNothingElse) {
  EXPECT_EQ(without_users("create table a (id int);\nalter table only v.a add constraint c foreign key (id) references public.users (id) not valid; select 1"),
            "create table a (id int);\n ; select 1");
  EXPECT_EQ(without_users("alter table a add check (true), add foreign key (id) references users, add x int references users"), "alter table a add check (true) , add x int ");
}

TEST(ReferencesTest, InTextsCommentsAndNamesAreNone) {
  for (const char* sql : {"create table a (t text default 'references users') -- references users", "do $$ begin execute 'create table a (u int references users)'; end $$",
                          "create table a (\"references\" int)", "grant references on table v.a to users_of", "create table a (u int references"}) {
    EXPECT_EQ(without_references(sql, [](const WrittenName& name) { return name.back() == "users"; }), sql);
  }
}

}  // namespace
}  // namespace crossfade::mapping
