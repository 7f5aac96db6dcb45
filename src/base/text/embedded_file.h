#pragma once

#include <string_view>

namespace crossfade {

/// A file of the source that is compiled in.
struct EmbeddedFile {
  std::string_view path;  ///< below the folder it was taken from
  std::string_view text;
};

}  // namespace crossfade
