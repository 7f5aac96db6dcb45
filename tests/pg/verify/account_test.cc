#include "verify/account/account.h"

#include "gym.h"
#include "verify/reply.h"
#include "verify/reply_text.h"

namespace crossfade::test {
namespace {

class AccountTest : public Gym {
 protected:
  std::vector<verify::Account> account() {
    const auto connection = connect();
    auto accounts = run(io, verify::account(*connection, model));
    run(io, verify::record(*connection, model, accounts));
    return accounts;
  }
};

TEST_F(AccountTest, FindsEveryRowMappedOrRejectedWithItsReason) {
  const auto accounts = account();
  ASSERT_EQ(accounts.size(), 2U);
  EXPECT_EQ(accounts[0].total, 100U);
  EXPECT_EQ(accounts[0].mapped, 90U);
  EXPECT_EQ(accounts[0].rejected, 10U);
  EXPECT_EQ(accounts[1].rejected, 100U);
  ASSERT_EQ(accounts[1].reasons.size(), 1U);
  EXPECT_EQ(accounts[1].reasons[0].reason, "its plan has no owner");
  EXPECT_EQ(accounts[1].reasons[0].rows, 100U);
  EXPECT_EQ(accounts[1].unaccounted, 0U);
  EXPECT_EQ(sql.rows("select source, total_rows, mapped_rows, rejected_rows, unaccounted_rows from crossfade.account order by 1"),
            (std::vector<std::string>{"public.moves|1000|900|100|0", "public.plans|100|90|10|0"}));
}

TEST_F(AccountTest, NamesARowThatWentNowhere) {
  sql.exec("insert into moves values (5000, null, 'of no plan')");
  const auto accounts = account();
  EXPECT_EQ(accounts[1].unaccounted, 1U);
  const auto reply = verify::reply_of(model, accounts);
  EXPECT_EQ(reply.sources(1).unaccounted_keys(0), "id 5000");
  EXPECT_EQ(verify::exit_code(reply), ExitCode::kMismatch);
}

TEST_F(AccountTest, NamesTwentyOfMany) {
  sql.exec("drop view map.rejected_moves");
  const auto accounts = account();
  EXPECT_EQ(accounts[1].unaccounted, 100U);
  EXPECT_EQ(accounts[1].sample.size(), 20U);
}

TEST_F(AccountTest, CountsARowOnItsWayAsMapped) {
  sql.exec("insert into moves values (5000, 1, 'new');"
           "insert into crossfade.quarantine (migration, target, locator, key, sqlstate, message)"
           " values ('gym', 'moves', 'id', '{5000}', '23514', 'refused')");
  const auto accounts = account();
  EXPECT_EQ(accounts[1].mapped, 901U);
  EXPECT_EQ(accounts[1].on_the_way, 1U);
  EXPECT_EQ(accounts[1].quarantined_keys, 1U);
}

TEST_F(AccountTest, CountsARowWithTwoReasonsOnce) {
  sql.exec("create or replace view map.rejected_plans as select id, reason from plans, unnest('{no owner,too old}'::text[]) reason"
           " where owner is null");
  EXPECT_EQ(account()[0].rejected, 10U);
}

TEST_F(AccountTest, LooksForRowsByWhateverColumnsThereAreWhenNoRuleHasTheKey) {
  model.rules.erase(model.rules.begin() + 3);  // moves by their id; by their plan_id is left
  EXPECT_EQ(account()[1].mapped, 900U);
}

TEST_F(AccountTest, CountsRowsThatAreOnlyLookedUpAsMapped) {
  model.rules = {model.rules[0]};
  const auto accounts = account();
  EXPECT_TRUE(accounts[1].looked_up_only);
  EXPECT_EQ(accounts[1].mapped, 1000U);
}

TEST_F(AccountTest, SaysWhatAViewOfRejectsLacks) {
  sql.exec("drop view map.rejected_plans; create view map.rejected_plans as select id from plans");
  try {
    account();
    FAIL() << "it was taken";
  } catch (const Failure& failure) {
    EXPECT_STREQ(failure.what(), "view map.rejected_plans has no column reason");
    EXPECT_EQ(failure.exit(), ExitCode::kPrecondition);
  }
}

}  // namespace
}  // namespace crossfade::test
