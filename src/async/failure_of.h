#pragma once

#include <boost/asio/awaitable.hpp>
#include <optional>
#include <utility>

#include "base/error/failure.h"

namespace crossfade::async {

/// Whether a failure is an answer. Another one is thrown on.
using IsAnswer = bool (*)(const Failure&);

inline bool any_failure(const Failure&) { return true; }
/// There is a session still, with which to go on.
inline bool answered(const Failure& failure) { return !failure.connection_lost(); }
inline bool found_by_trying(const Failure& failure) { return failure.found_by_trying(); }

/// What `work` failed with; nothing where it did not, and what it gives is not wanted. For whoever has to await something because of that:
/// within a handler nobody can.
template <typename Result>
boost::asio::awaitable<std::optional<Failure>> failure_of(boost::asio::awaitable<Result> work, IsAnswer is_answer = any_failure) {
  std::optional<Failure> failure;
  try {
    co_await std::move(work);
  } catch (const Failure& caught) {
    if (!is_answer(caught)) throw;
    failure = caught;
  }
  co_return failure;
}

}  // namespace crossfade::async
