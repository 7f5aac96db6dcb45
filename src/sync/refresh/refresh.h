#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/error/failure.h"
#include "base/value/key.h"
#include "mapping/model/model.h"
#include "mapping/sql/statements.h"
#include "pg/connection.h"

namespace crossfade::sync {

namespace asio = boost::asio;

/// What a refresh did to one target, in rows.
struct Written {
  std::uint64_t in_view = 0;
  std::uint64_t inserted = 0;
  std::uint64_t updated = 0;
  std::uint64_t deleted = 0;
  double seconds = 0;  ///< that the statements took; sessions side by side are added
  /// Keys of rows, of any target, that the database took along when those went: by foreign keys that cascade or set null.
  /// Where they are not refreshed in the same transaction, they have to be offered.
  std::vector<Key> cascaded;

  Written& operator+=(const Written& other);
};

/// A key the database refused, and why.
struct Refused {
  Key key;
  Failure failure;
};

/// What is done for rows that take over each other's unique values.
enum class Room {
  kNone,
  kMade,      ///< rows that go and that nothing refers to go first; rows that change go and come back
  kStandIns,  ///< and for unique values of rows that cannot go others stand in for the moment
  /// Instead, rows of tables that refer to each other are there first, and refer to each other second.
  kPlaced,
  /// Instead, rows that change or go are taken out with all rows of targets that refer to them, and come back.
  kTakenOut,
};

/// Keys of one target as the filters of a statement and their parameters.
struct Selection {
  std::vector<mapping::KeyFilter> filters;
  pg::Parameters parameters;
  /// By which a source on another server is asked, where that is something else: it has what selects read.
  std::vector<mapping::KeyFilter> at_source = {};
  pg::Parameters at_source_parameters = {};
};

/// The one primitive: recomputes keys from the current truth and merges the difference into the targets. The only code
/// that writes shadow rows. Idempotent, so that it may be repeated whenever an outcome is not known.
///
/// Every call runs inside the caller's transaction and at its snapshot; that has to be one snapshot for the whole transaction
/// where the targets have surrogates.
class Refresh {
 public:
  explicit Refresh(const mapping::Model& model);

  /// Upserts parents before children, then deletes children before parents. One Written a target.
  asio::awaitable<ByTarget<Written>> keys(pg::Connection& connection, std::vector<Key> keys, Room room = Room::kNone) const;

  /// What the database says to the same statements for no key at all: a fault of the target's own. Nothing where it takes them.
  /// `bulk`: to those of a bulk load, while its keys are off.
  asio::awaitable<std::optional<Failure>> refused_without_keys(pg::Connection& connection, TargetId target, bool bulk = false) const;

  /// Upserts alone, of keys of one target. Rows that the view no longer has stay; keys by which they go, and those of rows that were written
  /// over, are added to `left`.
  asio::awaitable<Written> upsert(pg::Connection& connection, TargetId target, std::vector<Key> keys, std::vector<Key>& left) const;

  /// One stretch of one target's walk, by difference. Rows that the view no longer has and that others still refer to
  /// stay; their keys, and those of rows of elsewhere that were written over, are added to `offered`.
  asio::awaitable<Written> merge_range(pg::Connection& connection, TargetId target, mapping::Range range,
                                       std::vector<Key>& offered) const;

  /// One stretch of one target's walk into a table that holds nothing of it yet.
  asio::awaitable<Written> bulk_range(pg::Connection& connection, TargetId target, mapping::Range range) const;

  /// The second unique keys and the exclusion constraints of a target's table, as they are now.
  asio::awaitable<std::vector<mapping::Exclusive>> exclusives(pg::Connection& connection, TargetId target) const;

  const mapping::Statements& statements(TargetId target) const { return statements_.at(target); }
  const ByTarget<mapping::Statements>& statements() const { return statements_; }

  /// Statements for a handful of keys go in one round trip where that is what they would take the longest for.
  static asio::awaitable<std::vector<pg::Answer>> ask_together(pg::Connection& connection, std::vector<pg::Statement> statements);

  /// Keys of one target as a selection that v2's own session can be asked by. Where v1 is on another server what selects give is known then, and
  /// with `rows` what stands for the view has its rows. Nothing where the database refuses that, which costs nothing else.
  enum class Brought { kKeys, kRows };
  asio::awaitable<std::optional<Selection>> select_here(pg::Connection& connection, std::vector<Key> keys, Brought brought) const;

  const mapping::Model& model() const { return model_; }

 private:
  /// Keys of shadow rows that the view no longer has: one text array a key column.
  using Stale = std::vector<std::vector<std::optional<std::string>>>;

  static asio::awaitable<pg::Result> ask(pg::Connection& connection, std::string sql, pg::Parameters parameters);
  asio::awaitable<void> allocate(pg::Connection& connection, TargetId target, const std::vector<mapping::KeyFilter>& filters,
                                 const pg::Parameters& parameters) const;
  asio::awaitable<void> look_up(pg::Connection& connection, std::map<TargetId, Selection>& selections) const;
  asio::awaitable<void> bring_all(pg::Connection& connection, const std::map<TargetId, Selection>& selections) const;
  const std::string& merge_text(TargetId target, const std::vector<mapping::KeyFilter>& filters) const;
  struct Merged {
    Stale stale;
    std::vector<Key> met;  ///< keys of rows that were written over, and that were not asked for
  };
  Merged read_merged(TargetId target, const pg::Result& rows, Written& written) const;
  asio::awaitable<Merged> merge(pg::Connection& connection, TargetId target, std::string sql, pg::Parameters parameters,
                                Written& written) const;
  asio::awaitable<std::map<TargetId, Stale>> merge_all(pg::Connection& connection, std::map<TargetId, Selection> selections, Room room,
                                                       const std::vector<Key>& keys, ByTarget<Written>& written) const;
  asio::awaitable<Merged> merge_with(pg::Connection& connection, TargetId target, std::vector<Key> met, const std::vector<Key>& keys, Written& written) const;
  asio::awaitable<std::optional<std::vector<Key>>> names_of(pg::Connection& connection, TargetId target, const Stale& stale) const;
  asio::awaitable<void> remove(pg::Connection& connection, TargetId target, Stale stale, Written& written) const;
  asio::awaitable<void> nothing(pg::Connection& connection, TargetId target, bool bulk) const;
  asio::awaitable<std::map<TargetId, Stale>> make_room(pg::Connection& connection, const std::map<TargetId, Selection>& selections,
                                                       Room room, ByTarget<Written>& written) const;
  /// Rows that were taken out and come back, as they were: for what of them is not the view's.
  struct Saved {
    std::vector<std::string> others;  ///< columns that are not the view's
    std::vector<std::optional<std::string>> rows;
  };
  asio::awaitable<std::vector<Key>> take_out(pg::Connection& connection, const std::map<TargetId, Selection>& selections, ByTarget<Written>& written,
                                             std::map<TargetId, Saved>& saved) const;
  asio::awaitable<void> come_back(pg::Connection& connection, TargetId target, const Selection& selection, const Saved& saved, Written& written) const;
  asio::awaitable<std::vector<std::string>> others_of(pg::Connection& connection, TargetId target) const;
  asio::awaitable<void> stand_in(pg::Connection& connection, TargetId target, const Selection& selection, Room room) const;
  asio::awaitable<std::vector<std::string>> later_columns(pg::Connection& connection, TargetId target) const;
  asio::awaitable<bool> in_rings(pg::Connection& connection, const std::map<TargetId, Selection>& selections) const;
  asio::awaitable<void> place(pg::Connection& connection, TargetId target, const Selection& selection) const;
  enum class Dependents { kTakenAlong, kAll };
  /// Rows of one target.
  struct Rows {
    TargetId target;
    Stale keys;
  };
  asio::awaitable<std::vector<Rows>> dependents(pg::Connection& connection, Rows to, Dependents which, std::vector<Key>& found) const;
  std::vector<std::optional<std::string>> tables() const;

  const mapping::Model& model_;
  ByTarget<mapping::Statements> statements_;
  /// merge()'s texts as they were made: a batch of one key should not have to write a page of SQL.
  mutable std::map<std::pair<TargetId, std::vector<mapping::KeyFilter>>, std::string> texts_;
};

/// A row by its name, as Statements::names() gives it.
Key named_key(TargetId target, std::string_view name);

std::map<TargetId, Selection> select_keys(const mapping::Model& model, const std::vector<Key>& keys);

}  // namespace crossfade::sync
