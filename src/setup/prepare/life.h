#pragma once

#include <boost/asio/awaitable.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/error/exit_code.h"
#include "base/error/failure.h"
#include "pg/connection.h"

namespace crossfade::setup {

/// The life of a migration: what it can be …
enum class Life {
  kAbsent,       ///< not prepared, or cancelled
  kPrepared,     ///< all is made; no daemon has begun
  kBackfilling,  ///< v2 is being filled
  kFollowing,    ///< v2 follows v1
  kMoved,        ///< v2 owns the data, v1 follows
  kCompleted,    ///< v2 owns the data, and there is no way back
};

/// … and what can be asked of it. That it is prepared it takes at any time, which nobody has to ask.
enum class Event { kPrepare, kMoveReads, kRollBackReads, kMoveWrites, kRollBackWrites, kAmend, kCancel, kComplete };

constexpr std::string_view to_text(Life life) {
  switch (life) {
    case Life::kAbsent: return "absent";
    case Life::kPrepared: return "prepared";
    case Life::kBackfilling: return "backfilling";
    case Life::kFollowing: return "following";
    case Life::kMoved: return "moved";
    case Life::kCompleted: return "completed";
  }
  return {};
}

/// The command that asks for it.
constexpr std::string_view to_text(Event event) {
  switch (event) {
    case Event::kPrepare: return "prepare";
    case Event::kMoveReads: return "cutover reads";
    case Event::kRollBackReads: return "rollback reads";
    case Event::kMoveWrites: return "cutover writes";
    case Event::kRollBackWrites: return "rollback writes";
    case Event::kAmend: return "amend";
    case Event::kCancel: return "cancel";
    case Event::kComplete: return "complete";
  }
  return {};
}

/// How many have a name, which the compiler asks of each.
template <typename Named>
constexpr int count_named() {
  int count = 0;
  while (!to_text(static_cast<Named>(count)).empty()) ++count;
  return count;
}
inline constexpr int kLives = count_named<Life>();
inline constexpr int kEvents = count_named<Event>();

/// What comes of an event: another state, the same, or a refusal. The conditions that a move has beside (lag, proofs, locks) are
/// its checklist; they pass, these do not.
struct Transition {
  std::optional<Life> to = std::nullopt;
  std::string_view refusal = {};  ///< what is said where there is none; {} is the migration's name
  std::string_view instead = {};  ///< what to do
  ExitCode exit = ExitCode::kPrecondition;
};

/// Pure; every pair has its line in one table.
const Transition& transition(Life life, Event event);

/// What is said where the table refuses the event.
Failure refusal(Life life, Event event, const std::string& migration);

/// Of a row of crossfade.migration: its phase, and whether v2 owns the data.
Life life_of(std::string_view phase, bool v2_owns);

/// Where it is now. A preparation that was broken off has not happened.
boost::asio::awaitable<Life> read_life(pg::Connection& connection, std::string migration);

/// Throws what the table says where the migration cannot take the event.
boost::asio::awaitable<void> expect(pg::Connection& connection, std::string migration, Event event);

}  // namespace crossfade::setup
