#include <string>
#include <utility>

#include "support/small_move.h"

namespace crossfade::test {
namespace {

/// Rows of v2 are found by what the view has: where the table cannot say the same of them, plan says so.
class FoundRowsTest : public testing::Test {
 protected:
  static std::string planned(SmallMigration migration) {
    SmallMove move(std::move(migration));
    const auto [exit, said] = move.call({"plan"});
    EXPECT_EQ(exit, 3) << said;
    return said;
  }
  static SmallMigration entries(const std::string& of_group, const std::string& rows) {
    return {"create table g (id int primary key, plan_id int not null); create table e (id int primary key, plan_id int not null, g_id int" + of_group + " references g, title text);"
            "alter table e replica identity full; insert into g select n, n % 3 from generate_series(1, 9) n; insert into e " + rows,
            "create table small_v2.g (id int primary key, plan_id int not null);"
            "create table small_v2.e (id int primary key, g_id int" + of_group + " references small_v2.g, title text, nth bigint not null)",
            "create view small_map.g as select id, plan_id from public.g;"
            "create view small_map.e as select id, g_id, title, row_number() over (partition by plan_id order by id) as nth, plan_id from public.e",
            ""};
  }
};

TEST_F(FoundRowsTest, NotAlongAReferenceThatMayBeNull) {
  const auto said = planned(entries("", "select n, n % 3, nullif(n % 9 + 1, 4), 'x' from generate_series(1, 60) n"));
  EXPECT_NE(said.find("to which (g_id) leads, and that is null or has another for the row"), std::string::npos) << said;
}

TEST_F(FoundRowsTest, NotAlongAReferenceToARowThatHasAnother) {
  const auto said = planned(entries(" not null", "select n, n % 3, n % 9 + 1, 'x' from generate_series(1, 60) n"));
  EXPECT_NE(said.find("rows are found by plan_id in \"small_v2\".\"g\", to which (g_id) leads, and that is null or has another for the row"), std::string::npos) << said;
}

TEST_F(FoundRowsTest, NotByAValueThatTheTableRounds) {
  for (const auto& [from, to] : {std::pair<std::string, std::string>("numeric(8,3)", "numeric(8,1)"), {"timestamptz", "timestamptz(0)"}}) {
    const auto said = planned({"create table n (k " + from + " primary key, v int)", "create table small_v2.n (k " + to + " primary key, v int)",
                               "create view small_map.n as select k, v from public.n", ""});
    EXPECT_NE(said.find("is rounded to"), std::string::npos) << said;
  }
}

/// A type without its modifier is another one by SQL's own word for it: character is character(1).
TEST_F(FoundRowsTest, ByAKeyThatIsComputedAsATypeOfOneLength) {
  SmallMove move({"create table g (id int primary key, name text not null, n int not null); alter table g replica identity full;"
                  "insert into g select n, 'name ' || n % 4, n % 8 from generate_series(1, 40) n",
                  "create table small_v2.by_name (name char(8) primary key, n bigint not null); create table small_v2.by_bits (bits bit(3) primary key, n bigint not null)",
                  "create view small_map.by_name as select upper(name)::char(8) as name, count(*) as n from public.g group by 1;"
                  "create view small_map.by_bits as select n::bit(3) as bits, count(*) as n from public.g group by 1",
                  ""});
  move.follow();
  move.sql().exec("update g set name = 'name 9', n = 5 where id < 9; delete from g where id > 30; insert into g values (99, 'new', 7)");
  move.expect_equal();
  move.sql().exec("delete from g where name = 'name 9'");
  move.expect_equal();
}

}  // namespace
}  // namespace crossfade::test
