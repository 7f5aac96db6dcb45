#include "setup/objects/fence.h"

#include <gtest/gtest.h>

namespace crossfade::setup {
namespace {

using Lines = std::vector<std::string>;
using mapping::Direction;

/// Plans that come from plans; a source that nothing follows beside it.
mapping::Model model(Direction direction) {
  mapping::Model model;
  model.name = "gym";
  model.direction = direction;
  model.sources = {{"public", "plans", {"id"}, 1}, {"public", "quiet", {"id"}, 2}};
  mapping::Target plans;
  plans.name = "plans";
  plans.table = direction == Direction::kForward ? mapping::TableName{"v2", "plans"} : mapping::TableName{"public", "plans_v1"};
  model.targets = {plans};
  model.rules = {{0, 0, 0, {"id"}, {}}};
  return model;
}

TEST(Fence, StandsOnTheSideThatDoesNotOwnTheDataAndNamesTheOther) {
  EXPECT_EQ(create_fences(model(Direction::kForward)),
            Lines{"select crossfade.put_fences('gym', '\"v2\".\"plans\"', 'v1')"});
  EXPECT_EQ(create_fences(model(Direction::kReverse)),
            Lines{"select crossfade.put_fences('gym', '\"public\".\"plans_v1\"', 'v2')"});
  EXPECT_EQ(drop_fences(model(Direction::kReverse)), Lines{"select crossfade.take_fences('\"public\".\"plans_v1\"')"});
}

TEST(Publication, HasWhatIsFollowedUnderTheDirectionsName) {
  EXPECT_EQ(create_publication(model(Direction::kForward)),
            "create publication \"crossfade_gym\" for table \"public\".\"plans\" with (publish_via_partition_root = true)");
  EXPECT_EQ(publication_name("gym", Direction::kReverse), "crossfade_gym_reverse");
  auto newer = model(Direction::kForward);
  newer.streams_generated = true;
  EXPECT_EQ(create_publication(newer), "create publication \"crossfade_gym\" for table \"public\".\"plans\" with (publish_via_partition_root = true, "
                                       "publish_generated_columns = stored)");
}

}  // namespace
}  // namespace crossfade::setup
