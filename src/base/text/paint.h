#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

namespace crossfade {

/// Colours of what a person reads on a terminal. A plain one leaves every text as it is: for pipes, files and scripts.
class Paint {
 public:
  Paint() = default;
  explicit Paint(bool colours) : colours_(colours) {}

  std::string good(std::string_view text) const { return in("32", text); }
  std::string warn(std::string_view text) const { return in("33", text); }
  std::string bad(std::string_view text) const { return in("31", text); }
  std::string strong(std::string_view text) const { return in("1", text); }

 private:
  /// `code`: a parameter of the terminal's sequence "select graphic rendition".
  std::string in(std::string_view code, std::string_view text) const {
    return colours_ ? fmt::format("\033[{}m{}\033[0m", code, text) : std::string(text);
  }

  bool colours_ = false;
};

}  // namespace crossfade
