#pragma once

#include <string>

#include "crossfade/v1/status.pb.h"

namespace crossfade::app {

/// Who watches a stage: is told what goes on, and may leave.
class Audience {
 public:
  virtual ~Audience() = default;
  /// One sentence.
  virtual void say(const std::string& sentence) = 0;
  /// What a command has answered, in its lines.
  virtual void show(const std::string& answer) = 0;
  /// Whether anybody reads what is shown.
  virtual bool reads() const { return true; }
  /// How far the daemon is; `done`: it follows.
  virtual void see(const v1::Status& status, bool done) = 0;
  /// Called now and then while something is waited for; throws what ends it.
  virtual void go_on() = 0;
};

/// Lines on standard output.
void print_sentence(const std::string& sentence);
void print_answer(const std::string& answer);
/// "  following    100 %  …", as one line has it.
std::string progress_of(const v1::Status& status, bool done);

}  // namespace crossfade::app
