#include "verify/explain/explain.h"

#include <gtest/gtest.h>

#include "base/error/failure.h"
#include "verify/explain/explain_text.h"

namespace crossfade::verify {
namespace {

mapping::Model model() {
  mapping::Model model;
  model.name = "gym";
  mapping::Target sets;
  sets.name = "sets";
  sets.locators = {{{"day", "no"}, {"date", "integer"}, "", {}, ""},
                   {{"id"}, {"integer"}, "", {}, ""},
                   {{"id"}, {"integer"}, "select 1 where 1 = any($1)", {}, ""}};
  model.targets = {sets};
  return model;
}

KeyValues values(const std::vector<std::string>& texts) { return {texts.begin(), texts.end()}; }

TEST(ExplainKey, IsValuesOfTheFirstLocatorOrNamesTheColumnsOfAny) {
  EXPECT_EQ(key_from_words(model(), 0, {"2026-01-01", "7"}), Key(0, 0, values({"2026-01-01", "7"})));
  EXPECT_EQ(key_from_words(model(), 0, {"no=7", "day=2026-01-01"}), Key(0, 0, values({"2026-01-01", "7"})));
  EXPECT_EQ(key_from_words(model(), 0, {"id=42"}), Key(0, 1, values({"42"})));
  EXPECT_EQ(key_from_words(model(), 0, {"a=b", "7"}), Key(0, 0, values({"a=b", "7"}))) << "no locator has a column a";
}

TEST(ExplainKey, ThatFitsNoLocatorIsRefusedWithThoseThatThereAre) {
  for (const auto& words : std::vector<std::vector<std::string>>{{"7"}, {"day=2026-01-01"}, {"id=42", "no=7"}, {"a", "b", "c"}}) {
    try {
      key_from_words(model(), 0, words);
      ADD_FAILURE() << words.front();
    } catch (const Failure& failure) {
      EXPECT_EQ(failure.exit(), ExitCode::kUsage);
      EXPECT_NE(failure.advice().find("of one: day, no; id"), std::string::npos) << failure.advice();
    }
  }
}

v1::ExplainReply differing() {
  v1::ExplainReply reply;
  reply.set_direction("forward");
  reply.set_target("sets");
  reply.set_key("id 42");
  reply.set_consistent_lsn("0/10");
  reply.set_end_of_wal("0/20");
  reply.set_engine_running(true);
  auto& source = *reply.add_sources();
  source.set_table("public.sets");
  source.set_rule("id: id");
  source.add_rows(R"({"id": 42, "weight": 5})");
  auto& row = *reply.add_rows();
  row.set_key("id 42");
  row.set_differs(true);
  row.set_view(R"({"id": 42, "kg": 5})");
  row.set_shadow(R"({"id": 42, "kg": 4})");
  row.set_written_by("812");
  auto& column = *row.add_columns();
  column.set_name("kg");
  column.set_view("5");
  column.set_shadow("4");
  return reply;
}

std::string verdict(const v1::ExplainReply& reply) {
  const auto text = to_text(reply);
  return text.substr(0, text.find('\n'));
}

TEST(ExplainText, ShowsBothSidesAndWhatDiffers) {
  EXPECT_EQ(to_text(differing()),
            "sets id 42: differs: on its way, or drifted; crossfade verify --target sets tells which\n"
            "v1 rows that lead to it\n"
            "  public.sets  (id: id)\n"
            "    {\"id\": 42, \"weight\": 5}\n"
            "rows\n"
            "  id 42  differs\n"
            "    view    {\"id\": 42, \"kg\": 5}\n"
            "    shadow  {\"id\": 42, \"kg\": 4}\n"
            "            written by transaction 812\n"
            "    column kg: view 5, shadow 4\n"
            "nothing of it waits in crossfade.dirty\n"
            "nothing of it is in quarantine\n"
            "readable up to 0/10; the log ends at 0/20\n");
}

TEST(ExplainText, SaysWhatIsLeftToDo) {
  const auto step = [](v1::ExplainReply reply) {
    add_next_steps(reply);
    return reply.next_steps().empty() ? std::string{} : reply.next_steps(0);
  };
  auto reply = differing();
  EXPECT_EQ(step(reply), "crossfade verify --target sets: whether it is on its way, or drifted");
  reply.add_pending()->set_key("id 42");
  EXPECT_EQ(step(reply), "") << "a daemon runs, and will come to it";
  reply.set_engine_running(false);
  EXPECT_EQ(step(reply), "crossfade run: what waits is refreshed by a daemon");
  reply.add_quarantined()->set_key("id 42");
  EXPECT_EQ(step(reply), "crossfade quarantine retry: once the row, or the view, is mended");
  reply.mutable_rows(0)->set_differs(false);
  EXPECT_EQ(step(reply), "");
}

TEST(ExplainText, TheFirstLineNamesTheReasonThatIsKnown) {
  auto reply = differing();
  EXPECT_EQ(exit_code(reply), ExitCode::kMismatch);
  reply.set_engine_running(false);
  EXPECT_EQ(verdict(reply), "sets id 42: differs; no daemon runs, so what it has still to apply looks like drift");
  reply.add_pending()->set_key("every row");
  EXPECT_EQ(verdict(reply), "sets id 42: differs, and waits in crossfade.dirty to be refreshed");
  reply.add_quarantined()->set_key("id 42");
  EXPECT_EQ(verdict(reply), "sets id 42: differs, because the key is in quarantine: mend the row or the view; crossfade quarantine retry");

  auto lazy = differing();
  lazy.set_lazy(true);
  lazy.mutable_rows(0)->set_shadow("");
  EXPECT_EQ(verdict(lazy), "sets id 42: not asked for yet: crossfade refresh sets");

  auto kept = differing();
  kept.mutable_rows(0)->set_differs(false);
  kept.mutable_rows(0)->set_kept(true);
  kept.mutable_rows(0)->set_view("");
  EXPECT_EQ(exit_code(kept), ExitCode::kOk);
  EXPECT_NE(to_text(kept).find("  id 42  stays: rejects.sql names it\n    view    no row\n"), std::string::npos);
  kept.clear_rows();
  EXPECT_EQ(verdict(kept), "sets id 42: neither the view nor the shadow table has a row");
}

}  // namespace
}  // namespace crossfade::verify
