#include "wal/pgoutput.h"

#include <gtest/gtest.h>

#include "base/error/failure.h"
#include "unit/wal/message_builder.h"

namespace crossfade::wal {
namespace {

using Kind = TupleColumn::Kind;

/// Keeps the bytes alive that the message points into.
class PgoutputTest : public testing::Test {
 protected:
  const Message& decoded(std::string bytes) {
    bytes_ = std::move(bytes);
    decode(bytes_, message_);
    return message_;
  }

  /// What the decoder says about bytes that are no message.
  std::string complaint(std::string bytes) {
    try {
      decoded(std::move(bytes));
    } catch (const Failure& failure) {
      EXPECT_NE(failure.advice(), "");
      return failure.what();
    }
    return "";
  }

 private:
  std::string bytes_;
  Message message_;
};

TEST_F(PgoutputTest, ABeginNamesTheCommitRecordAndTheTransaction) {
  const auto& message = decoded(test::begin(0x16'B374D848, 4'294'967'295U, 812'345'678'901'234));
  EXPECT_EQ(message.kind, MessageKind::kBegin);
  EXPECT_EQ(message.commit_lsn, Lsn{0x16'B374D848});
  EXPECT_EQ(message.xid, Xid{4'294'967'295U});
  EXPECT_EQ(message.commit_time, 812'345'678'901'234);
}

TEST_F(PgoutputTest, ACommitHasWhereItsRecordBeginsAndWhereItEnds) {
  const auto& message = decoded(test::commit(0x100, 0x130, -5));
  EXPECT_EQ(message.commit_lsn, Lsn{0x100});
  EXPECT_EQ(message.end_lsn, Lsn{0x130});
  EXPECT_EQ(message.commit_time, -5) << "before 2000";
}

TEST_F(PgoutputTest, ARelationCarriesItsIdentityAndItsColumns) {
  const auto& relation =
      decoded(test::relation(16385, "App", "exercises", 'f', {{"id", 20, true}, {"größe", 1700, false}})).relation;
  EXPECT_EQ(relation.oid, 16385U);
  EXPECT_EQ(relation.schema, "App");
  EXPECT_EQ(relation.name, "exercises");
  EXPECT_EQ(relation.identity, 'f');
  ASSERT_EQ(relation.columns.size(), 2U);
  EXPECT_TRUE(relation.columns[0].in_identity);
  EXPECT_EQ(relation.columns[1].name, "größe");
  EXPECT_EQ(relation.columns[1].type_oid, 1700U);
  EXPECT_FALSE(relation.columns[1].in_identity);
}

TEST_F(PgoutputTest, ASecondRelationReplacesTheFirstWhole) {
  decoded(test::relation(1, "public", "t", 'd', {{"id"}, {"gone"}}));
  EXPECT_EQ(decoded(test::relation(1, "public", "t", 'd', {{"id"}})).relation.columns.size(), 1U);
}

TEST_F(PgoutputTest, ANamespaceWithoutANameIsPgCatalog) {
  EXPECT_EQ(decoded(test::relation(1, "", "pg_am", 'd', {})).relation.schema, "pg_catalog");
}

TEST_F(PgoutputTest, TypeAndOriginMessagesAreKnown) {
  EXPECT_EQ(decoded(test::type(9, "public", "mood")).kind, MessageKind::kType);
  EXPECT_EQ(decoded(test::origin("upstream")).kind, MessageKind::kOrigin);
}

TEST_F(PgoutputTest, NullUnchangedTextAndBinaryAreFourThings) {
  const auto& row = decoded(test::insert(5, {{'n'}, {'u'}, {'t', ""}, {'b', "\x02"}})).new_tuple;
  ASSERT_EQ(row.size(), 4U);
  EXPECT_EQ(row[0].kind, Kind::kNull);
  EXPECT_EQ(row[1].kind, Kind::kUnchanged);
  EXPECT_EQ(row[2].kind, Kind::kText) << "an empty text is not NULL";
  EXPECT_EQ(row[2].text, "");
  EXPECT_EQ(row[3].kind, Kind::kBinary);
  EXPECT_EQ(row[3].text, "\x02");
}

TEST_F(PgoutputTest, AValueMayContainAnyByte) {
  const std::string value("a\0\xFF\n\t", 5);
  EXPECT_EQ(decoded(test::insert(5, {{'t', value}})).new_tuple.at(0).text, value);
}

TEST_F(PgoutputTest, AnUpdateThatLeavesTheIdentityAloneHasNoOldRow) {
  decoded(test::update(5, 'K', {{'t', "1"}}, {{'t', "2"}}));
  const auto& message = decoded(test::update(5, {{'t', "2"}, {'u'}}));
  EXPECT_EQ(message.old, Message::Old::kNone) << "nothing of the message before shows through";
  EXPECT_EQ(message.new_tuple.at(1).kind, Kind::kUnchanged);
}

TEST_F(PgoutputTest, AnUpdateOfTheKeyHasTheOldKey) {
  const auto& message = decoded(test::update(5, 'K', {{'t', "1"}, {'n'}}, {{'t', "2"}, {'t', "x"}}));
  EXPECT_EQ(message.old, Message::Old::kKey);
  EXPECT_EQ(message.old_tuple.at(0).text, "1");
  EXPECT_EQ(message.new_tuple.at(0).text, "2");
}

TEST_F(PgoutputTest, UnderFullIdentityTheOldRowHasTheValueThatTheNewOneOmits) {
  const auto& message = decoded(test::update(5, 'O', {{'t', "1"}, {'t', "long"}}, {{'t', "1"}, {'u'}}));
  EXPECT_EQ(message.old, Message::Old::kFull);
  EXPECT_EQ(message.old_tuple.at(1).text, "long");
}

TEST_F(PgoutputTest, ADeleteHasTheKeyOrTheWholeRow) {
  EXPECT_EQ(decoded(test::remove(5, 'K', {{'t', "1"}, {'n'}})).old, Message::Old::kKey);
  EXPECT_EQ(decoded(test::remove(5, 'O', {{'t', "1"}, {'t', "x"}})).old, Message::Old::kFull);
}

TEST_F(PgoutputTest, ATruncateNamesSeveralTables) {
  EXPECT_EQ(decoded(test::truncate({5, 6, 7})).truncated, (std::vector<std::uint32_t>{5, 6, 7}));
  EXPECT_EQ(decoded(test::truncate({8})).truncated, std::vector<std::uint32_t>{8});
}

TEST_F(PgoutputTest, ALogicalMessageSaysWhetherItBelongsToItsTransaction) {
  const auto& message = decoded(test::message(true, "crossfade", "beat 7"));
  EXPECT_TRUE(message.transactional);
  EXPECT_EQ(message.prefix, "crossfade");
  EXPECT_EQ(message.content, "beat 7");
  EXPECT_FALSE(decoded(test::message(false, "x", "")).transactional);
}

TEST_F(PgoutputTest, AnUnknownMessageIsAnErrorAndNotSkipped) {
  for (const char kind : {'S', 'E', 'c', 'A', 'b', 'P', '\0', '\xFF'}) {
    EXPECT_NE(complaint(test::Bytes(kind).int32(1)).find("is not known"), std::string::npos) << kind;
  }
}

TEST_F(PgoutputTest, ATruncatedMessageSaysWhichKindItWas) {
  EXPECT_NE(complaint("I").find("Insert message"), std::string::npos);
  EXPECT_NE(complaint("").find("ends too early"), std::string::npos);
}

TEST_F(PgoutputTest, EveryTruncationOfEveryMessageIsAFailure) {
  for (const auto& whole : test::one_of_each()) {
    EXPECT_EQ(complaint(whole), "");
    for (std::size_t length = 0; length < whole.size(); ++length) {
      EXPECT_NE(complaint(whole.substr(0, length)), "") << whole[0] << " cut to " << length << " bytes";
    }
  }
}

TEST_F(PgoutputTest, AByteTooMuchIsAFailure) {
  for (const auto& whole : test::one_of_each()) EXPECT_NE(complaint(whole + '\0'), "") << whole[0];
}

TEST_F(PgoutputTest, ALengthBeyondTheMessageIsAFailure) {
  for (const std::uint64_t length : {2U, 0x7FFFFFFFU, 0x80000000U, 0xFFFFFFFFU}) {
    EXPECT_NE(complaint(test::Bytes('I').int32(5).raw("N").int16(1).raw("t").int32(length).raw("x")), "");
  }
}

TEST_F(PgoutputTest, AColumnOfAnUnknownKindIsAFailure) { EXPECT_NE(complaint(test::insert(5, {{'z'}})), ""); }

TEST_F(PgoutputTest, ARowWithoutItsMarkerIsAFailure) {
  const auto row = test::tuple({{'t', "1"}});
  EXPECT_NE(complaint(test::Bytes('I').int32(5).raw("K").raw(row)), "") << "an insert has no old row";
  EXPECT_NE(complaint(test::Bytes('U').int32(5).raw("K").raw(row).raw("K").raw(row)), "") << "one old row, one new row";
  EXPECT_NE(complaint(test::Bytes('D').int32(5).raw("N").raw(row)), "") << "a delete has no new row";
}

}  // namespace
}  // namespace crossfade::wal
