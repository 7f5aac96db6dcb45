#include "pg/cutover/inventory.h"

namespace crossfade::test {
namespace {

/// Who knows v2's tables, or what stands beside them, by the schema that they leave.
TEST_F(InventoryTest, WhoPublishesV2sTablesIsInTheWay) {
  auto& sql = move.sql();
  const bool by_schema = std::stoi(sql.value("show server_version_num")) >= 150000;
  sql.exec("create publication analytics for table gym_v2.plans");
  if (by_schema) sql.exec("create publication of_schema for tables in schema gym_v2");
  const auto text = refused("cutover");
  EXPECT_NE(text.find("publication analytics (publishes it: gym_v2.plans) goes on under its new name, which its subscribers take for another table"), std::string::npos) << text;
  EXPECT_NE(text.find("let its subscribers take it by the new name after the move"), std::string::npos) << text;
  if (by_schema) {
    EXPECT_NE(text.find("publication of_schema (publishes it with all others of its schema: gym_v2.exercises, gym_v2.plans, gym_v2.weeks) publishes none of them any more: they leave the schema"), std::string::npos) << text;
    EXPECT_NE(text.find("alter publication of_schema add table gym_v2.exercises, gym_v2.plans, gym_v2.weeks"), std::string::npos) << text;
  }
  say("publication: keep");
  expect_done(flip("cutover"));
  const auto back = move.call({"rollback", "writes", "--dry-run"}).second;
  EXPECT_NE(back.find("publication analytics, publishes it: public.plans"), std::string::npos) << back;
  sql.exec("drop publication analytics; drop publication if exists of_schema");
}

/// As the rows that an enum's labels become.
TEST_F(InventoryTest, ATableThatTargetsReferToAndThatStaysBehindIsWarnedOf) {
  auto& sql = move.sql();
  sql.exec("create table gym_v2.moods (id int primary key); create table gym_v2.others (id int primary key); alter table gym_v2.plans add mood int references gym_v2.moods");
  const auto text = move.call({"plan"}).second;
  EXPECT_NE(text.find("stays in schema gym_v2; complete leaves it, and targets refer to it"), std::string::npos) << text;
  EXPECT_NE(text.find("alter table gym_v2.moods set schema public"), std::string::npos) << text;
  EXPECT_EQ(text.find("alter table gym_v2.others"), std::string::npos) << text;
}

TEST_F(InventoryTest, FunctionsThatNameWhatLeavesTheShadowSchemaAreInTheWay) {
  auto& sql = move.sql();
  sql.exec("create type gym_v2.mood as enum ('good'); create sequence gym_v2.numbers; set check_function_bodies = off;"
           "create function feels() returns text language plpgsql as $$ begin return 'good'::gym_v2.mood; end $$;"
           "create function draws() returns bigint language plpgsql as $$ begin return nextval('gym_v2.numbers'); end $$;"
           "create function by_path() returns bigint language plpgsql set search_path = gym_v2, pg_temp as $$ begin return (select count(*) from weeks) + (select count(*) from plans); end $$;"
           "create function by_either() returns bigint language plpgsql set search_path = gym_v2, public as $$ begin return (select count(*) from plans); end $$;"
           "create function by_type() returns int language plpgsql as $$ declare p plans; n int; begin return n; end $$;"
           "create function by_cast() returns text language plpgsql as $$ begin return (null::plans)::text; end $$;"
           "create function unrelated() returns int language plpgsql as $$ declare plans int := 1; begin return plans; end $$");
  const auto text = refused("cutover");
  for (const auto* each : {"function public.feels() (its text names type gym_v2.mood) finds no type any more: it has left the schema",
                           "function public.draws() (its text names sequence gym_v2.numbers) finds no sequence any more: it has left the schema",
                           "function public.by_path() (its text names gym_v2.plans, gym_v2.weeks) finds no table any more: it has left the schema",
                           "function public.by_type() (its text names public.plans) meets another table by that name", "function public.by_cast() (its text names public.plans) meets another table by that name"}) {
    EXPECT_NE(text.find(each), std::string::npos) << each << " in " << text;
  }
  EXPECT_EQ(text.find("by_either"), std::string::npos) << "it finds v2's table before and after: " << text;
  EXPECT_EQ(text.find("unrelated"), std::string::npos) << text;
}

TEST_F(InventoryTest, AnExtensionInTheShadowSchemaIsInTheWay) {
  auto& sql = move.sql();
  sql.exec("create extension citext schema gym_v2");
  const auto text = refused("cutover");
  EXPECT_NE(text.find("extension citext (is installed in the shadow schema) stays in schema gym_v2: whoever has that not in search_path finds none of its operators and functions"), std::string::npos) << text;
  EXPECT_NE(text.find("alter extension citext set schema public"), std::string::npos) << text;
  EXPECT_EQ(text.find("function gym_v2"), std::string::npos) << "its functions are not named one by one: " << text;
  say("extension: keep");
  expect_done(flip("cutover"));
}

}  // namespace
}  // namespace crossfade::test
