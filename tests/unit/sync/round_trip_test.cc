#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "base/text/sql_text.h"
#include "base/value/key.h"
#include "base/value/lsn.h"

/// Keys travel between sessions, the log and the database as text: what went in comes out.
namespace crossfade {
namespace {

KeyValues draw_values() {
  // Characters that mean something in an array more often than chance would have it.
  const auto character = rc::gen::oneOf(rc::gen::element('"', '\\', ',', '{', '}', ' ', '\n', 'N'), rc::gen::distinctFrom('\0'));
  const auto text = rc::gen::oneOf(rc::gen::container<std::string>(character), rc::gen::element<std::string>("", "NULL", "null"));
  const auto drawn = *rc::gen::container<std::vector<rc::Maybe<std::string>>>(rc::gen::maybe(text));
  KeyValues values;
  for (const auto& each : drawn) values.push_back(each ? std::optional(*each) : std::nullopt);
  return values;
}

RC_GTEST_PROP(RoundTrip, AnArrayOfTextsComesOutAsItWentIn, ()) {
  const auto values = draw_values();
  RC_ASSERT(parse_array(array_text(values)) == values);
}

RC_GTEST_PROP(RoundTrip, AKeyGivesItsPartsBack, ()) {
  const auto values = draw_values();
  const auto target = *rc::gen::arbitrary<std::uint16_t>();
  const auto locator = *rc::gen::arbitrary<std::uint16_t>();
  const Key key(TargetId(target), LocatorId(locator), values);
  RC_ASSERT(key.target().place() == target);
  RC_ASSERT(key.locator().place() == locator);
  RC_ASSERT(key.values() == values);
}

RC_GTEST_PROP(RoundTrip, TwoKeysAreEqualOnlyWhereTheirPartsAre, ()) {
  const auto first = draw_values();
  const auto second = draw_values();
  RC_ASSERT((Key(0, 0, first) == Key(0, 0, second)) == (first == second));
}

RC_GTEST_PROP(RoundTrip, APositionIsReadAsItIsPrinted, ()) {
  const Lsn lsn{*rc::gen::arbitrary<std::uint64_t>()};
  RC_ASSERT(parse_lsn(to_string(lsn)) == lsn);
}

}  // namespace
}  // namespace crossfade
