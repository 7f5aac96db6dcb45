#include "support/small_move.h"

namespace crossfade::test {
namespace {

/// Cats and dogs become pets, which are told by their kind; a dog without a name is left out.
SmallMigration pets() {
  return {"create table cats (id int primary key, name text not null); create table dogs (id int primary key, name text);"
          "insert into cats select n, 'cat ' || n from generate_series(1, 20) n; insert into dogs select n, case when n <> 12 then 'dog ' || n end from generate_series(10, 30) n",
          "create table small_v2.pets (kind text, id int, name text not null, primary key (kind, id))",
          "create view small_map.pets as select 'cat' as kind, id, name from public.cats union all select 'dog', id, name from public.dogs where name is not null", ""};
}

TEST(AccountedTest, ARowOfAnotherBranchStandsInForNone) {
  SmallMove move(pets());
  move.follow();
  const auto [exit, said] = move.call({"account"});
  EXPECT_EQ(exit, 4) << said;
  EXPECT_NE(said.find("id 12"), std::string::npos) << said;
  move.sql().exec("update dogs set name = 'Rex' where id = 12");
  move.expect_equal();
  EXPECT_EQ(move.call({"account"}).first, 0);
}

/// One target has a running number and is followed by what that runs along.
TEST(AccountedTest, ARowIsFoundByItsKeyWhateverItIsFollowedBy) {
  SmallMove move({"create table comment (id int primary key, kind text not null, ref int not null, body text not null);"
                  "insert into comment select n, case when n % 4 = 0 then 'dog' else 'cat' end, n % 7, 'said ' || n from generate_series(1, 40) n;"
                  "alter table comment replica identity full",
                  "create table small_v2.cat_note (id int primary key, cat_id int not null, body text not null, nth bigint not null);"
                  "create table small_v2.dog_note (id int primary key, dog_id int not null, body text not null)",
                  "create view small_map.cat_note as select id, ref as cat_id, body, row_number() over (partition by ref order by id) as nth from public.comment where kind = 'cat';"
                  "create view small_map.dog_note as select id, ref as dog_id, body from public.comment where kind = 'dog'",
                  ""});
  move.follow();
  const auto [exit, said] = move.call({"account"});
  EXPECT_EQ(exit, 0) << said;
  move.sql().exec("insert into comment values (99, 'fish', 1, 'blub')");
  move.expect_equal();
  const auto after = move.call({"account"});
  EXPECT_EQ(after.first, 4) << after.second;
  EXPECT_NE(after.second.find("id 99"), std::string::npos) << after.second;
}

/// What both sides use stays where it is: nobody has to say of whom v2 has nothing.
TEST(AccountedTest, ARowOfASharedTableThatV2HasNothingOfIsNotLost) {
  SmallMove move({"create table users (id int primary key, name text not null); create table doc (id int primary key, user_id int not null references users, body text not null);"
                  "insert into users select n, 'user ' || n from generate_series(1, 50) n; insert into doc select n, n % 40 + 1, 'doc ' || n from generate_series(1, 100) n",
                  "create table small_v2.doc (id int primary key, user_id int not null, author text not null, body text not null)",
                  "create view small_map.doc as select d.id, d.user_id, u.name as author, d.body from public.doc d join public.users u on u.id = d.user_id",
                  "sources: {users: {shared: true}, doc: {}}\n"});
  move.follow();
  const auto [exit, said] = move.call({"account"});
  EXPECT_EQ(exit, 0) << said;
}

}  // namespace
}  // namespace crossfade::test
