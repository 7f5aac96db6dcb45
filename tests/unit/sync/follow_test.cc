#include "sync/queue/follow.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/error/failure.h"

namespace crossfade::sync {
namespace {

using Kind = wal::TupleColumn::Kind;
using Old = wal::Message::Old;
using wal::Message;
using wal::MessageKind;
using wal::Tuple;

constexpr std::uint32_t kPlans = 1;
constexpr std::uint32_t kExercises = 2;
constexpr std::uint32_t kUnrelated = 3;
constexpr std::uint32_t kPartition = 4;

wal::TupleColumn text(std::string_view value) { return {Kind::kText, value}; }
constexpr wal::TupleColumn kNull{Kind::kNull, {}};
constexpr wal::TupleColumn kUnchanged{Kind::kUnchanged, {}};

/// Plans and their exercises (id, plan_id, name, notes). A plan makes the plan and its days; an exercise makes itself, and
/// its plan's days unless only its notes changed.
class FollowTest : public testing::Test {
 protected:
  static mapping::Model gym() {
    mapping::Model of_gym;
    const mapping::Locator id{{"id"}, {"integer"}, "", {}, ""};
    const mapping::Locator plan_id{{"plan_id"}, {"integer"}, "", {}, ""};
    of_gym.name = "gym";
    of_gym.sources = {{"public", "plans", {"id"}, kPlans}, {"public", "exercises", {"id"}, kExercises}};
    of_gym.targets = {{"plans", {}, {"id"}, {id}, 0, "", 0}, {"days", {}, {"id"}, {plan_id}, 0, "", 0},
                     {"exercises", {}, {"id"}, {id}, 0, "", 0}};
    of_gym.rules = {{0, 0, 0, {"id"}, {"id", "title"}},
                    {0, 1, 0, {"id"}, {"id"}},
                    {1, 1, 0, {"plan_id"}, {"plan_id", "name"}},
                    {1, 2, 0, {"id"}, {"id", "plan_id", "name", "notes"}}};
    return of_gym;
  }

  FollowTest() {
    follow.trust("secret");
    follow.take(begin(7));
    describe(kPlans, "plans", {"id", "title"});
    describe(kExercises, "exercises", {"id", "plan_id", "name", "notes"});
  }

  static Message begin(std::uint32_t xid) {
    Message message;
    message.kind = MessageKind::kBegin;
    message.xid = Xid{xid};
    return message;
  }

  static Message of_row(MessageKind kind, std::uint32_t oid, Old old, Tuple before, Tuple now) {
    Message message;
    message.kind = kind;
    message.relation_oid = oid;
    message.old = old;
    message.old_tuple = std::move(before);
    message.new_tuple = std::move(now);
    return message;
  }

  enum class Identity { kWhole, kId };
  void describe(std::uint32_t oid, const std::string& table, const std::vector<std::string>& columns, Identity identity = Identity::kWhole) {
    Message message;
    message.kind = MessageKind::kRelation;
    message.relation.oid = oid;
    message.relation.schema = "public";
    message.relation.name = table;
    for (const auto& column : columns) message.relation.columns.push_back({column, 23, identity == Identity::kWhole || column == "id"});
    follow.take(message);
  }

  void insert(std::uint32_t oid, Tuple now) { follow.take(of_row(MessageKind::kInsert, oid, Old::kNone, {}, std::move(now))); }
  void update(std::uint32_t oid, Tuple now) { update(oid, Old::kNone, {}, std::move(now)); }
  void update(std::uint32_t oid, Old old, Tuple before, Tuple now) {
    follow.take(of_row(MessageKind::kUpdate, oid, old, std::move(before), std::move(now)));
  }
  void remove(std::uint32_t oid, Old old, Tuple before) {
    follow.take(of_row(MessageKind::kDelete, oid, old, std::move(before), {}));
  }

  void truncate(std::vector<std::uint32_t> oids) {
    Message message;
    message.kind = MessageKind::kTruncate;
    message.truncated = std::move(oids);
    follow.take(message);
  }

  static std::string own(const std::string& words) { return "gym\nsecret\n" + words; }

  void say(std::string_view prefix, std::string_view content, bool transactional) {
    Message message;
    message.kind = MessageKind::kMessage;
    message.transactional = transactional;
    message.prefix = prefix;
    message.content = content;
    follow.take(message);
  }

  Batch commit() {
    Message message;
    message.kind = MessageKind::kCommit;
    message.end_lsn = Lsn{100};
    follow.take(message);
    return queue.take_seen(Snapshot::parse("900:900:").value(), 1000);
  }

  /// Commits, and says what was offered: "days 1", "days null", "days *".
  std::vector<std::string> offered() {
    std::vector<std::string> out;
    for (const auto& key : commit().keys) {
      const auto& target = model.targets.at(key->target()).name;
      out.push_back(target + " " + (key->names_every_row() ? "*" : key->values().front().value_or("null")));
    }
    std::sort(out.begin(), out.end());
    return out;
  }

  using Offers = std::vector<std::string>;

  const mapping::Model model = gym();
  KeyQueue queue;
  Follow follow{model, queue};
};

TEST_F(FollowTest, ATransactionCarriesItsXidAndItsEnd) {
  insert(kPlans, {text("1"), text("summer")});
  const auto batch = commit();
  EXPECT_EQ(batch.transactions.front().xid, Xid{7});
  EXPECT_EQ(queue.settled_without(batch, Lsn{}), Lsn{100});
}

TEST_F(FollowTest, AGeneratedColumnCountsWhereTheStreamHasIt) {
  auto generated = gym();
  for (auto& rule : generated.rules) rule.generated_columns = {"shout"};
  Follow of_generated(generated, queue);
  const auto described = [&](const std::vector<std::string>& columns) {
    Message message;
    message.kind = MessageKind::kRelation;
    message.relation.oid = kExercises;
    message.relation.schema = "public";
    message.relation.name = "exercises";
    for (const auto& column : columns) message.relation.columns.push_back({column, 23, column == "id"});
    return message;
  };
  of_generated.take(described({"id", "plan_id", "name", "notes"}));
  const Tuple before = {text("1"), text("2"), text("push"), text("a")};
  of_generated.take(of_row(MessageKind::kUpdate, kExercises, Old::kFull, before, {text("1"), text("2"), text("push"), text("b")}));
  EXPECT_EQ(offered(), Offers{"exercises 1"});
  of_generated.take(begin(8));
  of_generated.take(described({"id", "plan_id", "name", "notes", "shout"}));
  const Tuple loud = {text("1"), text("2"), text("push"), text("a"), text("PUSH")};
  of_generated.take(of_row(MessageKind::kUpdate, kExercises, Old::kFull, loud, {text("1"), text("2"), text("push"), text("a"), text("pull")}));
  EXPECT_EQ(offered(), (Offers{"days 2", "exercises 1"}));
}

TEST_F(FollowTest, AnInsertOffersTheKeyOfEveryRule) {
  insert(kPlans, {text("1"), text("summer")});
  EXPECT_EQ(offered(), (Offers{"days 1", "plans 1"}));
  EXPECT_EQ(follow.offered(), (std::vector<std::uint64_t>{1, 1, 0}));
}

TEST_F(FollowTest, ANullIsAKeyLikeAnyOther) {
  insert(kExercises, {text("5"), kNull, text("squat"), kNull});
  EXPECT_EQ(offered(), (Offers{"days null", "exercises 5"}));
}

TEST_F(FollowTest, AnUpdateThatKeepsTheIdentityOffersItsKeys) {
  update(kExercises, {text("5"), text("1"), text("squat"), kNull});
  EXPECT_EQ(offered(), (Offers{"days 1", "exercises 5"}));
}

TEST_F(FollowTest, Invariant5AnExerciseMovedBetweenPlansDirtiesBoth) {
  update(kExercises, Old::kFull, {text("5"), text("1"), text("squat"), kNull}, {text("5"), text("2"), text("squat"), kNull});
  EXPECT_EQ(offered(), (Offers{"days 1", "days 2", "exercises 5"}));
}

TEST_F(FollowTest, Invariant5ARowWhoseKeyChangedDirtiesTheOldAndTheNewOne) {
  update(kPlans, Old::kKey, {text("1"), kNull}, {text("2"), text("summer")});
  EXPECT_EQ(offered(), (Offers{"days 1", "days 2", "plans 1", "plans 2"}));
}

TEST_F(FollowTest, AMoveToOrFromNoPlanDirtiesBoth) {
  update(kExercises, Old::kFull, {text("5"), text("1"), text("squat"), kNull}, {text("5"), kNull, text("squat"), kNull});
  update(kExercises, Old::kFull, {text("6"), kNull, text("squat"), kNull}, {text("6"), text("2"), text("squat"), kNull});
  EXPECT_EQ(offered(), (Offers{"days 1", "days 2", "days null", "exercises 5", "exercises 6"}));
}

TEST_F(FollowTest, AChangeOfNothingThatTheTargetReadsOffersItNothing) {
  update(kExercises, Old::kFull, {text("5"), text("1"), text("squat"), kNull}, {text("5"), text("1"), text("squat"), text("slow")});
  EXPECT_EQ(offered(), Offers{"exercises 5"});
}

TEST_F(FollowTest, AChangeBetweenNullAndEmptyTextIsAChange) {
  update(kExercises, Old::kFull, {text("5"), text("1"), kNull, kNull}, {text("5"), text("1"), text(""), kNull});
  EXPECT_EQ(offered(), (Offers{"days 1", "exercises 5"}));
}

TEST_F(FollowTest, WithoutTheWholeOldRowEveryChangeMayMatter) {
  update(kPlans, Old::kKey, {text("1"), kNull}, {text("1"), text("summer")});
  EXPECT_EQ(offered(), (Offers{"days 1", "plans 1"}));
}

TEST_F(FollowTest, AnUntouchedValueThatIsOutOfLineIsTakenFromTheOldRow) {
  update(kExercises, Old::kFull, {text("5"), text("1"), text("squat"), kNull}, {text("5"), kUnchanged, text("lunge"), kNull});
  EXPECT_EQ(offered(), (Offers{"days 1", "exercises 5"}));
}

TEST_F(FollowTest, AnUntouchedValueThatIsOutOfLineIsNoChange) {
  update(kExercises, Old::kFull, {text("5"), text("1"), text("squat"), kNull}, {text("5"), text("1"), kUnchanged, text("slow")});
  EXPECT_EQ(offered(), Offers{"exercises 5"});
}

TEST_F(FollowTest, AFollowedValueThatDoesNotComeAtAllIsAFailure) {
  try {
    update(kExercises, {text("5"), kUnchanged, text("squat"), kNull});
    FAIL() << "the days of an unknown plan were followed";
  } catch (const Failure& failure) {
    EXPECT_EQ(failure.exit(), ExitCode::kPrecondition);
    EXPECT_NE(failure.advice().find("replica identity full"), std::string::npos);
  }
}

TEST_F(FollowTest, ADeleteOffersTheKeysOfTheOldRow) {
  remove(kExercises, Old::kFull, {text("5"), text("1"), text("squat"), kNull});
  remove(kPlans, Old::kKey, {text("2"), kNull});
  EXPECT_EQ(offered(), (Offers{"days 1", "days 2", "exercises 5", "plans 2"}));
}

TEST_F(FollowTest, ATruncateOffersEveryRowOfTheFollowers) {
  truncate({kExercises});
  EXPECT_EQ(offered(), (Offers{"days *", "exercises *"}));
}

TEST_F(FollowTest, ATruncateOfSeveralTablesOffersTheFollowersOfAll) {
  truncate({kPlans, kExercises});
  EXPECT_EQ(offered(), (Offers{"days *", "exercises *", "plans *"}));
}

TEST_F(FollowTest, ATableThatNobodyFollowsOffersNothing) {
  describe(kUnrelated, "elsewhere", {"id"});
  insert(kUnrelated, {text("1")});
  update(kUnrelated, {text("1")});
  remove(kUnrelated, Old::kKey, {text("1")});
  truncate({kUnrelated});
  EXPECT_EQ(offered(), Offers{});
}

TEST_F(FollowTest, ATableDescribedAgainInTheMiddleOfATransactionIsReadByItsNewShape) {
  insert(kExercises, {text("5"), text("1"), text("squat"), kNull});
  describe(kExercises, "exercises", {"notes", "name", "plan_id", "id"});
  insert(kExercises, {kNull, text("lunge"), text("2"), text("6")});
  EXPECT_EQ(offered(), (Offers{"days 1", "days 2", "exercises 5", "exercises 6"}));
}

TEST_F(FollowTest, WhereAColumnThatARuleNeedsIsGoneEveryRowIsOffered) {
  describe(kExercises, "exercises", {"id", "name", "notes"});
  insert(kExercises, {text("5"), text("squat"), kNull});
  EXPECT_EQ(offered(), (Offers{"days *", "exercises 5"}));
}

TEST_F(FollowTest, ATableOfTheSameNameInAnotherSchemaIsAnotherTable) {
  Message message;
  message.kind = MessageKind::kRelation;
  message.relation.oid = kUnrelated;
  message.relation.schema = "archive";
  message.relation.name = "exercises";
  follow.take(message);
  insert(kUnrelated, {});
  EXPECT_EQ(offered(), Offers{});
}

TEST_F(FollowTest, ATableIsFollowedWhateverItIsCalledMeanwhile) {
  describe(kPlans, "plans_old", {"id", "title"});
  insert(kPlans, {text("1"), text("written under the other name")});
  EXPECT_EQ(offered(), (Offers{"days 1", "plans 1"}));
}

TEST_F(FollowTest, ATableThatTakesAFollowedOnesNameIsAnotherTable) {
  describe(kUnrelated, "plans", {"id", "title"});
  insert(kUnrelated, {text("1"), text("not what the view reads")});
  EXPECT_EQ(offered(), Offers{});
}

TEST_F(FollowTest, ARowWhoseOldKeyTheLogDoesNotTellOffersEveryRow) {
  describe(kExercises, "exercises", {"id", "plan_id", "name", "notes"}, Identity::kId);
  update(kExercises, {text("5"), text("8"), text("squat"), kNull});
  EXPECT_EQ(offered(), (Offers{"days *", "exercises 5"}));
}

TEST_F(FollowTest, ARowThatGoesWithoutTellingItsOldKeyOffersEveryRow) {
  describe(kExercises, "exercises", {"id", "plan_id", "name", "notes"}, Identity::kId);
  remove(kExercises, Old::kKey, {text("5"), kNull, kNull, kNull});
  EXPECT_EQ(offered(), (Offers{"days *", "exercises 5"}));
}

TEST_F(FollowTest, AChangeOfATableThatWasNeverDescribedIsAFailure) {
  EXPECT_THROW(insert(99, {text("1")}), Failure);
}

TEST_F(FollowTest, AfterARestartTablesAreDescribedAgainAndTheOpenTransactionComesAgain) {
  insert(kPlans, {text("1"), text("summer")});
  follow.restart();
  EXPECT_TRUE(queue.idle());
  EXPECT_EQ(queue.bytes(), 0U);
  EXPECT_THROW(insert(kPlans, {text("1"), text("summer")}), Failure);
}

TEST_F(FollowTest, OnlyOurOwnTransactionalMessagesBecomeMarks) {
  say(kMessagePrefix, own("beat 7 1 0.5"), true);
  say("somebody", own("else"), true);
  say(kMessagePrefix, own("outside a transaction"), false);
  EXPECT_EQ(commit().transactions.front().marks, (std::vector<Mark>{Beat{7, 1, 0.5}}));
  EXPECT_EQ(follow.refused_messages(), 0U);
}

TEST_F(FollowTest, AMessageWithoutTheSecretIsRefusedWhateverItSays) {
  for (const auto* forged : {"gym\nguess\ntouch\ndays\n7", "gym\n\ntouch\ndays\n7", "gym\nguess\nbarrier 1", "gym", "gym\nsecre", "gym\nsecrets\nbarrier 1"}) {
    say(kMessagePrefix, forged, true);
  }
  EXPECT_EQ(follow.refused_messages(), 6U);
  EXPECT_TRUE(commit().empty());
}

TEST_F(FollowTest, WhatNoneOfOursEverIsIsRefusedEvenWithTheSecret) {
  using namespace std::string_literals;
  for (const auto& words : {"touch\ndays\n\xff"s, "touch\ndays\n7\0"s, "touch\nnothing\n9"s, "touch"s, "touch\ndays\n" + std::string(kLongestMessage, '7')}) {
    const auto content = own(words);
    say(kMessagePrefix, content, true);
  }
  EXPECT_EQ(follow.refused_messages(), 5U);
  EXPECT_TRUE(commit().keys.empty());
}

TEST_F(FollowTest, BeforeTheSecretIsKnownNoMessageIsOurs) {
  KeyQueue other;
  Follow deaf(model, other);
  Message message;
  message.kind = MessageKind::kMessage;
  message.transactional = true;
  message.prefix = kMessagePrefix;
  message.content = "gym\n\nbeat 1";
  deaf.take(message);
  EXPECT_EQ(deaf.refused_messages(), 1U);
}

TEST_F(FollowTest, ATouchOffersTheKeyItNames) {
  say(kMessagePrefix, own("touch\ndays\n7"), true);
  say(kMessagePrefix, own("touch\nexercises\ntwo\nlines"), true);
  say(kMessagePrefix, "another\nsecret\ntouch\ndays\n8", true);
  EXPECT_EQ(offered(), (Offers{"days 7", "exercises two\nlines"}));
  EXPECT_EQ(follow.refused_messages(), 0U) << "another migration's own daemon looks at it";
}

TEST_F(FollowTest, OriginsAndTypesSayNothingAboutKeys) {
  for (const auto kind : {MessageKind::kOrigin, MessageKind::kType}) {
    Message message;
    message.kind = kind;
    follow.take(message);
  }
  EXPECT_EQ(offered(), Offers{});
}

TEST_F(FollowTest, APartitionThatTellsLessHasItsTargetsComparedWhole) {
  const std::vector<std::string> columns = {"id", "plan_id", "name", "notes"};
  describe(kExercises, "exercises", columns);
  describe(kPartition, "exercises_1", columns, Identity::kId);
  update(kExercises, Old::kFull, {text("5"), kNull, kNull, kNull}, {text("5"), kNull, kNull, kNull});
  EXPECT_EQ(offered(), (Offers{"days *"})) << "an old value that is left out looks like a null";
  follow.take(begin(8));
  remove(kExercises, Old::kFull, {text("6"), text("7"), kNull, kNull});
  EXPECT_EQ(offered(), (Offers{"days 7", "exercises 6"})) << "another partition tells it";
  follow.take(begin(9));
  describe(kExercises, "exercises", columns, Identity::kId);
  describe(kPartition, "exercises_1", columns);
  remove(kExercises, Old::kKey, {text("6"), kNull, kNull, kNull});
  EXPECT_EQ(offered(), (Offers{"days null", "exercises 6"})) << "mended, and it counts what the partition tells, whatever its table does";
}

/// The server says an enum, a domain or a type of an extension before each table that has a column of it.
TEST_F(FollowTest, APartitionIsKnownBehindTheTypesOfItsColumns) {
  const std::vector<std::string> columns = {"id", "plan_id", "name", "notes"};
  Message type;
  type.kind = MessageKind::kType;
  follow.take(type);
  describe(kExercises, "exercises", columns);
  follow.take(type);
  describe(kPartition, "exercises_1", columns, Identity::kId);
  remove(kExercises, Old::kFull, {text("6"), kNull, kNull, kNull});
  EXPECT_EQ(offered(), (Offers{"days *", "exercises 6"}));
}

}  // namespace
}  // namespace crossfade::sync
