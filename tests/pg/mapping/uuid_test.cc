#include <embedded_sql.h>
#include <gtest/gtest.h>

#include "support/server.h"

namespace crossfade::mapping {
namespace {

/// Rows of v2 that stand under such ids are found again by later versions: what was given out once stays what it is.
TEST(Uuid, GivesForAllTimesTheSameValues) {
  const crossfade::test::Database database;
  crossfade::test::Sql sql(database.conninfo());
  sql.exec("create schema crossfade;" + std::string(sql::engine::uuid));
  const auto of = [&](const std::string& parts) { return sql.value("select crossfade.uuid('6ba7b810-9dad-11d1-80b4-00c04fd430c8', " + parts + ")"); };
  EXPECT_EQ(of("'a', 'bc'"), "e76cec4a-739c-81a5-8f0a-3b50954d629b");
  EXPECT_EQ(of("'ab', 'c'"), "20a5c8ac-8bb0-894f-959a-2912f46cc94e");
  EXPECT_EQ(of("'a,bc'"), "c1de6d6a-a53e-8e12-be07-5f3b1debd460");
  EXPECT_EQ(of("'NULL'"), "8251c983-5fa3-86ff-9c3e-dc325dce2d9d");
  EXPECT_EQ(of("''"), "0dfe446e-eff6-8609-ab03-e9e022181731");
  EXPECT_EQ(of("'Größe \"7\" \\ {}', E'\\n'"), "f2139573-ebb0-83f4-a2a9-b8461e9fd621");
  EXPECT_EQ(sql.value("select crossfade.uuid('00000000-0000-0000-0000-000000000000', 'day', '1', 'weekday 3')"), "7a799195-e5fe-88ab-a4cb-42afd65a0434");
  EXPECT_EQ(of("'a', null"), "");
  EXPECT_EQ(of("null"), "");
  // Version 8 and RFC 9562's variant in every one; by its words, step for step.
  EXPECT_EQ(sql.value("select count(*) from generate_series(1, 5000) n, lateral (select crossfade.uuid(md5(n::text)::uuid, n::text, '\"' || n || ', ') as made) m,"
                      " lateral (select substr(sha256(uuid_send(md5(n::text)::uuid) || convert_to(array[n::text, '\"' || n || ', ']::text, 'UTF8')), 1, 16) as hash) h"
                      " where m.made = encode(set_byte(set_byte(hash, 6, get_byte(hash, 6) & 15 | 128), 8, get_byte(hash, 8) & 63 | 128), 'hex')::uuid"
                      " and m.made::text ~ '^.{14}8.{4}[89ab]'"),
            "5000");
}

}  // namespace
}  // namespace crossfade::mapping
