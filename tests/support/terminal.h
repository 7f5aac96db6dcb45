#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "support/program.h"

namespace crossfade::test {

/// A program that has a terminal, and thinks that a person reads there. Killed with the object.
class Terminal {
 public:
  /// As Program; `environment` outranks ours.
  explicit Terminal(const std::vector<std::string>& argv, const Environment& environment = {});
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;
  ~Terminal();

  /// Reads until `text` was written; false once the program has ended or the limit of patience is over.
  bool shows(const std::string& text);
  /// Whether that is in what was read by now.
  bool has_shown(const std::string& text) const { return text_.find(text) != std::string::npos; }
  /// All that it writes until its end.
  std::string to_end();

 private:
  /// More of its output; false at the end of it, and after the limit.
  bool read_on();

  int screen_ = -1;
  pid_t pid_ = 0;
  std::string text_;
};

}  // namespace crossfade::test
