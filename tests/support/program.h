#pragma once

#include "app/program.h"

namespace crossfade::test {

using crossfade::Program;

}  // namespace crossfade::test
