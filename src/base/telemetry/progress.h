#pragma once

#include <string>

namespace crossfade {

/// What long work tells while it goes on. Whoever listens draws a line, or writes events.
class Progress {
 public:
  struct Step {
    std::string what;  ///< "source 3 of 15: public.rentals"
    double done = 0;
    double all = 0;    ///< in the unit of `done`; 0: not known
  };

  virtual ~Progress() = default;
  virtual void at(Step step) = 0;
  /// Something that the result will have, as soon as it is known.
  virtual void found(std::string what) = 0;
};

/// Nobody listens.
class Unheard : public Progress {
 public:
  void at(Step) override {}
  void found(std::string) override {}
};

}  // namespace crossfade
