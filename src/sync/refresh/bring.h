#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "mapping/sql/statements.h"
#include "sync/refresh/refresh.h"

/// Where v2 stands on another server than v1: what the source is asked for, so that the statements over there stay what they are.
namespace crossfade::sync {

/// Tables of a session of v2's that stand for the views of `model`, as a script for its beginning; "" where both are on one server.
std::string create_stand_ins(const mapping::Model& model);

/// Asks the source inside the transaction that is open there, if one is: that goes on where the server refuses it. Several in one round trip.
asio::awaitable<pg::Result> ask_source(pg::Connection& connection, pg::Statement statement);
asio::awaitable<std::vector<pg::Result>> ask_source(pg::Connection& connection, std::vector<pg::Statement> statements);

/// What is to stand for a target's view: its rows for these filters, by which the source is asked.
struct Wanted {
  std::reference_wrapper<const mapping::Statements> statements;
  std::vector<mapping::KeyFilter> filters;
  pg::Parameters parameters;
};
/// For what look_up() has made of a selection.
Wanted wanted(const mapping::Statements& statements, const Selection& selection);

/// Fills what stands for the views with those rows, at the snapshot of the source's transaction, in the transaction that is open here. Nothing to do
/// on one server.
asio::awaitable<void> bring(pg::Connection& connection, std::vector<Wanted> wanted);
asio::awaitable<void> bring(pg::Connection& connection, const mapping::Statements& statements, const std::vector<mapping::KeyFilter>& filters,
                            pg::Parameters parameters);

/// What the selects of indirect locators give becomes the keys, at the snapshot of all that follows. On one server those that give many stay
/// in the statements; on two the source alone has what they read.
asio::awaitable<void> look_up(pg::Connection& connection, const mapping::Model& model, const ByTarget<mapping::Statements>& statements,
                              std::map<TargetId, Selection>& selections);

/// What Statements::next_bound() gives for the next `most` values of the walk.
struct Bound {
  std::optional<std::string> last;
  std::size_t found = 0;
};
asio::awaitable<Bound> next_bound(pg::Connection& connection, const mapping::Model& model, TargetId target, mapping::Range range, std::size_t most,
                                  bool into_empty = false);
/// What Statements::split_point() gives.
asio::awaitable<Bound> split_point(pg::Connection& connection, const mapping::Model& model, TargetId target, mapping::Range range);

/// What Statements::values() gives of both sides, on one server or on two; of each side no more than `most`, where that is said.
asio::awaitable<std::vector<std::string>> values_of_both(pg::Connection& connection, const mapping::Model& model, TargetId target, LocatorId locator,
                                                         std::vector<mapping::KeyFilter> filters, pg::Parameters parameters,
                                                         std::optional<std::size_t> most = std::nullopt);

}  // namespace crossfade::sync
