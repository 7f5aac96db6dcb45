#include "mapping/views/draw.h"

#include <gtest/gtest.h>

#include "unit/mapping/views/reading.h"

namespace crossfade::mapping::views {
namespace {

std::string drawn(const Views& views, const std::string& target) {
  const auto& reading = views.reading;
  return drawing_text("map." + target, draw(reading.facts, reading.views.at(target), reading.answers.at(target)));
}

class DrawTest : public testing::Test {
 protected:
  DrawTest() {
    views.source("loans", "id integer!, book_id integer!, member_id integer!, lent_on date!, returned_on date");
    views.source("members", "id integer!, name text!");
  }

  Views views;
};

TEST_F(DrawTest, AJoinWithTheWayOfEachTable) {
  views.target("loans", "id integer!, member_id integer!, borrower text",
               "select l.id, l.member_id, m.name as borrower from public.loans l left join public.members m on m.id = l.member_id where l.lent_on is not null");
  EXPECT_EQ(drawn(views, "loans"),
            "map.loans\n"
            "└─ select\n"
            "   ├─ public.loans (l)\n"
            "   │     → loans.id is id\n"
            "   ├─ left join public.members (m) on m.id = l.member_id\n"
            "   │     → members.id is member_id (outer join)\n"
            "   └─ where l.lent_on is not null\n");
}

TEST_F(DrawTest, WhatIsGroupedUnitedAndAskedWithinStandsWhereItDoes) {
  views.target("readers", "member_id integer!, n bigint",
               "select s.member_id, count(*) as n from (select l.member_id, l.id from public.loans l union all select m.id, null::integer from public.members m) s "
               "where exists (select 1 from public.members w where w.id = s.member_id) group by s.member_id",
               "member_id");
  EXPECT_EQ(drawn(views, "readers"),
            "map.readers\n"
            "└─ select, group by s.member_id\n"
            "   ├─ s: union all\n"
            "   │  ├─ select\n"
            "   │  │  └─ public.loans (l)\n"
            "   │  │        → loans.member_id is member_id (group by)\n"
            "   │  └─ select\n"
            "   │     └─ public.members (m)\n"
            "   │           → members.id is member_id (group by)\n"
            "   └─ where exists: select\n"
            "      ├─ public.members (w)\n"
            "      │     → members.id is member_id (a select within, group by)\n"
            "      └─ where w.id = s.member_id\n");
}

TEST_F(DrawTest, WhatCannotBeToldSaysWhyAtItsPlace) {
  views.target("last", "id integer!, newest date", "select m.id, (select l.lent_on from public.loans l order by l.lent_on desc limit 1) as newest from public.members m");
  EXPECT_EQ(drawn(views, "last"),
            "map.last\n"
            "└─ select\n"
            "   ├─ public.members (m)\n"
            "   │     → members.id is id\n"
            "   └─ value of: select, limit\n"
            "      └─ public.loans (l)\n"
            "            ? cannot be told: which rows it concerns is hidden by a limit\n");
}

TEST_F(DrawTest, AFunctionAndNamesInQuotes) {
  views.source("Lists", "id integer!, theTags text[]");
  views.target("tags", "list_id integer!, tag text!", "select l.id as list_id, t.tag from public.\"Lists\" l cross join lateral unnest(l.\"theTags\") t(tag)", "list_id tag");
  EXPECT_EQ(drawn(views, "tags"),
            "map.tags\n"
            "└─ select\n"
            "   ├─ public.Lists (l)\n"
            "   │     → Lists.id is list_id\n"
            "   └─ cross join unnest(l.\"theTags\") (t)\n");
}

TEST_F(DrawTest, AnOldRowOfItsOwnDoesNotChange) {
  views.target("x", "id integer!, name text", "select l.id, m.name from public.loans l left join public.members m on m.id = l.id");
  views.reading.facts.settled.insert(TableName{"public", "members"}.quoted());
  derive::Question question;
  question.view = views.reading.views.at("x");
  question.key = {"id"};
  question.locatable = [](const std::vector<std::string>&) { return true; };
  views.reading.answers["x"] = derive::derive(views.reading.facts, question);
  EXPECT_EQ(drawn(views, "x"),
            "map.x\n"
            "└─ select\n"
            "   ├─ public.loans (l)\n"
            "   │     → loans.id is id\n"
            "   └─ left join public.members (m) on m.id = l.id\n"
            "         → its rows do not change meanwhile\n");
}

TEST_F(DrawTest, AViewThatIsNotUnderstoodIsNotDrawn) {
  views.target("x", "id integer!", "select j.id from json_table('[]', '$[*]' columns (id int path '$.id')) j");
  EXPECT_TRUE(draw(views.reading.facts, views.reading.views.at("x"), views.reading.answers.at("x")).empty());
}

}  // namespace
}  // namespace crossfade::mapping::views
