#include <filesystem>
#include <fstream>

#include "support/flip.h"
#include "support/move.h"

namespace crossfade::test {
namespace {

namespace fs = std::filesystem;

/// What has to be free, and to be there, for names to go back.
class NamesBackTest : public testing::Test {
 protected:
  NamesBackTest() {
    move.start_daemon();
    move.expect_equal();
    expect_done({"verify"});
    expect_done({"account"});
    expect_done(flip("cutover"));
    expect_v1_follows(move);
    const auto [exit, text] = move.call({"rollback", "writes", "--dry-run"});
    EXPECT_EQ(exit, 0) << text;
    EXPECT_EQ(text.find("is parked"), std::string::npos) << "every table of v2 fits its view: " << text;
  }

  void expect_done(const std::vector<std::string>& words) {
    const auto [exit, text] = move.call(words);
    EXPECT_EQ(exit, 0) << words.front() << ": " << text;
  }
  std::vector<std::string> flip(const std::string& group) { return {group, "writes", "--confirm", "shop", "--evidence", (move.server().directory() / "evidence").string()}; }
  /// The dry run says so, and so does the rollback, before anything is made; "" once it says all of it.
  std::string missing(const std::vector<std::string>& said) {
    for (const auto& words : {std::vector<std::string>{"rollback", "writes", "--dry-run"}, flip("rollback")}) {
      const auto [exit, text] = move.call(words);
      if (exit != 3 && words.back() != "--dry-run") return "exit code " + std::to_string(exit) + ": " + text;
      for (const auto& each : said) {
        if (text.find(each) == std::string::npos) return each + " in " + text;
      }
    }
    return move.sql().value("select step from crossfade.cutover_step where flip in (select detail ->> 'flip' from crossfade.audit where action like 'rollback%') limit 1");
  }

  Move move{test_migration("shop")};
};

/// An index that was built anew is another one to the server.
TEST_F(NamesBackTest, AnIndexThatWasBuiltAnewMeanwhileGetsItsNameBack) {
  auto& sql = move.sql();
  for (const auto& statement : sql.rows("select format('reindex table concurrently %s', oid::regclass) from pg_class where relname ~ '_v1$' and relkind = 'r'")) sql.exec(statement);
  sql.exec("create view tickets_pkey as select 1 as one");
  EXPECT_EQ(missing({"public.tickets_pkey, a view, has the name that index public.tickets_pkey_v1 is to have"}), "");
  sql.exec("drop view tickets_pkey");
  expect_done(flip("rollback"));
  EXPECT_EQ(sql.value("select string_agg(relname, ' ') from pg_class where relname ~ '_v1$'"), "");
  EXPECT_EQ(sql.value("select count(*) from pg_constraint where conname = 'tickets_pkey'"), "1");
  EXPECT_EQ(sql.value("select count(*) from crossfade.retired"), "0");
}

TEST_F(NamesBackTest, WhoHasOneMeanwhileIsNamedWithWhatRenamesIt) {
  move.sql().exec("create view public.tickets as select id as number, title from issues; create table shop_v2.issues_pkey (); create type shop_v2.tier as enum ('mine'); create domain shop_v2.addresses as text");
  EXPECT_EQ(missing({"✗ name taken: public.tickets, a view, has the name that table public.tickets_v1 is to have\n  mend: alter view public.tickets rename to …;",
                     "shop_v2.issues_pkey, a table, has the name that index public.issues_pkey, back, is to have",
                     "shop_v2.tier, a type, has the name that type public.tier, back, is to have",
                     "shop_v2.addresses, a type, has the name that table public.addresses, back, is to have"}), "");
  move.sql().exec("drop view tickets; drop table shop_v2.issues_pkey; drop type shop_v2.tier; drop domain shop_v2.addresses");
  expect_done(flip("rollback"));
  EXPECT_EQ(move.sql().value("select count(*) from tickets"), "30");
}

TEST_F(NamesBackTest, ASchemaThatIsGoneIsNamedWithWhatMakesIt) {
  move.sql().exec("drop schema shop_v2");
  EXPECT_EQ(missing({"✗ schema: schema shop_v2, to which v2's tables go back, is not there\n  mend: create schema shop_v2 authorization "}), "");
  move.sql().exec("create schema shop_v2");
  expect_done(flip("rollback"));
  EXPECT_EQ(move.sql().value("select count(*) from shop_v2.issues"), "30");
}

/// Tables and indexes of v1 that are called as others of v1 are to be once they have retired.
fs::path turns() {
  const auto folder = shared_server().directory() / "turns";
  fs::create_directories(folder);
  const auto write = [&](const char* file, const char* text) { std::ofstream(folder / file) << text; };
  write("v1.sql", "create table event (id int primary key, note text); create index i on event (note);\n"
                  "create table event_v1 (id int primary key, note text); create index i_v1 on event_v1 (note);\n"
                  "insert into event select n, 'now ' || n from generate_series(1, 20) n; insert into event_v1 select n, 'then ' || n from generate_series(1, 20) n;\n");
  write("v2.sql", "create table turns_v2.event (id int primary key, note text); create table turns_v2.past (id int primary key, note text);\n");
  write("mapping.sql", "create view turns_map.event as select id, note from public.event; create view turns_map.past as select id, note from public.event_v1;\n");
  write("reverse.sql", "create view turns_unmap.event as select id, note from turns_v2.event; create view turns_unmap.event_v1 as select id, note from turns_v2.past;\n");
  write("migration.yaml", "migration: turns\nschemas: {shadow: turns_v2, mapping: turns_map, reverse: turns_unmap}\n"
                          "sources: {event: {key: [id]}, event_v1: {key: [id]}}\ntargets: {event: {}, past: {}}\nreverse: {event: {}, event_v1: {}}\n");
  return folder;
}

class NamesInTurnTest : public testing::Test {
 protected:
  NamesInTurnTest() {
    move.start_daemon();
    move.expect_equal();
    for (const auto* word : {"verify", "account"}) EXPECT_EQ(move.call({word}).first, 0);
  }

  std::pair<int, std::string> flip(const std::string& group) {
    return move.call({group, "writes", "--confirm", "turns", "--evidence", (move.server().directory() / "evidence").string()});
  }
  std::string names() { return move.sql().value("select string_agg(oid::regclass::text, ' ' order by relname collate \"C\") from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'i')"); }

  Move move{turns()};
};

TEST_F(NamesInTurnTest, ATableThatIsCalledAsAnotherIsToBeGoesFirstThereAndBack) {
  const auto before = names();
  EXPECT_EQ(before, "event event_pkey event_v1 event_v1_pkey i i_v1");
  const auto [exit, text] = flip("cutover");
  EXPECT_EQ(exit, 0) << text;
  EXPECT_EQ(names(), "event event_pkey event_pkey_v1 event_v1 event_v1_pkey_v1 event_v1_v1 i_v1 i_v1_v1 past past_pkey");
  move.sql().exec("insert into event values (100, 'of v2'); insert into past values (100, 'of v2 too')");
  expect_v1_follows(move);
  const auto [back, said] = flip("rollback");
  EXPECT_EQ(back, 0) << said;
  EXPECT_EQ(names(), before);
  EXPECT_EQ(move.sql().value("select (select note from event where id = 100) || ', ' || (select note from event_v1 where id = 100)"), "of v2, of v2 too");
}

TEST_F(NamesInTurnTest, APieceOfV2ThatIsCalledAsOneOfV1IsToBeIsNamed) {
  move.sql().exec("create index i_v1_v1 on turns_v2.past (note)");
  const auto [exit, text] = flip("cutover");
  EXPECT_EQ(exit, 5) << text;
  EXPECT_NE(text.find("✗ name taken: turns_v2.i_v1_v1, a index, has the name that index public.i_v1, retired, is to have\n  mend: alter index turns_v2.i_v1_v1 rename to …;"),
            std::string::npos) << text;
}

}  // namespace
}  // namespace crossfade::test
