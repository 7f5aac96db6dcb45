#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "support/small_move.h"

/// A way back that nobody wrote.
namespace crossfade::test {
namespace {

namespace fs = std::filesystem;
using Lines = std::vector<std::string>;

/// Renames, casts, a lookup, a default, an array, and tables split by columns and by rows.
SmallMigration library() {
  SmallMigration migration;
  migration.v1 = R"(
create table genres (id int primary key, name text not null unique);
create table books (
  id int primary key, genre_id int not null references genres, title varchar(80) not null, mood text,
  tags text[] not null default '{}', returned date, fine int, shelf text default 'none'
);
create table pets (id int primary key, kind text not null check (kind in ('cat', 'dog')), name text not null);
insert into genres values (1, 'crime'), (2, 'poems'), (3, 'maps');
insert into books (id, genre_id, title, mood, tags, returned, fine, shelf)
select n, 1 + n % 3, 'Book ' || n, case n % 3 when 0 then 'calm' when 1 then 'plain' end, (array['a', 'b', 'a'])[1:n % 4],
       case when n % 2 = 0 then date '2026-01-01' + n end, case when n % 4 = 0 then n end, 'S' || n
from generate_series(1, 60) n;
insert into pets select n, (array['cat', 'dog'])[1 + n % 2], 'Pet ' || n from generate_series(1, 20) n;
)";
  migration.v2 = R"(
create table genres (id int primary key, name text not null unique);
alter table genres replica identity full;
create table books (id bigint primary key, genre text not null, name text not null, mood text not null);
create table book_tags (book_id int, n bigint, tag text not null, primary key (book_id, n));
create table book_returns (book_id int primary key, returned date not null, fine int);
create table cats (id int primary key, name text);
create table dogs (id int primary key, name text);
alter table dogs replica identity full;
)";
  migration.mapping = R"(
create view genres as select g.id, g.name from public.genres g;
create view books as
select b.id::bigint as id, g.name as genre, b.title::text as name, coalesce(b.mood, 'plain') as mood
from public.books b join public.genres g on g.id = b.genre_id;
create view book_tags as select b.id as book_id, t.n, t.tag from public.books b cross join lateral unnest(b.tags) with ordinality t (tag, n);
create view book_returns as select b.id as book_id, b.returned, b.fine from public.books b where b.returned is not null;
create view cats as select p.id, p.name from public.pets p where p.kind = 'cat';
create view dogs as select p.id, p.name from public.pets p where p.kind = 'dog';
)";
  migration.rules = "sources: {genres: {key: [id]}, books: {key: [id]}, pets: {key: [id]}}\n"
                    "targets: {genres: {}, books: {}, book_tags: {}, book_returns: {}, cats: {}, dogs: {}}\n";
  return migration;
}

class WayBackTest : public testing::Test {
 protected:
  ~WayBackTest() override { fs::remove_all(evidence); }

  std::string read(const char* file) {
    std::ifstream text(move.folder() / file);
    return {std::istreambuf_iterator<char>(text), {}};
  }
  std::string done(const Lines& words) {
    const auto [exit, text] = move.call(words);
    EXPECT_EQ(exit, 0) << words.front() << ": " << text;
    return text;
  }
  Lines v1_books() { return move.sql().rows("select id, genre_id, title, mood, tags, returned, fine, shelf from public.books order by id"); }

  SmallMove move{library()};
  const fs::path evidence = fs::path(testing::TempDir()) / ("way-back-" + std::to_string(getpid()));
};

TEST_F(WayBackTest, ADraftedOneMovesThereAndBack) {
  const auto told = done({"init", "--reverse"});
  EXPECT_NE(told.find("lossy: public.books.shelf has no word in v2: no view shows it\n"), std::string::npos) << told;
  const auto plan = done({"plan"});
  EXPECT_NE(plan.find("\nWhat v2 does not say:\n   public.pets: rows of pets that cats and dogs leave out have no word in v2\n   public.books (shelf): no view shows it\n"), std::string::npos) << plan;
  EXPECT_EQ(plan.find("no way back"), std::string::npos) << plan;
  const auto before = v1_books();
  move.follow();
  done({"verify"});
  done({"account"});
  done({"cutover", "reads"});
  done({"cutover", "writes", "--confirm", "small", "--evidence", evidence.string()});
  move.sql().exec("update public.books set genre = 'maps', name = 'Renamed' where id = 3;"
                  "insert into public.books values (100, 'poems', 'Of v2', 'plain');"
                  "insert into public.book_tags values (100, 1, 'z'), (100, 2, 'a');"
                  "delete from public.book_returns where book_id = 4;"
                  "insert into public.dogs values (77, 'Rex'); delete from public.cats where id = 2");
  EXPECT_TRUE(eventually([&] { return move.sql().value("select tags from public.books_v1 where id = 100") == "{z,a}"; }, kLimit));
  EXPECT_TRUE(eventually([&] { return move.sql().value("select count(*) from crossfade.dirty") == "0"; }, kLimit));
  done({"rollback", "writes", "--confirm", "small", "--evidence", evidence.string()});
  auto expected = before;
  expected.at(2) = "3|3|Renamed|calm|{a,b,a}|NULL|NULL|S3";
  expected.at(3) = "4|2|Book 4|plain|{}|NULL|NULL|S4";
  expected.push_back("100|2|Of v2|plain|{z,a}|NULL|NULL|none");
  EXPECT_EQ(v1_books(), expected);
  EXPECT_EQ(move.sql().rows("select * from public.pets where id in (2, 77)"), (Lines{"77|dog|Rex"}));
  move.expect_equal();
}

TEST_F(WayBackTest, WhatMendsATableThatIsNotThereYetBelongsIntoV2Sql) {
  auto migration = library();
  const std::string identity = "alter table genres replica identity full;\n";
  migration.v2.erase(migration.v2.find(identity), identity.size());
  SmallMove without(migration);
  EXPECT_EQ(without.call({"init", "--reverse"}).first, 0);
  const auto [exit, script] = without.call({"plan", "--print-fixes"});
  EXPECT_EQ(exit, 3) << script;
  EXPECT_NE(script.find("-- There is nothing that a statement would have to mend.\n"), std::string::npos) << script;
  EXPECT_NE(script.find("→ alter table small_v2.genres replica identity full;  -- in v2.sql\n"), std::string::npos) << script;
}

TEST_F(WayBackTest, ExplainDrawsBothDirections) {
  done({"init", "--reverse"});
  const auto text = done({"plan", "--explain", "books"});
  EXPECT_TRUE(text.starts_with("small_map.books\n"
                               "└─ select\n"
                               "   ├─ public.books (b)\n"
                               "   │     → books.id is id\n"
                               "   └─ join public.genres (g) on g.id = b.genre_id\n"))
      << text;
  EXPECT_NE(text.find("and on the way back\nsmall_unmap.books\n"), std::string::npos) << text;
  EXPECT_NE(done({"plan", "--explain", "books", "--json"}).find(R"("explained":[{"view":"small_map.books","depth":0,"text":"select")"), std::string::npos);
  const auto [exit, refused] = move.call({"plan", "--explain", "boks"});
  EXPECT_EQ(exit, 2);
  EXPECT_NE(refused.find("no target is called boks. Did you mean books?"), std::string::npos) << refused;
}

TEST_F(WayBackTest, LintTriesItAndWhatV1Demands) {
  EXPECT_NE(move.call({"lint", "--reverse"}).second.find("crossfade init --reverse"), std::string::npos);
  done({"init", "--reverse"});
  const auto tried = done({"lint", "--reverse", "--samples", "2"});
  EXPECT_NE(tried.find("the rules announced every row that they changed"), std::string::npos) << tried;
  EXPECT_NE(tried.find("v1 does not take every change of small_v2.cats: null value in column \"name\""), std::string::npos) << tried;
  EXPECT_EQ(move.sql().value("select count(*) from pg_namespace where nspname like 'small%' or nspname = 'crossfade'"), "0");

  std::ofstream(move.folder() / "migration.yaml", std::ios::app) << "reverse:\n  pets: {follow: {cats: {id: id}, dogs: {kind: name}}}\n";
  const auto [exit, text] = move.call({"lint", "--reverse", "--samples", "2"});
  EXPECT_EQ(exit, 4) << text;
  EXPECT_NE(text.find("pets does not hear of changes of small_v2.dogs"), std::string::npos) << text;
  EXPECT_NE(text.find("reverse.pets.follow: dogs: {id: id} would have announced them"), std::string::npos) << text;
}

/// v1 demands in every way what v2 does not.
TEST(WayBackDemandsTest, LintTriesEach) {
  SmallMigration migration;
  migration.v1 = R"(
create table owners (id int primary key);
create table rooms (id int primary key, name varchar(20) not null);
create table items (
  id int primary key, owner_id int not null constraint items_owner references owners, room_id int constraint items_room references rooms deferrable initially deferred,
  title text not null constraint items_title check (title <> ''), code text constraint items_code unique, amount int constraint items_amount check (amount >= 0), size smallint
);
create function no_tilde() returns trigger language plpgsql as $$ begin if new.code like '%~' then raise check_violation using message = 'no tilde in codes'; end if; return new; end $$;
create trigger no_tilde before insert or update on items for each row execute function no_tilde();
alter table items enable always trigger no_tilde;
insert into owners select generate_series(1, 20);
insert into rooms select n, 'room ' || n from generate_series(1, 5) n;
insert into items select n, n % 20 + 1, n % 5 + 1, 'item ' || n, 'c' || n, n, n from generate_series(1, 40) n;
)";
  migration.v2 = R"(
create table rooms (id int primary key, name text not null);
create table items (id int primary key, owner_id int not null, room_id int, title text not null, code text, amount int, size int);
)";
  migration.mapping = "create view rooms as select id, name from public.rooms;\ncreate view items as select id, owner_id, room_id, title, code, amount, size::int from public.items;\n";
  migration.rules = "sources: {owners: {key: [id], shared: true}, rooms: {key: [id]}, items: {key: [id]}}\ntargets: {rooms: {}, items: {}}\n";
  SmallMove move(migration);
  ASSERT_EQ(move.call({"init", "--reverse"}).first, 0);
  const auto [exit, text] = move.call({"lint", "--reverse", "--samples", "2"});
  EXPECT_EQ(exit, 0) << text;
  for (const auto* each : {R"(v1 does not take every change of small_v2.items: insert or update on table "items" violates foreign key constraint "items_owner")",
                           R"(insert or update on table "items" violates foreign key constraint "items_room")", R"(violates check constraint "items_title")",
                           R"(duplicate key value violates unique constraint "items_code")", R"(violates check constraint "items_amount")", "smallint out of range",
                           "no tilde in codes", R"(v1 does not take every change of small_v2.rooms: value too long for type character varying(20))",
                           R"(v1 does not take every change of small_v2.rooms: update or delete on table "rooms" violates foreign key constraint "items_room")"}) {
    EXPECT_NE(text.find(each), std::string::npos) << each << " in " << text;
  }
}

TEST_F(WayBackTest, WhatSomebodyHasWrittenIsNotWrittenOver) {
  done({"init", "--reverse"});
  const auto written = read("reverse.sql");
  const auto [exit, told] = move.call({"init", "--reverse"});
  EXPECT_EQ(exit, 2);
  EXPECT_NE(told.find("reverse.sql is there already"), std::string::npos) << told;
  EXPECT_EQ(read("reverse.sql"), written);
}

}  // namespace
}  // namespace crossfade::test
