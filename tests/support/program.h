#pragma once

#include "app/ephemeral/program.h"

namespace crossfade::test {

using crossfade::Program;

}  // namespace crossfade::test
