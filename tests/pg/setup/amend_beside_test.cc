#include <fmt/format.h>

#include "amend_fixture.h"

namespace crossfade::test {
namespace {

/// What one target takes is not taken of the others: they go on while it is compared.
class AmendBesideTest : public AmendTest {
 protected:
  /// Of what has committed by now.
  bool can_be_read(const std::string& more, const std::string& within = "20s") {
    const auto now = value("select pg_current_wal_insert_lsn()");
    return value(fmt::format("select crossfade.wait_for('{}', '{}'{})", now, within, more.empty() ? "" : ", array[" + more + "]")) == "t";
  }
  bool is_at(const std::string& phase) { return value("select phase from crossfade.migration") == phase; }
};

TEST_F(AmendBesideTest, TheOthersFollowWhileOneIsCompared) {
  follow();
  // Whoever wrote before an amend has to be through before what it touches is compared.
  Sql writer(move->conninfo());
  writer.exec("create table elsewhere (n int)");
  writer.exec("begin; insert into elsewhere values (1)");
  edit("mapping.sql", "e.plan_id, p.owner, e.title", "e.plan_id, upper(p.owner) as owner, e.title");
  amend();
  move->sql().exec("update plans set owner = 'somebody', duration = 5 where id = 8; update exercises set title = 'another' where id = 7");
  EXPECT_TRUE(can_be_read("'plans', 'weeks'")) << move->daemon_log();
  EXPECT_EQ(value("select owner from gym_v2.plans where id = 8"), "somebody");
  EXPECT_EQ(value("select count(*) from gym_v2.weeks where plan_id = 8"), "5");
  EXPECT_EQ(value("select title from gym_v2.exercises where id = 7"), "exercise 7") << "what is compared is written by that alone";
  EXPECT_FALSE(can_be_read("", "100ms"));
  EXPECT_FALSE(can_be_read("'plans', 'exercises'", "100ms"));
  EXPECT_FALSE(can_be_read("'plans', 'nothing'", "100ms")) << "of a name that nobody knows all is waited for";
  // Where nothing is written the position moves all the same.
  move->sql().exec("insert into elsewhere values (2)");
  EXPECT_TRUE(can_be_read("'plans'"));
  EXPECT_TRUE(is_at("backfilling")) << "as a whole it does not follow";
  const auto status = move->call({"status"}).second;
  EXPECT_TRUE(names(status, "behind       exercises; the others follow: plans, weeks")) << status;
  const auto list = move->call({"cutover", "reads", "--dry-run"}).second;
  EXPECT_TRUE(names(list, "the migration is backfilling, not following: exercises behind; the others follow")) << list;
  writer.exec("commit");
  expect_made_good();
  EXPECT_EQ(value("select title || owner from gym_v2.exercises where id = 7"), "anotherSOMEBODY");
  EXPECT_TRUE(eventually([&] { return is_at("following"); }, kLimit));
  EXPECT_FALSE(names(move->call({"status"}).second, "behind  "));
}

TEST_F(AmendBesideTest, WhoRefersToWhatIsComparedWaitsWithIt) {
  edit("v2.sql", "plan_id int not null references gym_v2.plans,\n  owner text", "plan_id int not null,\n  owner text");
  follow();
  Sql writer(move->conninfo());
  writer.exec("create table elsewhere (n int)");
  writer.exec("begin; insert into elsewhere values (1)");
  edit("mapping.sql", "select id, owner from", "select id, upper(owner) as owner from");
  amend();
  move->sql().exec("insert into plans values (1000, 'new', 3); insert into exercises values (5000, 1000, 'new', 1)");
  EXPECT_TRUE(can_be_read("'exercises'")) << move->daemon_log();
  EXPECT_EQ(value("select owner from gym_v2.exercises where id = 5000"), "new");
  EXPECT_FALSE(can_be_read("'weeks'", "100ms")) << "a week's plan is not there yet";
  EXPECT_EQ(value("select count(*) from crossfade.quarantine"), "0");
  writer.exec("commit");
  expect_made_good();
  EXPECT_EQ(value("select owner from gym_v2.plans where id = 1000"), "NEW");
  EXPECT_EQ(value("select count(*) from gym_v2.weeks where plan_id = 1000"), "3");
}

}  // namespace
}  // namespace crossfade::test
