#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>

#include "base/error/failure.h"

namespace crossfade::async {

/// The waits between attempts on a server that is away: 100 ms, twice as long each time, 5 s at most.
class Backoff {
 public:
  /// Says why it waits.
  boost::asio::awaitable<void> wait(Failure because);
  void reset() { next_ = kFirst; }

 private:
  static constexpr std::chrono::milliseconds kFirst{100};
  static constexpr std::chrono::milliseconds kLongest{5000};

  std::chrono::milliseconds next_ = kFirst;
};

}  // namespace crossfade::async
