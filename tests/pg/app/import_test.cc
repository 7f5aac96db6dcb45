#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <utility>

#include "base/error/exit_code.h"
#include "support/move.h"

namespace crossfade::test {
namespace {

namespace fs = std::filesystem;
using Lines = std::vector<std::string>;
using namespace std::string_literals;

class ImportTest : public Postgres {
 protected:
  ImportTest() {
    fs::create_directory(folder);
    sql.exec("create table exports (id bigint generated always as identity, body jsonb not null, file text, line bigint,"
             " digest text generated always as (md5(body::text)) stored unique)");
  }
  ~ImportTest() override { fs::remove_all(folder); }

  std::string file(const std::string& name, const std::string& text) const {
    std::ofstream(folder / name, std::ios::binary) << text;
    return (folder / name).string();
  }
  /// Exit code, and results and complaints together.
  std::pair<int, std::string> import(Lines words, const std::string& input = "/dev/null") {
    std::string typed = CROSSFADE_BINARY " import";
    for (const auto& word : words) typed += " '" + word + "'";
    Program program({"/bin/sh", "-c", "exec " + typed + " < " + input}, folder / ("output-" + std::to_string(++calls)),
                    {{"CROSSFADE_SOURCE", database.conninfo()}});
    const auto exit = program.exit_within(std::chrono::seconds(60));
    return {exit.value_or(-1), program.output()};
  }

  const fs::path folder = fs::path(testing::TempDir()) / ("import-" + std::to_string(getpid()));
  int calls = 0;
};

constexpr int code(ExitCode exit) { return static_cast<int>(exit); }

TEST_F(ImportTest, EveryGoodLineIsThereAndEveryBadOneIsNamed) {
  const auto name = file("mixed.ndjson",
                         "\xEF\xBB\xBF{\"n\": 1}\n"       // a byte order mark
                         "{\"n\": 2}\r\n"                 // the end of a line on Windows
                         "\n  \r\n"                       // blank
                         "{\"n\": 5\n"                    // cut off
                         "{\"n\": \"\\u0000\"}\n"         // what no text can hold
                         "{\"n\": \"a\0b\"}\n"s +         // a byte of nothing
                             "{\"n\": \"\xff\xfe\"}\n"        // no UTF-8
                             "{\"t\": \"a\tb\\\\n\"}\n"       // a raw tab, which JSON does not allow
                             "{\"n\": \"back\\\\slash \xC3\xA9\"}\n"
                             "{\"n\": 11}");                  // without an end
  const auto [exit, text] = import({"exports", name});
  EXPECT_EQ(exit, code(ExitCode::kMismatch)) << text;
  EXPECT_EQ(sql.rows("select line, body ->> 'n' from exports order by id"), (Lines{"1|1", "2|2", "10|back\\slash é", "11|11"}));
  EXPECT_EQ(sql.value("select count(*) from exports where file = '" + name + "'"), "4");
  EXPECT_NE(text.find(name + ":5: invalid input syntax for type json"), std::string::npos) << text;
  EXPECT_NE(text.find(name + ":6: unsupported Unicode escape sequence"), std::string::npos) << text;
  EXPECT_NE(text.find(name + ":7: invalid byte sequence for encoding \"UTF8\": 0x00"), std::string::npos) << text;
  EXPECT_NE(text.find(name + ":8: invalid byte sequence"), std::string::npos) << text;
  EXPECT_NE(text.find(name + ":9: invalid input syntax"), std::string::npos) << text;
  EXPECT_NE(text.find(name + ": 9 lines, 4 imported, 0 already there, 5 bad"), std::string::npos) << text;
}

TEST_F(ImportTest, ALineWithoutEndNeitherFillsTheMemoryNorTakesTheNextAlong) {
  const auto name = file("long.ndjson", "{\"n\": 1}\n\"" + std::string((64 << 20) + 1, 'x') + "\"\n{\"n\": 3}\n");
  const auto [exit, text] = import({"exports", name});
  EXPECT_EQ(exit, code(ExitCode::kMismatch)) << text;
  EXPECT_NE(text.find(name + ":2: longer than 64"), std::string::npos) << text;
  EXPECT_EQ(sql.rows("select line from exports order by id"), (Lines{"1", "3"}));
}

TEST_F(ImportTest, NestingBeyondTheServersStackIsABadLineToo) {
  const auto name = file("deep.ndjson", std::string(1 << 20, '[') + "\n[]\n");
  const auto [exit, text] = import({"exports", name});
  EXPECT_EQ(exit, code(ExitCode::kMismatch)) << text;
  EXPECT_NE(text.find(name + ":1: stack depth limit exceeded"), std::string::npos) << text;
  EXPECT_EQ(sql.value("select count(*) from exports"), "1");
}

TEST_F(ImportTest, ImportedAgainAFileAddsOnlyWhatIsNew) {
  const auto first = file("first.ndjson", "{\"n\": 1}\n{\"n\": 2}\n{\"n\": 2}\n");
  EXPECT_EQ(import({"exports", first}), std::make_pair(0, first + ": 3 lines, 2 imported, 1 already there, 0 bad\n"));
  const auto longer = file("longer.ndjson", "{\"n\": 1}\n{\"n\": 2}\n{\"n\": 3}\n");
  EXPECT_EQ(import({"exports", first, longer}).first, 0);
  EXPECT_EQ(sql.value("select count(*) from exports"), "3");
}

TEST_F(ImportTest, AFileIsInWholeOrNotAtAll) {
  sql.exec("alter table exports add check (body ->> 'n' <> 'no')");
  const auto good = file("good.ndjson", "{\"n\": 1}\n");
  const auto refused = file("refused.ndjson", "{\"n\": 2}\n{\"n\": \"no\"}\n");
  const auto [exit, text] = import({"exports", good, refused});
  EXPECT_EQ(exit, code(ExitCode::kPrecondition)) << text;
  EXPECT_NE(text.find("exports_body_check"), std::string::npos) << text;
  EXPECT_EQ(sql.rows("select file from exports"), Lines{good});
}

TEST_F(ImportTest, StandardInputIsAFileToo) {
  const auto name = file("input.ndjson", "{\"n\": 1}\nnonsense\n");
  const auto [exit, text] = import({"exports", "-"}, name);
  EXPECT_EQ(exit, code(ExitCode::kMismatch)) << text;
  EXPECT_NE(text.find("-:2: invalid input syntax"), std::string::npos) << text;
  EXPECT_EQ(sql.rows("select file, line from exports"), Lines{"-|1"});
}

TEST_F(ImportTest, AFileThatCannotBeReadIsToldBeforeAnyIsImported) {
  const auto good = file("good.ndjson", "{\"n\": 1}\n");
  for (const auto& other : {(folder / "missing.ndjson").string(), folder.string()}) {
    const auto [exit, text] = import({"exports", good, other});
    EXPECT_EQ(exit, code(ExitCode::kUsage)) << text;
    EXPECT_NE(text.find(other), std::string::npos) << text;
  }
  EXPECT_EQ(sql.value("select count(*) from exports"), "0");
}

TEST_F(ImportTest, ATableThatCannotTakeLinesIsRefused) {
  sql.exec("create table plain (id int); create table two (a jsonb, b jsonb); create schema other;"
           "create table other.\"Exports\" (body jsonb)");
  const auto good = file("good.ndjson", "{\"n\": 1}\n");
  sql.exec("create table deferred (id int unique deferrable, body jsonb)");
  for (const char* table : {"missing", "plain", "two", "deferred"}) {
    const auto [exit, text] = import({table, good});
    EXPECT_EQ(exit, code(ExitCode::kPrecondition)) << text;
  }
  EXPECT_EQ(import({"other.\"Exports\"", good}).first, 0) << "any schema, quoted names, no columns for the origin";
  EXPECT_EQ(import({"exports"}).first, code(ExitCode::kUsage));
}

TEST_F(ImportTest, WhatTheBrowsersHadIsInV2AsSoonAsItIsImported) {
  Move move(migration("dynprot"));
  move.sql().exec("insert into users (id, email, username, password) values ('ann', 'ann@example.com', 'ann', 'secret')");
  move.start_daemon();
  ASSERT_TRUE(move.logged("following"));
  const auto name = file("browsers.ndjson",
                         "{\"userId\": \"ann\", \"meals\": [{\"description\": \"Oats\", \"protein\": 30, \"timestamp\": \"2025-01-01T08:00:00Z\"}]}\n"
                         "{\"userId\": \"ann\", \"meals\": [\n");
  const auto [exit, text] = move.call({"import", "localstorage_exports", name});
  EXPECT_EQ(exit, code(ExitCode::kMismatch)) << text;
  move.expect_equal();
  EXPECT_EQ(move.sql().rows("select summary_date, total_protein_g from dynprot_v2.daily_summaries"), Lines{"2025-01-01|30.00"});
  EXPECT_EQ(move.sql().rows("select file, line, meals_taken from dynprot_v2.import_status"), Lines{name + "|1|1"});
  move.stop_daemon();
}

TEST_F(ImportTest, AScriptGetsJson) {
  const auto name = file("one.ndjson", "{\"n\": 1}\n[\n");
  const auto [exit, text] = import({"exports", name, "--json"});
  EXPECT_EQ(exit, code(ExitCode::kMismatch));
  EXPECT_EQ(sql.value("select d ->> 'table' || (d #>> '{files,0,imported}') || (d #>> '{files,0,bad,0,line}') from (select '" + text + "'::jsonb d) t"),
            "public.exports12");
}

}  // namespace
}  // namespace crossfade::test
