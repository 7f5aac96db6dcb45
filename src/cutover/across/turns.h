#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace crossfade::cutover {

enum class Side : std::uint8_t { kV1, kV2 };
constexpr Side other(Side side) { return side == Side::kV1 ? Side::kV2 : Side::kV1; }

/// What one of two servers says of itself. Changed by a compare-and-set of its turn alone, in the transaction that puts its fences up or down.
struct ServerTurn {
  std::int64_t number = 0;
  Side goes_to = Side::kV1;  ///< the side that is to be written: the server is open where that is its own
  Side owned = Side::kV1;    ///< who had the data when this was written
  bool operator==(const ServerTurn&) const = default;
};

/// Both, v1's server first: read one after the other, so what is done next looks at the turn again under the lock of its row.
using Turns = std::array<ServerTurn, 2>;

constexpr const ServerTurn& of(const Turns& turns, Side side) { return turns[static_cast<std::size_t>(side)]; }
constexpr bool is_open(const Turns& turns, Side side) { return of(turns, side).goes_to == side; }
constexpr bool between(const Turns& turns) { return turns[0].number != turns[1].number; }
/// The one that says where it goes; the other one has to follow.
constexpr Side ahead(const Turns& turns) { return turns[1].number > turns[0].number ? Side::kV2 : Side::kV1; }
/// Who has the data: the one that is open, or the one that was. An engine reads this one, and writes the other.
constexpr Side has_data(const Turns& turns) { return between(turns) ? of(turns, ahead(turns)).owned : turns[0].goes_to; }

enum class TurnStep : std::uint8_t {
  kDone,       ///< the wanted side owns the data
  kFlip,       ///< close the one, then open the other
  kOpen,       ///< it was closed, and not opened: go on
  kWaitDrain,  ///< the one that is to open has lost what it had: an engine brings it first
  kUndo,       ///< a higher turn on the server that was to open, by which the closed one opens again
};
const char* to_text(TurnStep step);

/// The next step of a command that wants `wanted` to own the data. `drained`: the one that is to open has all that stands before the barrier.
/// Pure; its table is the one of tests/model/two_servers.pml.
TurnStep next_turn(const Turns& turns, Side wanted, bool drained);

/// The server on which the step changes something, and what it says then. kFlip: what closes.
struct TurnChange {
  Side server = Side::kV1;
  std::int64_t from = 0;  ///< the turn that it must still have
  ServerTurn to;
};
TurnChange change_of(const Turns& turns, TurnStep step);

}  // namespace crossfade::cutover
