#include "base/text/json.h"

// Boost.JSON without a library: its code is compiled here, once.
#include <boost/json/src.hpp>

namespace crossfade {

std::string json_string(std::string_view text) { return boost::json::serialize(boost::json::string_view(text.data(), text.size())); }

}  // namespace crossfade
