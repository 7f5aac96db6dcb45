#pragma once

#include <boost/asio/awaitable.hpp>
#include <string>

namespace crossfade::cutover {

/// Where a test stops a flip: CROSSFADE_FAILPOINT=STEP:FILE has it say so and wait before that step for as long as FILE is there. Several
/// are separated by commas.
/// In builds that are shipped nothing looks at it.
boost::asio::awaitable<void> failpoint(std::string step);

}  // namespace crossfade::cutover
