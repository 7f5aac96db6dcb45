#include <fmt/format.h>
#include <fmt/ranges.h>

#include <csignal>
#include <fstream>
#include <iterator>

#include "support/clients.h"
#include "support/flip.h"
#include "support/move.h"
#include "support/writers.h"

namespace crossfade::test {
namespace {

namespace fs = std::filesystem;

/// Two weeks of a migration's life in half a minute: applications write all the while, and each amend is killed at moments drawn at random
/// before it comes through.
class AmendLifeTest : public testing::Test {
 protected:
  AmendLifeTest() {
    fs::remove_all(folder.parent_path());
    fs::create_directories(folder.parent_path());
    fs::copy(test_migration("gym"), folder);
    std::ofstream(folder / "migration.yaml", std::ios::app) << "cutover: {hold_limit: 5s}\n";
    move = std::make_unique<Move>(folder);
  }
  ~AmendLifeTest() override {
    move.reset();
    fs::remove_all(folder.parent_path());
  }

  void edit(const std::string& file, const std::string& before, const std::string& now) {
    std::ifstream stream(folder / file);
    std::string text{std::istreambuf_iterator<char>(stream), {}};
    const auto at = text.find(before);
    ASSERT_NE(at, std::string::npos) << file << " lacks " << before;
    std::ofstream(folder / file) << text.replace(at, before.size(), now);
  }
  fs::path hotfix(const std::string& text) {
    std::ofstream(folder.parent_path() / "hotfix.sql") << text;
    return folder.parent_path() / "hotfix.sql";
  }
  void done(const std::vector<std::string>& words) {
    const auto [exit, text] = move->call(words);
    ASSERT_EQ(exit, 0) << fmt::format("{}: {}", fmt::join(words, " "), text);
  }
  std::string value(const std::string& sql) { return move->sql().value(sql); }

  /// kill -9 twice on its way, and once to its end. `is_new`: true once the database has the new. It has that with the edition, or neither.
  void amend(const std::string& is_new, std::vector<std::string> words = {}) {
    words.insert(words.begin(), "amend");
    const auto before = std::stoi(value("select max(number) from crossfade.edition"));
    const auto edition = [&] { return std::stoi(value("select max(number) from crossfade.edition")); };
    // One that came through before its kill is not made twice: its DDL would run again.
    for (int kill = 0; kill < 2 && edition() == before; ++kill) {
      const auto killed = move->start(words);
      killed->exit_within(std::chrono::milliseconds(draw(random, 20, 900)));
      killed->signal(SIGKILL);
      killed->exit_within(kLimit);
      // Its session ends when the server notices; what it had begun is over then.
      EXPECT_TRUE(eventually([&] { return value("select count(*) from pg_stat_activity where application_name = 'crossfade amend'") == "0"; }, kLimit));
      EXPECT_EQ(value(is_new), edition() > before ? "t" : "f");
    }
    if (edition() == before) done(words);
    EXPECT_EQ(value(is_new), "t");
    EXPECT_EQ(edition(), before + 1);
    EXPECT_TRUE(eventually([&] { return value("select count(*) from crossfade.shape_changes('gym')") == "0"; }, kLimit)) << words.back();
    ASSERT_TRUE(move->daemon().running()) << "the daemon has ended by itself";
  }
  /// 0 rows lost, 0 doubled; each target is as its view says.
  void station(Clients& clients) {
    clients.expect_progress(20);
    done({"wait", "--lag", "10s", "--timeout", "60s"});
    const bool on_v2 = value("select direction from crossfade.migration") == "reverse";
    done({"verify"});
    if (!on_v2) done({"account"});
  }

  const fs::path folder = fs::path(testing::TempDir()) / fmt::format("amend-life-{}", getpid()) / "gym";
  Random random{seed()};
  std::unique_ptr<Move> move;
};

constexpr auto kTitle = "select atttypmod = {} from pg_attribute where attrelid = '{}'::regclass and attname = 'title'";

TEST_F(AmendLifeTest, TwoWeeksUnderAWriterWithAKillInEachAmend) {
  move->sql().exec("alter table exercises alter column title type varchar(60); update exercises set title = 'untitled' where title is null");
  edit("reverse.sql", "e.title::text as title", "e.title as title");
  move->start_daemon();
  // Routes are for reads by then; and in v2 an owner is written as the mapping amended on the way has it.
  Clients clients(move->conninfo(), 2, 60, {.asks = "crossfade.owner('gym')", .owner = "upper(owner)"});
  ASSERT_TRUE(move->logged("leading"));
  const auto in_v1 = [](int length) { return fmt::format(kTitle, length + 4, "exercises"); };
  amend(in_v1(70), {"--ddl", hotfix("alter table exercises alter column title type varchar(70)").string()});
  ASSERT_EQ(move->call({"wait", "--phase", "following", "--timeout", "60s"}).first, 0);
  station(clients);

  edit("mapping.sql", "p.owner, e.title", "upper(p.owner) as owner, e.title");
  amend("select pg_get_viewdef('gym_map.exercises'::regclass) like '%upper%'");
  station(clients);

  edit("v2.sql", "title varchar(40) not null", "title varchar(40) not null,\n  day int");
  edit("mapping.sql", "as owner, e.title", "as owner, e.title, e.day");
  amend("select exists (select from pg_attribute where attrelid = 'gym_v2.exercises'::regclass and attname = 'day')");
  station(clients);

  done({"cutover", "reads", "--percent", "10"});
  amend(in_v1(80), {"--ddl", hotfix("alter table exercises alter column title type varchar(80)").string()});
  station(clients);

  done({"cutover", "writes", "--confirm", "gym", "--evidence", (move->server().directory() / "evidence").string()});
  edit("reverse.sql", "e.title as title", "e.title, e.day");
  amend("select pg_get_viewdef('gym_unmap.exercises'::regclass) like '%day%'");
  station(clients);

  done({"rollback", "writes", "--confirm", "gym", "--evidence", (move->server().directory() / "evidence").string()});
  station(clients);
  done({"cutover", "writes", "--confirm", "gym", "--evidence", (move->server().directory() / "evidence").string()});
  station(clients);
  clients.stop();
  expect_v1_follows(*move);
  const auto numbers = fmt::format("{}", fmt::join(clients.written(), ","));
  EXPECT_EQ(value(fmt::format("select count(*) from unnest('{{{}}}'::int[]) n where not exists (select from exercises e where e.id = n)", numbers)), "0") << "lost";
  move->stop_daemon();
  done({"complete", "--confirm", "gym"});
}

}  // namespace
}  // namespace crossfade::test
