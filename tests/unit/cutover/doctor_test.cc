#include "cutover/doctor.h"

#include <gtest/gtest.h>

namespace crossfade::cutover {
namespace {

DoctorFacts healthy(bool on_v2 = false) {
  DoctorFacts facts;
  facts.migration = "gym";
  facts.prepared = facts.slot_there = true;
  facts.on_v2 = on_v2;
  facts.leader = "host:1";
  facts.slot = on_v2 ? "crossfade_gym_reverse" : "crossfade_gym";
  facts.other_slot = on_v2 ? "crossfade_gym" : "crossfade_gym_reverse";
  return facts;
}

TEST(DoctorTest, NothingIsToBeDoneWhereNothingIsHalfDone) {
  EXPECT_EQ(diagnose(healthy()).state, "v1 owns the data; nothing is half done");
  EXPECT_EQ(diagnose(healthy()).next, "");
  EXPECT_EQ(diagnose(healthy(true)).state, "v2 owns the data; nothing is half done");
}

TEST(DoctorTest, ASlotOfTheOtherDirectionIsClearedAwayByTheCommandThatWouldChangeNothing) {
  auto facts = healthy();
  facts.other_slot_there = true;
  EXPECT_NE(diagnose(facts).state.find("before its commit, which changed nothing: slot crossfade_gym_reverse"), std::string::npos);
  EXPECT_EQ(diagnose(facts).next.find("crossfade rollback writes --confirm gym: v1 owns the data already"), 0U);
  facts = healthy(true);
  facts.other_slot_there = true;
  EXPECT_EQ(diagnose(facts).next.find("crossfade cutover writes --confirm gym: v2 owns the data already"), 0U);
}

TEST(DoctorTest, AFlipThatGoesOnIsLeftAlone) {
  auto facts = healthy();
  facts.other_slot_there = true;
  facts.flip_session = "pid 7 (app)";
  EXPECT_EQ(diagnose(facts).state, "v1 owns the data; a flip is going on in pid 7 (app)");
  EXPECT_EQ(diagnose(facts).next.find("wait"), 0U);
}

TEST(DoctorTest, EachThingThatIsWrongHasItsStep) {
  struct Case {
    void (*change)(DoctorFacts&);
    const char* state;
    const char* next;
  };
  const Case cases[] = {
      {[](DoctorFacts& f) { f.prepared = false; }, "not in this database", "crossfade run --prepare"},
      {[](DoctorFacts& f) { f.missing = "public.plans"; }, "not where it left them: public.plans", "find out who moved them"},
      {[](DoctorFacts& f) { f.paused = true; }, "while its hook kept the applications waiting", "crossfade rollback writes --confirm gym: v1 owns"},
      {[](DoctorFacts& f) { f.paused = true, f.hooked = false; }, "migration.yaml has no `cutover: hook:` any more", "let the applications go by hand, as that hook did"},
      {[](DoctorFacts& f) { f.shut = "public.plans"; }, "a fence keeps applications from public.plans", "drop trigger"},
      {[](DoctorFacts& f) { f.unfenced = "gym_v2.plans"; }, "anybody can write tables of v2 by mistake: gym_v2.plans", "create trigger crossfade_fence"},
      {[](DoctorFacts& f) { f.unvalidated = "notes_plan of public.notes"; }, "are not validated: notes_plan of public.notes", "crossfade rollback writes --confirm gym: v1 owns"},
      {[](DoctorFacts& f) { f.slot_there = false; }, "slot crossfade_gym is gone, so v2 has missed changes", "crossfade run"},
      {[](DoctorFacts& f) { f.held = "weeks, by pid 7"; }, "nothing of a flip is half done, and v2 is not kept true: locked is weeks, by pid 7", "end, or wait for, who has the tables locked"},
      {[](DoctorFacts& f) { f.parked = "weeks"; }, "nothing of a flip is half done, and v2 is not kept true: parked is weeks", "crossfade status says what each is refused for"},
      {[](DoctorFacts& f) { f.leader = ""; }, "no daemon keeps v2 true", "crossfade run"},
      {[](DoctorFacts& f) { f.leader = "", f.met = "max_wal_senders is 0", f.mend = "alter system"; }, "no daemon keeps v2 true, and none could: max_wal_senders is 0", "alter system. Then crossfade run"},
      {[](DoctorFacts& f) { f.leader = "", f.trying = "host:1:a", f.met = "max_wal_senders is 0", f.mend = "alter system", f.slot_there = false; }, "daemon host:1:a is there and cannot keep v2 true: max_wal_senders is 0", "alter system"},
      {[](DoctorFacts& f) { f.completed = true; }, "a slot is left", "crossfade complete --confirm gym"},
  };
  for (const auto& each : cases) {
    auto facts = healthy();
    each.change(facts);
    const auto diagnosis = diagnose(facts);
    EXPECT_NE(diagnosis.state.find(each.state), std::string::npos) << diagnosis.state;
    EXPECT_EQ(diagnosis.next.find(each.next), 0U) << diagnosis.next;
  }
}

TEST(DoctorTest, OfTwoServersThatSayOtherwiseTheHigherTurnSaysWhereItGoes) {
  auto facts = healthy();
  facts.turns = Turns{};
  EXPECT_EQ(diagnose(facts).state, "v1 owns the data; nothing is half done");
  // Closed by v1's server, and followed by nobody yet.
  facts.turns->front() = {1, Side::kV2, Side::kV1};
  facts.shut = "public.plans";
  EXPECT_EQ(diagnose(facts).state, "v1 is closed, and v2 is not open yet: nobody writes");
  EXPECT_EQ(diagnose(facts).next, "crossfade cutover writes --no-way-back --confirm gym, which opens v2; or crossfade rollback writes --confirm gym, which takes it back");
  facts.drained = false;
  EXPECT_EQ(diagnose(facts).next.find("let the daemon work, which brings it; then crossfade cutover writes --no-way-back --confirm gym; or crossfade rollback"), 0U);
  facts.leader = "";
  EXPECT_EQ(diagnose(facts).next.find("crossfade run, which brings it; then"), 0U);
  // Taken back by v2's server.
  facts.turns->back() = {2, Side::kV1, Side::kV1};
  EXPECT_EQ(diagnose(facts).next, "crossfade rollback writes --confirm gym");
  facts.flip_session = "pid 7 (app)";
  EXPECT_EQ(diagnose(facts).next.find("wait"), 0U);
  facts = healthy(true);
  facts.turns = Turns{ServerTurn{1, Side::kV2, Side::kV1}, ServerTurn{1, Side::kV2, Side::kV2}};
  facts.completed = true;
  EXPECT_EQ(diagnose(facts).next.find("crossfade cutover writes --no-way-back --confirm gym: v2 owns the data already"), 0U);
  facts.slot_there = false;
  EXPECT_EQ(diagnose(facts).state, "the migration is completed");
  facts.paused = true;
  EXPECT_NE(diagnose(facts).state.find("the hook was not seen to let the applications go"), std::string::npos);
}

}  // namespace
}  // namespace crossfade::cutover
