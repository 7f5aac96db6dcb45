#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/value/id.h"
#include "mapping/model/operators.h"
#include "mapping/model/table_name.h"

namespace crossfade::mapping {

/// Which way changes go: from v1 to v2 while v1 owns the data; from v2 to v1 once the writes have moved, so that v1 stays
/// true and there is a way back.
enum class Direction { kForward, kReverse };

/// A column and its type as format_type prints it, e.g. {"starts_on", "date"}.
struct Column {
  /// kOnInsert: an identity that is generated always has no other value than the one it came with. kNever: the table computes
  /// it; such a one is here where it is part of the key.
  enum class Written { kAlways, kOnInsert, kNever };

  std::string name;
  std::string type;
  Written written = Written::kAlways;
  Operators operators = {};
  std::string cast = {};        ///< the type that assigning makes of a value of the view's, "numeric(6,2)" rounds, "integer" of a bigint; "" where it takes it as it is
  std::string collation = {};   ///< the table's, as SQL, where the view's is another one
  bool image_varies = false;    ///< values that are equal need not be the same: 1.0 and 1.00
};

/// One step from a shadow table to the table that has the locator's columns, along a foreign key:
/// `columns` of the table before it refer to `parent_columns` of `parent`.
struct LocateStep {
  TableName parent;
  std::vector<std::string> columns;
  std::vector<std::string> parent_columns;
  std::vector<Operators> operators = {};  ///< of the columns; none: pg_catalog's
};

/// How the rows of a changed key are found, in the view and in the shadow table of one target.
struct Locator {
  std::vector<std::string> columns;      ///< of the view
  std::vector<std::string> types;        ///< the values' types: the columns', or the lookup's parameters'
  std::string lookup;                    ///< indirect rules: SQL with $1…$n (arrays) that gives the columns' values; else ""
  std::vector<LocateStep> path;          ///< from the shadow table to the columns; empty where it has them itself
  std::string locate;                    ///< the file's own predicate over the shadow row `s` with $keys; else ""
  std::vector<Operators> operators = {}; ///< of the columns; none: pg_catalog's
  /// By which the columns of view and shadow table are compared, as SQL; "" for their own. Of an indirect one the columns', where they
  /// are not the database's: what the select gives may have another. Of a direct one its source's, where that is not deterministic.
  std::vector<std::string> collations = {};
  std::vector<std::string> shadow_collations = {};
  /// Of one that is walked along, as SQL: by which its values are in order everywhere; "" where that is the database's anyway.
  std::string chunk_collation = {};
  std::size_t chunk_place = 0;            ///< which of its columns it is walked along
  bool lookup_reads = false;              ///< rows of tables, beside the values that it is given

  const std::string& chunk_column() const { return columns.at(chunk_place); }
  const std::string& chunk_type() const { return types.at(chunk_place); }
  bool indirect() const { return !lookup.empty(); }
  /// How column `n` is compared: "=", ">", qualified where it must be.
  std::string compared(std::size_t n, std::string_view sign) const { return n < operators.size() ? operators[n].sql(sign) : std::string(sign); }
  /// "plan_id", "user_id, day": what people and the table crossfade.dirty call it.
  std::string name() const;
};

/// The locator that a backfill walks along.
inline constexpr LocatorId kChunkKey{};

/// A source's change makes keys of a target: values of `source_columns` are the values of the target's locator.
struct FollowRule {
  SourceId source;
  TargetId target;
  LocatorId locator;
  std::vector<std::string> source_columns;
  /// All columns of the source that the target's view reads (from pg_depend), the rule's own included. A change that
  /// touches none of them offers nothing.
  /// A generated column counts as those it is made of: the stream does not carry it.
  std::vector<std::string> relevant_columns;
  /// Generated columns that the view reads, for where the stream carries them after all: one that is generated no longer
  /// changes by itself.
  std::vector<std::string> generated_columns = {};
};

/// A target has one row at most for a row of the source, and shows its key: whether it is there can be asked by that.
struct ShownKey {
  SourceId source;
  TargetId target;
  Locator locator;                          ///< of columns that view and shadow table have
  std::vector<std::string> source_columns;  ///< the source's key
  std::map<std::string, std::string> constants = {};  ///< by which branches of the view tell their rows from others', as SQL
};

/// A table whose changes are followed: of v1, or of v2 in the reverse direction.
struct Source {
  std::string schema;
  std::string name;
  std::vector<std::string> key;
  std::uint32_t oid = 0;
  bool shared = false;  ///< both sides use it: its rows stay where they are
  std::vector<Operators> operators = {};  ///< of the key's columns; none: pg_catalog's
};

/// An integer id for each natural key, given once and kept: as long as the migration lasts, a row that is deleted and comes
/// back has the id it had, and no id is given twice.
struct Surrogate {
  std::string name;             ///< "day_id"; its view in the mapping's schema lists the natural keys that there are
  std::vector<std::string> of;  ///< the natural key: columns of that view and of `ids`
  TableName ids;                ///< where the ids stand
  std::vector<Operators> operators = {};  ///< of the natural key's columns; none: pg_catalog's
};

/// "rejected_exercises": the view that names rows of a source that are left out on purpose, and why.
std::string rejects_name(const std::string& source);

/// A table and the view that fills it: of v2, or of v1 in the reverse direction.
struct Target {
  std::string name;                      ///< the view's, and what people call it
  std::vector<Column> columns;           ///< what the engine writes, in the table's order, and what the table's key is made of
  std::vector<std::string> key;          ///< the primary key's columns
  ById<LocatorId, Locator> locators;         ///< the first is the one a backfill walks along
  SourceId chunk_source;         ///< the source whose column gives the backfill its chunk bounds …
  std::string chunk_column;               ///< … and that column; "" where nothing can be walked along
  double estimated_rows = 0;             ///< by the planner, of the view; 0 unknown
  TableName table = {};
  std::vector<SurrogateId> surrogates = {}; ///< whose ids the view reads
  std::optional<TableName> keeps = {};        ///< a view with the keys of rows that stay although the view lacks them: v1's alone
  bool lazy = false;                     ///< rows appear once touched or changed: what only the view has is not missing
  std::vector<TableName> read_by_functions = {}; ///< what the view reads through functions alone, of which no lock of the view knows
  std::vector<Column> view_columns = {};  ///< all that the view has, in its order: name, type and collation

  std::vector<Operators> key_operators() const;
  /// The view's column of that name, which it has to have.
  const Column& view_column(const std::string& column) const;
};

/// A target of the file that the catalog has no place for now: its view, its table, or what they are made of is gone or another.
struct LeftOut {
  std::string target;
  std::string because;                   ///< and what mends it

  bool operator==(const LeftOut&) const = default;
};

/// A migration as the engine runs it: the file's words checked against the catalog and put in order.
struct Model {
  std::string name;
  Direction direction = Direction::kForward;
  std::string shadow_schema;             ///< where v2's tables are while v1 owns the data
  std::string mapping_schema;            ///< of the views that fill the targets
  std::string stable_schema;             ///< schema of the stable views; "" where the file names none
  int edition = 0;                       ///< of the migration's that it was made by; 0: whichever is in force
  bool streams_generated = false;        ///< the server has to be told to send generated columns
  std::set<std::string, std::less<>> row_types = {}; ///< of columns: composites, as format_type prints them
  ById<SourceId, Source> sources;
  ById<TargetId, Target> targets;        ///< parents before children
  std::vector<FollowRule> rules;
  std::vector<ShownKey> shown_keys = {};
  ById<SurrogateId, Surrogate> surrogates;
  std::vector<LeftOut> left_out = {};    ///< nothing of theirs is followed, read or written
  /// v2 stands on another server than v1: in statements there a table of the session stands for each view, with the rows that were brought.
  bool apart = false;

  /// The target called `target_name`; nothing if there is none.
  std::optional<TargetId> find_target(const std::string& target_name) const;

  /// What is read to compute and compare rows of `of`, quoted, each once: their views, which stand for all that those read;
  /// tables that their functions and lookups read; shadow tables, and those through which their rows are found. Where v2 stands on another server, what is there.
  std::vector<std::string> relations_read(const std::vector<TargetId>& of) const;
  /// Of all targets.
  std::vector<std::string> relations_read() const;
  /// The rest of it, on the source's server; none where that is v2's.
  std::vector<std::string> relations_read_at_source(const std::vector<TargetId>& of) const;

 private:
  std::set<std::string> views_read(const std::vector<TargetId>& of) const;
  std::set<std::string> tables_read(const std::vector<TargetId>& of) const;
};

}  // namespace crossfade::mapping
