#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/error/failure.h"
#include "cutover/across/across_plan.h"
#include "cutover/across/turn_rows.h"
#include "cutover/record/step_log.h"
#include "cutover/writes/writes.h"

namespace crossfade::cutover {

/// Moves the writes to v2 on another server: close, then open. Two servers have no commit in common: v1's is closed by a commit of its own, under
/// the locks that its writers wait for, and then v2's is opened by one of its own, which is ready but for that; between the two nobody writes.
/// Whoever comes then finds two turns, of which the higher one says where it goes: next_turn() is the table, tests/model/two_servers.pml its proof.
/// To v1: what was begun and not opened is taken back, which v2's server decides. Throws what gave way after all attempts.
boost::asio::awaitable<WritesOutcome> flip_across(const WritesFlip& flip);

/// One flip_across() from its first look to its end. A session looks at both servers; each has one more for what is committed there.
class AcrossRun {
 public:
  explicit AcrossRun(const WritesFlip& flip);

  boost::asio::awaitable<WritesOutcome> to_end();

 private:
  boost::asio::awaitable<void> go_on();
  boost::asio::awaitable<bool> decide_and_do();
  boost::asio::awaitable<void> recover(Failure failure);
  [[noreturn]] void give_up(const Failure& failure) const;
  boost::asio::awaitable<void> look();
  boost::asio::awaitable<bool> is_drained(pg::Connection& at_v2, pg::Parameter barrier);

  boost::asio::awaitable<void> flip_once();
  boost::asio::awaitable<void> hold();
  boost::asio::awaitable<void> drain();
  boost::asio::awaitable<void> close_v1(TurnChange change);
  boost::asio::awaitable<void> commit(Side side);
  boost::asio::awaitable<void> wait_for_lost(Side side);
  boost::asio::awaitable<void> expect_row_free(Side side);
  boost::asio::awaitable<void> make_v2_ready(TurnChange change, pg::Parameter barrier);
  boost::asio::awaitable<void> set_sequences(pg::Connection& at_v2);
  boost::asio::awaitable<void> bring_keys_back(pg::Connection& at_v2);
  boost::asio::awaitable<void> open_v2();
  boost::asio::awaitable<void> open_v1();
  boost::asio::awaitable<void> undo();
  boost::asio::awaitable<void> wait_drain();
  boost::asio::awaitable<void> expect_turn(pg::Connection& connection, TurnChange change);
  boost::asio::awaitable<void> write_turn(pg::Connection& connection, TurnChange change, pg::Parameter barrier, std::string action);
  boost::asio::awaitable<void> lock(pg::Connection& connection, std::string tables, std::string mode);
  std::string begin_script() const;
  void expect_in_time() const;

  boost::asio::awaitable<void> tidy();
  boost::asio::awaitable<void> let_slot_go();
  boost::asio::awaitable<void> validate_keys();
  boost::asio::awaitable<void> pause();
  boost::asio::awaitable<void> resume();
  boost::asio::awaitable<void> write_hook(std::string action, std::string because);
  void roll_back();
  boost::asio::awaitable<pg::Connection> open(pg::Endpoint endpoint, std::string role);
  boost::asio::awaitable<void> connect(Side side, std::string role);

  const WritesFlip& flip_;
  const v1::Migration& file_;
  const Side wanted_;
  const Sides sides_;
  StepLog step_log_;
  WritesOutcome outcome_;
  AcrossConditions conditions_;
  TurnRows rows_;
  std::optional<pg::Connection> look_;    ///< of both servers
  std::optional<pg::Connection> at_v1_;   ///< transactions there …
  std::optional<pg::Connection> at_v2_;   ///< … and there
  pg::Parameter barrier_;
  std::int64_t epoch_ = 0;                ///< under which the drain goes on
  int attempt_ = 1;
  std::optional<Side> lost_;              ///< whose commit was sent and not answered
  std::optional<Side> committing_;
  bool paused_ = false;
  bool between_ = false;                  ///< v1 is closed and v2 is not open, or may be
  bool moved_ = false;                    ///< by this command
  pg::Clock::time_point hold_began_;
};

}  // namespace crossfade::cutover
