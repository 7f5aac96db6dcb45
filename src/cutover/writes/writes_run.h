#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/error/failure.h"
#include "cutover/writes/writes.h"
#include "cutover/writes/writes_preconditions.h"
#include "wal/slot.h"

namespace crossfade::cutover {

/// The step that lets applications go.
inline constexpr const char* kResume = "resume";

/// One flip from its first look to its end. Two sessions: one holds the locks, the other looks and emits the barrier.
class WritesRun {
 public:
  explicit WritesRun(const WritesFlip& flip);

  boost::asio::awaitable<WritesOutcome> to_end();

 private:
  boost::asio::awaitable<void> flip();
  boost::asio::awaitable<pg::Connection> open(std::string role);
  boost::asio::awaitable<FlipFacts> look();
  boost::asio::awaitable<void> perform(Step step);
  boost::asio::awaitable<void> make_way_back();
  boost::asio::awaitable<void> look_for_paused();
  /// Throws kNotReady where it was.
  boost::asio::awaitable<void> expect_not_amended();
  boost::asio::awaitable<void> look_at_accepted();
  boost::asio::awaitable<void> pause();
  boost::asio::awaitable<void> resume();
  boost::asio::awaitable<void> write_hook(std::string action, std::string because);
  boost::asio::awaitable<void> keep_vacuum_away(std::string begin, const std::vector<mapping::TableName>& tables);
  boost::asio::awaitable<void> look_at_deadlock_timeout();
  std::chrono::milliseconds patience(std::chrono::milliseconds waited = {}) const;
  boost::asio::awaitable<void> hold();
  boost::asio::awaitable<void> lock(std::string statement);
  boost::asio::awaitable<void> confirm_failures();
  boost::asio::awaitable<void> swap();
  boost::asio::awaitable<void> commit();
  boost::asio::awaitable<void> look_up();
  boost::asio::awaitable<void> roll_back();
  boost::asio::awaitable<void> clear_way_back();
  boost::asio::awaitable<void> write_down(std::string because);
  boost::asio::awaitable<void> write_down_rehearsal();
  boost::asio::awaitable<void> release(std::string because);
  boost::asio::awaitable<void> tidy();
  boost::asio::awaitable<void> validate_carried();
  boost::asio::awaitable<std::optional<std::string>> finish_key(std::string statement, bool writers_wait);
  boost::asio::awaitable<bool> recover(Step step, Failure failure);
  boost::asio::awaitable<void> clear_observer();
  boost::asio::awaitable<void> find_holders(bool readers);
  const LoggedStep& last_tried() const;
  std::string around_event_triggers(const std::string& hint) const;
  [[noreturn]] void give_up(Failure::Facts facts) const;

  const WritesFlip& flip_;
  const v1::Migration& file_;
  StepLog step_log_;
  CutoverProgress progress_;
  WritesOutcome outcome_;
  std::vector<mapping::TableName> owner_, shared_, both_;  ///< as they are called now
  std::vector<mapping::TableName> outside_;                ///< that the flip changes with them
  std::optional<pg::Connection> locker_, observer_;
  std::optional<Preconditions> preconditions_;  ///< of this attempt
  std::vector<SwapStep> swap_;          ///< made before the hold: nothing is worked out while writers wait
  wal::Incarnation way_back_;
  std::optional<std::string> barrier_;
  std::int64_t epoch_ = 0;              ///< under which the drain goes on
  bool way_back_begun_ = false;         ///< publication and slot of the other direction may be there
  bool begun_ = false;                  ///< the transaction that is to have the locks
  bool left_paused_ = false;            ///< by a move that was killed
  bool draining_ = false;
  bool committed_ = false;
  pg::Clock::time_point hold_began_;
  std::chrono::milliseconds before_deadlock_{1000};  ///< the server's deadlock_timeout
};

}  // namespace crossfade::cutover
