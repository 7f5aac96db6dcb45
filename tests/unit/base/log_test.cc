#include "base/telemetry/log.h"

#include <gtest/gtest.h>

namespace crossfade::log {
namespace {

constexpr auto kAt = "2024-05-01T12:00:00.000Z";

std::string line_of(Format format, const std::vector<Field>& fields) {
  return line(format, Level::kInfo, kAt, "chunk done", fields);
}

TEST(LogTest, TextIsForPeople) {
  EXPECT_EQ(line_of(Format::kText, {{"target", "days"}, {"rows", 12}}),
            "2024-05-01T12:00:00.000Z info  chunk done target=days rows=12");
}

TEST(LogTest, LogfmtQuotesWhatHasBlanksQuotesOrNothing) {
  EXPECT_EQ(line_of(Format::kLogfmt, {{"target", "days"}, {"why", R"(a "b"=c)"}, {"empty", ""}}),
            R"(time=2024-05-01T12:00:00.000Z level=info event="chunk done" target=days why="a \"b\"=c" empty="")");
}

TEST(LogTest, JsonEscapesQuotesBackslashesAndControlCharacters) {
  EXPECT_EQ(line_of(Format::kJson, {{"why", "a\"b\\c\nd"}}),
            R"({"time":"2024-05-01T12:00:00.000Z","level":"info","event":"chunk done","why":"a\"b\\c\nd"})");
}

TEST(LogTest, AnEventIsOneLineInEveryFormat) {
  for (const auto format : {Format::kText, Format::kLogfmt, Format::kJson}) {
    EXPECT_EQ(line_of(format, {{"why", "one\ntwo"}}).find('\n'), std::string::npos);
  }
}

TEST(LogTest, NoFormatShowsAPassword) {
  for (const auto format : {Format::kText, Format::kLogfmt, Format::kJson}) {
    for (const auto* secret :
         {"host=db password=hunter2 user=me", "password = 'hunter2'", "PASSWORD=hunter2",
          "postgresql://me:hunter2@db/app", "postgres://me:hunter2@db",
          "postgresql://db/app?user=me&password=hunter2&sslmode=require", R"(password='it\'s hunter2')", "PGPASSWORD=hunter2",
          "sslpassword=hunter2", "alter role app PASSWORD 'hunter2'", "create role app login password  'hunter2",
          "select dblink_connect('host=db password=hunter2')", R"(password="hunter2")", "alter role app password E'hunter2'", "alter role app password U&'hunter2'",
          "alter role app password $$hunter2$$", "alter role app password $a1$hunter2 $$ hunter2$a1$ valid until 'infinity'", R"({"password": "hunter2"})",
          R"({"user":"me","PASSWORD":"hunter2","host":"db"})", "mysql://me:hunter2@db/app", "postgres://me:hunt%65r2/hunter2@db/app"}) {
      EXPECT_EQ(line_of(format, {{"conninfo", secret}}).find("hunter2"), std::string::npos) << secret;
    }
  }
}

TEST(LogTest, WhatIsNoPasswordStaysReadable) {
  EXPECT_EQ(redact("host=db password=x user=me"), "host=db password=*** user=me");
  EXPECT_EQ(redact("postgresql://me:x@db/app"), "postgresql://me:***@db/app");
  EXPECT_EQ(redact("postgresql://me@db:5432/app"), "postgresql://me@db:5432/app");
  EXPECT_EQ(redact("see https://example.org/a:b@c"), "see https://example.org/a:b@c");
}

TEST(LogTest, APasswordWithAnAtSignIsBlottedOutWhole) {
  EXPECT_EQ(redact("postgresql://me:hun@ter2@db/app").find("ter2"), std::string::npos);
}

TEST(LogTest, TextThatBreaksOffIsBlottedOutToItsEnd) {
  EXPECT_EQ(redact("password='hunter2"), "password=***");
  EXPECT_EQ(redact(R"(password='hunter2\)"), "password=***");
  EXPECT_EQ(redact("password="), "password=");
  EXPECT_EQ(redact("password"), "password");
  EXPECT_EQ(redact("password $1"), "password $1");
  EXPECT_EQ(redact("password $a$hunter2"), "password ***");
  EXPECT_EQ(redact(R"("password" of)"), R"("password" of)");
  EXPECT_EQ(redact("a password is asked for, password = x"), "a password is asked for, password = ***");
}

TEST(LogTest, EveryPasswordOfALineIsBlottedOut) {
  EXPECT_EQ(redact("postgres://a:x@h1 postgresql://b:y@h2/d?password=z&sslmode=require password=w"),
            "postgres://a:***@h1 postgresql://b:***@h2/d?password=***&sslmode=require password=***");
}

TEST(LogTest, APasswordOfAnyLengthIsBlottedOut) {
  EXPECT_EQ(redact("password=" + std::string(1 << 20, 'x') + " user=me"), "password=*** user=me");
  EXPECT_EQ(redact("postgresql://me:" + std::string(1 << 20, 'x') + "@db/app"), "postgresql://me:***@db/app");
}

TEST(LogTest, WhatIsHandedOnHasTheEventsButNoRows) {
  testing::internal::CaptureStderr();
  warn("key is set aside", {{"target", "days"}, quoting("key", "a private key"), {"sqlstate", "22P02"}});
  EXPECT_NE(testing::internal::GetCapturedStderr().find(R"(key="a private key")"), std::string::npos);
  EXPECT_NE(recent().find("warn  key is set aside target=days key=… sqlstate=22P02\n"), std::string::npos) << recent();
}

TEST(LogTest, WhatIsHandedOnIsBounded) {
  testing::internal::CaptureStderr();
  for (int n = 0; n < 2000; ++n) info("event", {{"number", n}, {"long", std::string(5000, 'x')}});
  testing::internal::GetCapturedStderr();
  EXPECT_LT(recent().size(), 500'000);
  EXPECT_NE(recent().find("number=1999 "), std::string::npos);
}

}  // namespace
}  // namespace crossfade::log
