#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sync/state/runtime.h"
#include "sync/state/shape.h"

namespace crossfade::sync {

/// Thrown, as the SQLSTATE of a Failure, where the engine has to begin anew: a view is another, and so may be the model …
inline constexpr const char* kReshaped = "CF010";
/// … or the publication is, and the slot cannot be read past its beginning.
inline constexpr const char* kRepublished = "CF011";

/// Sees to it that what is followed stays what the views read. What changes without a change of a row is in no stream: so it is
/// looked for, once a second and whenever the stream describes a table. What was read by the old shape is compared anew;
/// what only a person can mend is said, and the flips stay closed until then.
class ShapeWatch {
 public:
  explicit ShapeWatch(Runtime& run) : run_(run) {}

  /// Wants no open transaction. Throws kReshaped and kRepublished.
  asio::awaitable<void> look(pg::Connection& connection);

 private:
  void tell(const std::vector<ShapeChange>& changes);
  asio::awaitable<bool> writers_of_before_are_gone(pg::Connection& connection);
  asio::awaitable<bool> compare_anew(pg::Connection& connection, const std::vector<ShapeChange>& seen);
  asio::awaitable<bool> begin_comparing(pg::Connection& connection, const std::vector<ShapeChange>& seen);
  void add_passing(std::vector<ShapeChange>& changes) const;
  asio::awaitable<std::uint64_t> offer(pg::Connection& connection, const std::vector<ShapeChange>& changes, bool has_rows);
  asio::awaitable<std::optional<std::uint64_t>> offer_rows_of(pg::Connection& connection, const ShapeChange& leaf);
  asio::awaitable<std::optional<std::uint64_t>> offer_rows_in(pg::Connection& connection, const ShapeChange& part);
  asio::awaitable<std::optional<std::uint64_t>> offer_rows(pg::Connection& connection, TargetId number, LocatorId locator, std::vector<std::string> columns, std::string table);
  asio::awaitable<std::optional<std::string>> name_of_table(pg::Connection& connection, std::string oid);

  Runtime& run_;
  std::set<std::string> told_;
  std::map<std::string, ShapeChange> seen_;  ///< at a look since the shape was accepted last
  std::string awaited_;               ///< the shape that is going to be accepted: its fingerprint …
  std::size_t looks_ = 0;             ///< how often somebody was still at work
  std::optional<std::string> began_;  ///< … and no transaction from here on can have written under another one before it
};

/// Throws one of these.
[[noreturn]] void begin_anew(const char* sqlstate, std::string because);

/// A table that is followed has another name: what reads it by its own must wait.
bool misnamed(const std::vector<ShapeChange>& changes);

/// The publication is not the one of which the slot tells, or is gone.
bool republished(const std::vector<ShapeChange>& changes);

}  // namespace crossfade::sync
