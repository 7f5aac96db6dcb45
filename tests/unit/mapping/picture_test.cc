#include "mapping/plan/picture.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace crossfade::mapping {
namespace {

Locator locator(const std::string& column, const std::string& lookup = "") {
  Locator made;
  made.columns = {column};
  made.types = {"integer"};
  made.lookup = lookup;
  return made;
}

/// Loans follow members by a derived rule, and the books by a select; the way back is written.
Preflight library() {
  Preflight preflight;
  auto& model = preflight.model;
  model.name = "library";
  model.sources = {{"public", "books", {"id"}, 1}, {"public", "loans", {"id"}, 2}, {"public", "a name & <signs> that no box has room for", {"id"}, 3}};
  Target loans;
  loans.name = "loans";
  loans.table = {"library_v2", "loans"};
  loans.estimated_rows = 5000;
  loans.locators = {locator("id"), locator("id", "select l.id from loans l where l.book_id = any($1)"), locator("member_id")};
  model.targets = {loans};
  model.rules = {{0, 0, 1, {"id"}, {}}, {1, 0, 0, {"id"}, {}}, {2, 0, 2, {"id"}, {}}};
  preflight.derived = {"books leads to id through loans", "loans.id is id", "members.id is member_id"};
  preflight.findings = {{Finding::Level::kWarn, "target loans", "a refresh by id reads public.loans from end to end", "create index …", ExitCode::kPrecondition}};
  Model back;
  back.name = "library";
  back.direction = Direction::kReverse;
  back.sources = {{"library_v2", "loans", {"id"}, 4}};
  Target old;
  old.name = "loans";
  old.table = {"public", "loans"};
  old.locators = {locator("id")};
  back.targets = {old};
  back.rules = {{0, 0, 0, {"id"}, {}}};
  preflight.reverse = back;
  preflight.reverse_derived = {""};
  return preflight;
}

/// With CROSSFADE_UPDATE_GOLDEN=1 in the environment it is drawn anew; look at it, and read the diff.
TEST(Picture, HasTablesRulesAndWhatIsDear) {
  const auto path = std::filesystem::path(CROSSFADE_GOLDEN) / "picture.svg";
  if (std::getenv("CROSSFADE_UPDATE_GOLDEN")) std::ofstream(path) << picture(library());
  std::ifstream file(path);
  const std::string golden{std::istreambuf_iterator<char>(file), {}};
  EXPECT_EQ(picture(library()), golden);
}

TEST(Picture, TellsWhatIsWrittenDerivedAndAskedByASelect) {
  const auto svg = picture(library());
  EXPECT_NE(svg.find("<path class=\"derived select\""), std::string::npos);
  EXPECT_NE(svg.find("<title>members.id is member_id</title>"), std::string::npos);
  EXPECT_NE(svg.find("<path class=\"written\" d=\"M 280"), std::string::npos);
  EXPECT_NE(svg.find("<g class=\"slow\"><title>library_v2.loans</title>"), std::string::npos);
  EXPECT_NE(svg.find("a name &amp; &lt;signs&gt; that no box has room for"), std::string::npos);
  EXPECT_EQ(svg.find("<signs>"), std::string::npos);
}

}  // namespace
}  // namespace crossfade::mapping
