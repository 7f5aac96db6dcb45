#include "pg/cutover/inventory.h"

namespace crossfade::test {
namespace {

/// What reads or writes v1's tables beside applications, and knows them by what they are.
class FedTest : public InventoryTest {
 protected:
  std::string dry_run(int expected) {
    const auto [exit, text] = move.call({"cutover", "writes", "--dry-run"});
    EXPECT_EQ(exit, expected) << text;
    return text;
  }
};

TEST_F(FedTest, ATableThatASubscriptionFeedsIsNamedUntilItFeedsItNoMore) {
  auto& sql = move.sql();
  Database upstream(move.server());
  Sql there(upstream.conninfo());
  there.exec("create table plans (id int primary key, owner text, duration int); create table weeks (id int); create table elsewhere (id int);"
             "create schema gym_v2; create table gym_v2.weeks (plan_id int, number int, primary key (plan_id, number));"
             "create publication plans_of_erp for table plans; create publication weeks_of_erp for table gym_v2.weeks; create publication others_of_erp for table elsewhere");
  const auto subscribe = [&](const std::string& name) {
    sql.exec(fmt::format("create subscription {0} connection $${1}$$ publication {0} with (create_slot = false, slot_name = '{0}', copy_data = false, enabled = false)", name, upstream.conninfo()));
  };
  sql.exec("create table elsewhere (id int)");
  subscribe("plans_of_erp");
  subscribe("weeks_of_erp");
  subscribe("others_of_erp");
  const auto text = dry_run(5);
  for (const auto* each : {"subscription plans_of_erp (feeds public.plans) loses what comes for it without a word: another table has the name, which it does not feed",
                           "alter subscription plans_of_erp refresh publication", "subscription weeks_of_erp (feeds gym_v2.weeks) finds no table by that name any more: it has left the schema"}) {
    EXPECT_NE(text.find(each), std::string::npos) << each << " in " << text;
  }
  EXPECT_EQ(text.find("others_of_erp"), std::string::npos) << text;
  const auto [exit, plan] = move.call({"plan"});
  EXPECT_EQ(exit, 0) << plan;
  EXPECT_NE(plan.find("subscription plans_of_erp"), std::string::npos) << plan;
  // What the subscription names has no slot there, so it is not asked for one.
  for (const auto* name : {"plans_of_erp", "weeks_of_erp", "others_of_erp"}) sql.exec(fmt::format("alter subscription {0} set (slot_name = none); drop subscription {0}", name));
  EXPECT_EQ(dry_run(0).find("subscription"), std::string::npos);
}

TEST_F(FedTest, AnOrdinaryRoleSeesWhoFeedsATable) {
  auto& sql = move.sql();
  with_roles({"gym_looker"});
  EXPECT_EQ(sql.value("select has_table_privilege('gym_looker', 'pg_subscription_rel', 'select') and has_table_privilege('gym_looker', 'pg_stat_subscription', 'select')"), "t");
}

TEST_F(FedTest, ATableThatShowsTheOldOneIsNamedAndLosesNoRowsToTheEnd) {
  auto& sql = move.sql();
  sql.exec("create table base (owner text not null); alter table plans inherit base; insert into base values ('mine');"
           "create function of_base() returns bigint language sql as 'select count(*) from base'");
  const auto text = dry_run(5);
  EXPECT_NE(text.find("inheritance of public.plans from public.base (its rows are shown there) public.base goes on showing the old table, which is kept true until complete; what is written through it goes there, past the fence"), std::string::npos) << text;
  EXPECT_NE(text.find("alter table public.plans no inherit public.base;  -- and after the move: alter table public.plans inherit public.base"), std::string::npos) << text;
  const auto [exit, plan] = move.call({"plan"});
  EXPECT_EQ(exit, 0) << plan;
  EXPECT_NE(plan.find("inheritance of public.plans from public.base"), std::string::npos) << plan;
  say("inheritance: keep");
  expect_done(flip("cutover"));
  sql.exec("insert into plans values (700, 'new')");
  expect_v1_follows(move);
  EXPECT_EQ(sql.value("select of_base()"), "102");
  const auto [refused, why] = move.call({"complete", "--drop-v1", "--confirm", "gym"});
  EXPECT_EQ(refused, 3) << why;
  EXPECT_NE(why.find("public.base shows the rows of the old table public.plans_v1, which would go with it"), std::string::npos) << why;
  EXPECT_NE(why.find("alter table public.plans_v1 no inherit public.base"), std::string::npos) << why;
  EXPECT_EQ(sql.value("select of_base()"), "102");
  const auto [done, says] = move.call({"complete", "--confirm", "gym"});
  EXPECT_EQ(done, 0) << says;
  EXPECT_NE(says.find("public.base shows the rows of the old table public.plans_v1, which nothing changes any more: alter table public.plans_v1 no inherit public.base"), std::string::npos) << says;
}

TEST_F(FedTest, OneThatShowsV2sTableTooIsToldAlone) {
  move.sql().exec("create table base (owner text not null); alter table plans inherit base; alter table gym_v2.plans inherit base");
  const auto text = dry_run(0);
  EXPECT_NE(text.find("inheritance of public.plans from public.base, its rows are shown there · to know · in the flip: public.base shows the rows of both tables"), std::string::npos) << text;
}

}  // namespace
}  // namespace crossfade::test
