#include "mapping/views/reverse_view.h"

#include <gtest/gtest.h>

#include "mapping/views/unsaid.h"
#include "unit/mapping/views/reading.h"

namespace crossfade::mapping::views {
namespace {

/// The view of the table, then what is lossy, one a line.
std::string back(const Views& views, const std::string& table) {
  for (const auto& view : reverse_views(views.reading, "unmap")) {
    if (view.table.name != table) continue;
    auto text = view.select;
    for (const auto& lost : view.lost) text += "\nlossy " + lost.column + (lost.left.empty() ? "" : ": " + lost.left);
    for (const auto& remark : view.remarks) text += "\nlossy: " + remark;
    return text;
  }
  return "none";
}

TEST(ReverseView, ARenameAndALosslessCast) {
  Views views;
  views.source("plans", "id integer!, title text, weeks smallint").target("plans", "id bigint!, name text, weeks integer",
                                                                          "select (p.id)::bigint as id, p.title as name, (p.weeks)::integer as weeks from public.plans p");
  EXPECT_EQ(back(views, "plans"),
            "select\n  plans.id,\n  plans.name as title,\n  plans.weeks\nfrom v2.plans plans");
}

TEST(ReverseView, WhatNoViewHasIsLossyAndSaysWhatIsLeft) {
  Views views;
  views.source("sets", "id integer!, kg numeric, note text, secret text")
      .target("sets", "id integer!, pounds numeric, note text", "select s.id, (s.kg * 2.2) as pounds, s.note from public.sets s");
  EXPECT_EQ(back(views, "sets"), "select\n  sets.id,\n  sets.note\nfrom v2.sets sets\nlossy kg: sets.pounds has s.kg * 2.2\nlossy secret");
}

TEST(ReverseView, AVerticalSplitIsJoinedAgain) {
  Views views;
  views.source("loans", "id integer!, lent_on date!, returned_on date, fine numeric")
      .target("loans", "id integer!, lent_on date!", "select l.id, l.lent_on from public.loans l")
      .target("returns", "loan_id integer!, returned_on date!, fine numeric",
              "select l.id as loan_id, l.returned_on, l.fine from public.loans l where l.returned_on is not null", "loan_id");
  EXPECT_EQ(back(views, "loans"),
            "select\n  loans.id,\n  loans.lent_on,\n  returns.returned_on,\n  returns.fine\nfrom v2.loans loans\nleft join v2.returns returns on returns.loan_id = loans.id"
            "\nlossy: loans.fine of rows that returns leaves out comes back as null");
}

TEST(ReverseView, ASplitIsJoinedAgainWhateverTypesTheKeysHave) {
  Views views;
  views.source("loans", "id integer!, lent_on date!, fine numeric")
      .target("loans", "id bigint!, lent_on date!", "select (l.id)::bigint as id, l.lent_on from public.loans l")
      .target("fines", "loan_id integer!, fine numeric", "select l.id as loan_id, l.fine from public.loans l where l.fine is not null", "loan_id");
  EXPECT_EQ(back(views, "loans"),
            "select\n  loans.id,\n  loans.lent_on,\n  fines.fine\nfrom v2.loans loans\nleft join v2.fines fines on fines.loan_id = loans.id");
}

TEST(ReverseView, AHorizontalSplitIsUnitedAgain) {
  Views views;
  views.source("pets", "id integer!, kind text!, name text, lives integer")
      .target("cats", "id integer!, name text, lives integer", "select p.id, p.name, p.lives from public.pets p where p.kind = 'cat'::text")
      .target("dogs", "id integer!, name text", "select p.id, p.name from public.pets p where p.kind = 'dog'::text");
  EXPECT_EQ(back(views, "pets"),
            "select\n  cats.id,\n  'cat'::text as kind,\n  cats.name,\n  cats.lives\nfrom v2.cats cats\nunion all\n"
            "select\n  dogs.id,\n  'dog'::text as kind,\n  dogs.name,\n  old.lives\nfrom v2.dogs dogs\nleft join public.pets old on old.id = dogs.id\n"
            "lossy: pets.lives of rows of dogs has no word in v2: it stays as it was, and is null in a new row\n"
            "lossy: rows of pets that cats and dogs leave out have no word in v2");
}

TEST(ReverseView, AMergeIsToldApartByItsConstants) {
  Views views;
  views.source("cats", "id integer!, name text").source("dogs", "id integer!, name text")
      .target("pets", "id integer!, kind text!, name text",
              "select c.id, 'cat'::text as kind, c.name from public.cats c union all select d.id, 'dog'::text, d.name from public.dogs d", "kind id");
  EXPECT_EQ(back(views, "cats"), "select\n  pets.id,\n  pets.name\nfrom v2.pets pets\nwhere pets.kind = 'cat'");
  EXPECT_EQ(back(views, "dogs"), "select\n  pets.id,\n  pets.name\nfrom v2.pets pets\nwhere pets.kind = 'dog'");
}

TEST(ReverseView, AMergeThatNothingTellsApartHasNoWayBack) {
  Views views;
  views.source("cats", "id integer!, name text").source("dogs", "id integer!, name text")
      .target("pets", "id integer!, name text", "select c.id, c.name from public.cats c union all select d.id, d.name from public.dogs d");
  EXPECT_TRUE(back(views, "cats").empty() || back(views, "cats").starts_with("\nlossy")) << back(views, "cats");
}

TEST(ReverseView, WhatWasSplitOffByAKeyIsJoinedByIt) {
  Views views;
  views.source("orders", "id integer!, customer text!, total numeric")
      .target("customers", "id uuid!, name text!", "select distinct crossfade.uuid('c'::text, o.customer) as id, o.customer as name from public.orders o")
      .target("orders", "id integer!, customer_id uuid!, total numeric",
              "select o.id, crossfade.uuid('c'::text, o.customer) as customer_id, o.total from public.orders o");
  EXPECT_EQ(back(views, "orders"),
            "select\n  orders.id,\n  customers.name as customer,\n  orders.total\nfrom v2.orders orders\nleft join v2.customers customers on customers.id = orders.customer_id");
}

TEST(ReverseView, ASurvivorDoesNotSpeakForTheOthers) {
  Views views;
  views.source("people", "id integer!, email text!, name text")
      .target("people", "email text!, name text", "select distinct on (p.email) p.email, p.name from public.people p order by p.email, p.id", "email")
      .target("logins", "id integer!, email text!", "select p.id, p.email from public.people p");
  EXPECT_EQ(back(views, "people"), "select\n  logins.id,\n  logins.email\nfrom v2.logins logins\nlossy name: people.name has p.name of one row of several");
}

TEST(ReverseView, ARowThatIsAGroupOfItsOwnSpeaksForItself) {
  Views views;
  views.source("products", "sku text!, name text!, price integer!", {"sku"}).source("stock", "sku text!, place text!, n integer!", {"sku place"})
      .target("products", "sku text!, name text!, cents integer!, in_stock bigint",
              "select p.sku, p.name, p.price as cents, sum(s.n) as in_stock from public.products p left join public.stock s on s.sku = p.sku group by p.sku", "sku");
  EXPECT_EQ(back(views, "products"), "select\n  products.sku,\n  products.name,\n  products.cents as price\nfrom v2.products products");
}

TEST(ReverseView, ASurvivorIsNoGroupOfItsOwn) {
  Views views;
  views.source("people", "id integer!, email text!, name text")
      .target("people", "email text!, name text", "select p.email, max(p.name) as name from public.people p group by p.email", "email")
      .target("logins", "id integer!, email text!", "select p.id, p.email from public.people p");
  EXPECT_EQ(back(views, "people"), "select\n  logins.id,\n  logins.email\nfrom v2.logins logins\nlossy name: people.name has max(p.name)");
}

TEST(ReverseView, AKeyThatIsComparedAsTextComesBackAsText) {
  Views views;
  views.source("exercises", "id bigint!, name text").source("comments", "id integer!, ref text, body text")
      .target("exercises", "id bigint!, name text", "select e.id, e.name from public.exercises e")
      .target("comments", "id integer!, exercise_id bigint!, body text",
              "select c.id, e.id as exercise_id, c.body from public.comments c join public.exercises e on (e.id)::text = c.ref");
  const auto made = back(views, "comments");
  EXPECT_NE(made.find("\n  (select l.id from unmap.exercises l where l.id = comments.exercise_id)::text as ref,\n"), std::string::npos) << made;
}

TEST(ReverseView, AKeyIsLookedUpByAnotherKey) {
  Views views;
  views.source("genres", "id integer!, name text!", {"id", "name"}).source("books", "id integer!, genre_id integer!").refers("books", "genre_id", "genres", "id")
      .target("genres", "id integer!, name text!", "select g.id, g.name from public.genres g")
      .target("books", "id integer!, genre text!", "select b.id, g.name as genre from public.books b join public.genres g on g.id = b.genre_id");
  EXPECT_EQ(back(views, "books"),
            "select\n  books.id,\n  (select l.id from unmap.genres l where l.name = books.genre) as genre_id\nfrom v2.books books");
}

/// The row that a foreign key leads to is there.
TEST(ReverseView, RowsThatAJoinLeavesOutAreSaid) {
  const auto books = [](const std::string& columns, bool refers) {
    Views views;
    views.source("genres", "id integer!, name text!", {"id", "name"}).source("books", columns);
    if (refers) views.refers("books", "genre_id", "genres", "id");
    views.target("genres", "id integer!, name text!", "select g.id, g.name from public.genres g")
        .target("books", "id integer!, genre text!", "select b.id, g.name as genre from public.books b join public.genres g on g.id = b.genre_id");
    return back(views, "books");
  };
  const std::string all = "select\n  books.id,\n  (select l.id from unmap.genres l where l.name = books.genre) as genre_id\nfrom v2.books books";
  EXPECT_EQ(books("id integer!, genre_id integer!", true), all);
  EXPECT_EQ(books("id integer!, genre_id integer", true), all + "\nlossy: rows of books that books leaves out have no word in v2");
  EXPECT_EQ(books("id integer!, genre_id integer!", false), all + "\nlossy: rows of books that books leaves out have no word in v2");
}

TEST(ReverseView, ATableOfBothSidesIsLookedUpWhereItIs) {
  Views views;
  views.shared("genres", "id integer!, name text!", {"id", "name"}).source("books", "id integer!, genre text!")
      .target("books", "id integer!, genre_id integer!", "select b.id, g.id as genre_id from public.books b join public.genres g on g.name = b.genre");
  EXPECT_EQ(back(views, "books"),
            "select\n  books.id,\n  (select l.name from public.genres l where l.id = books.genre_id) as genre\nfrom v2.books books\n"
            "lossy: rows of books that books leaves out have no word in v2");
}

TEST(ReverseView, ADefaultIsKeptApartByTheOldRow) {
  Views views;
  views.source("plans", "id integer!, goal text").target("plans", "id integer!, goal text!", "select p.id, coalesce(p.goal, 'fit'::text) as goal from public.plans p");
  EXPECT_EQ(back(views, "plans"),
            "select\n  plans.id,\n  case when old.id is not null and old.goal is null and plans.goal = 'fit' then null else plans.goal end as goal\nfrom v2.plans plans\n"
            "left join public.plans old on old.id = plans.id");
}

TEST(ReverseView, AnArrayIsGatheredAgain) {
  Views views;
  views.source("posts", "id integer!, tags text[]!")
      .target("posts", "id integer!", "select p.id from public.posts p")
      .target("post_tags", "post_id integer!, n bigint!, tag text!",
              "select p.id as post_id, t.n, t.tag from public.posts p cross join lateral unnest(p.tags) with ordinality t(tag, n)", "post_id n");
  EXPECT_EQ(back(views, "posts"),
            "select\n  posts.id,\n  coalesce((select array_agg(e.tag order by e.n) from v2.post_tags e where e.post_id = posts.id), '{}') as tags\nfrom v2.posts posts");
}

TEST(ReverseView, RowsThatWereGatheredAreUnnested) {
  Views views;
  views.source("post_tags", "post_id integer!, tag text!, weight integer", {"post_id tag"})
      .target("posts", "id integer!, tags text[]", "select t.post_id as id, array_agg(t.tag order by t.tag) as tags from public.post_tags t group by t.post_id");
  EXPECT_EQ(back(views, "post_tags"),
            "select\n  posts.id as post_id,\n  tag_of.tag\nfrom v2.posts posts\ncross join lateral unnest(posts.tags) tag_of (tag)\nlossy weight");
}

TEST(ReverseView, RowsThatAConditionLeavesOutAreSaid) {
  Views views;
  views.source("users", "id integer!, name text, deleted_at date")
      .target("users", "id integer!, name text", "select u.id, u.name from public.users u where u.deleted_at is null");
  EXPECT_EQ(back(views, "users"),
            "select\n  users.id,\n  users.name,\n  null::date as deleted_at\nfrom v2.users users\nlossy: rows of users that users leaves out have no word in v2");
}

TEST(ReverseView, NamesAreInQuotesWhereTheyMustBe) {
  Views views;
  views.source("order", "id integer!, theUser integer").target("order", "id integer!, user integer", "select o.id, o.\"theUser\" as \"user\" from public.\"order\" o");
  EXPECT_EQ(back(views, "order"), "select\n  \"order\".id,\n  \"order\".\"user\" as \"theUser\"\nfrom v2.\"order\" \"order\"");
}

TEST(ReverseView, TheScriptSaysWhatIsLossyAboveEachView) {
  Views views;
  views.source("sets", "id integer!, kg numeric").source("log", "at date, what text", {})
      .target("sets", "id integer!", "select s.id from public.sets s");
  EXPECT_EQ(reverse_sql(reverse_views(views.reading, "unmap"), "unmap"),
            "-- Drafted from mapping.sql: one view for each table of v1, over v2. A column that is lossy keeps its old value in v1, and a new row has its\n"
            "-- default; a row that is lossy goes from v1, unless rejects.sql names it. Give it a word in v2, or write here what stands for it.\n"
            "\n"
            "-- lossy: public.sets.kg has no word in v2\n"
            "create view unmap.sets as\nselect\n  sets.id\nfrom v2.sets sets;\n"
            "\n"
            "-- lossy: no view of v2 has a row for each of public.log with its key: write this one by hand.\n");
}

TEST(Unsaid, SaysOfBothSidesWhatTheOtherHasNoWordFor) {
  Views views;
  views.source("sets", "id integer!, kg numeric, note text")
      .shows("id integer!, kind text")
      .target("sets", "id integer!, kind text, made_by text", "select s.id, 'old'::text as kind from public.sets s");
  EXPECT_EQ(not_in_v2(views.reading),
            (std::vector<Unsaid>{{{"public", "sets"}, "kg", "no view shows it"}, {{"public", "sets"}, "note", "no view shows it"}}));
  EXPECT_EQ(not_in_v1(views.reading),
            (std::vector<Unsaid>{{{"v2", "sets"}, "kind", "'old' in every row"}, {{"v2", "sets"}, "made_by", "its view leaves it out: the column's default"}}));
  EXPECT_EQ(unsaid_text("What v2 does not say", not_in_v2(views.reading)), "\nWhat v2 does not say:\n   public.sets (kg, note): no view shows it\n");
  EXPECT_EQ(unsaid_text("What v2 does not say", {}), "");
}

}  // namespace
}  // namespace crossfade::mapping::views
