#include <fmt/format.h>

#include "support/flip.h"
#include "support/move.h"

namespace crossfade::test {
namespace {

/// Migration courts over the cutover of the writes: crossfade gives the courts their ids, then v2 does, then crossfade again.
class IdsTest : public testing::Test {
 protected:
  IdsTest() {
    move.start_daemon();
    move.expect_equal();
  }

  void flip(const std::string& group) {
    if (group == "cutover") {
      EXPECT_EQ(move.call({"verify"}).first, 0);
      EXPECT_EQ(move.call({"account"}).first, 0);
    }
    const auto [exit, text] = move.call({group, "writes", "--confirm", "courts", "--evidence", (move.server().directory() / "evidence").string()});
    EXPECT_EQ(exit, 0) << text;
  }
  int number(const std::string& query) { return std::stoi(move.sql().value(query)); }
  int court_of(int entry) { return number(fmt::format("select court_id from courts_v2.bookings where id = {}", entry)); }

  Move move{test_migration("courts")};
};

TEST_F(IdsTest, NoIdIsGivenTwiceWhoeverGivesIt) {
  move.sql().exec("insert into entries values (9001, 'gone again', 1, 'p')");
  move.expect_equal();
  const int gone = court_of(9001);
  move.sql().exec("delete from entries where id = 9001");
  move.expect_equal();
  flip("cutover");
  const int of_v2 = number("insert into courts (club, court) values ('of v2', 1) returning id");
  EXPECT_GT(of_v2, gone) << "an id of a row that is gone";
  move.sql().exec(fmt::format("insert into bookings values (9002, {}, 'p')", of_v2));
  const int deleted = number("insert into courts (club, court) values ('deleted in v2', 1) returning id");
  move.sql().exec(fmt::format("delete from courts where id = {}", deleted));
  expect_v1_follows(move);
  flip("rollback");
  move.sql().exec("insert into entries values (9003, 'new in v1', 1, 'p')");
  move.expect_equal();
  EXPECT_EQ(court_of(9002), of_v2) << "what v2 has called a court it is still called";
  EXPECT_GT(court_of(9003), deleted);
  flip("cutover");
  EXPECT_GT(number("insert into courts (club, court) values ('of v2', 2) returning id"), number("select max(id) from crossfade.courts_court_id"));
}

TEST_F(IdsTest, ARenumberedCourtKeepsItsNewNumber) {
  flip("cutover");
  // Which id is the first depends on who asked first: two targets that are filled side by side use up numbers.
  const int before = number("select min(id) from courts");
  move.sql().exec(fmt::format("begin; insert into courts select 5000, club || ' (new)', court from courts where id = {0};"
                              "update bookings set court_id = 5000 where court_id = {0}; delete from courts where id = {0};"
                              "update courts set club = replace(club, ' (new)', '') where id = 5000; commit",
                              before));
  expect_v1_follows(move);
  flip("rollback");
  const auto [exit, text] = move.call({"verify"});
  EXPECT_EQ(exit, 0) << text;
  EXPECT_EQ(move.sql().value(fmt::format("select string_agg(id::text, ',') from crossfade.courts_court_id where id in ({}, 5000)", before)), "5000");
}

}  // namespace
}  // namespace crossfade::test
