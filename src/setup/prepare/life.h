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
inline constexpr int kLives = 6;

/// … and what can be asked of it.
enum class Event { kPrepare, kMoveReads, kRollBackReads, kMoveWrites, kRollBackWrites, kAmend, kCancel, kComplete };
inline constexpr int kEvents = 8;

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

std::string_view to_text(Life life);
/// The command that asks for it.
std::string_view to_text(Event event);

/// What is said where the table refuses the event.
Failure refusal(Life life, Event event, const std::string& migration);

/// Of a row of crossfade.migration: its phase, and whether v2 owns the data.
Life life_of(std::string_view phase, bool v2_owns);

/// Where it is now. A preparation that was broken off has not happened.
boost::asio::awaitable<Life> read_life(pg::Connection& connection, std::string migration);

/// Throws what the table says where the migration cannot take the event.
boost::asio::awaitable<void> expect(pg::Connection& connection, std::string migration, Event event);

}  // namespace crossfade::setup
