#include "mapping/file/canary_schema.h"

namespace crossfade::mapping {

std::string canary_schema(const std::string& stable) { return stable + "_canary"; }

}  // namespace crossfade::mapping
