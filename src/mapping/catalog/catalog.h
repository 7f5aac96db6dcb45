#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "mapping/derive/derive.h"
#include "mapping/file/written_rule.h"
#include "mapping/model/model.h"
#include "mapping/model/operators.h"
#include "mapping/model/table_name.h"

namespace crossfade::mapping {

/// What the server and our role allow.
struct ServerCatalog {
  std::string wal_level;
  std::int64_t free_slots = 0;
  std::int64_t free_senders = 0;
  bool may_replicate = false;
  bool may_create = false;
  std::string role;
  std::string database;
  std::string encoding;
  std::int64_t version = 0;  ///< server_version_num
  bool slotless_standby = false;  ///< a standby follows it, and none fetches slots

  /// Such a server can send stored generated columns, and where they are part of a replica identity it refuses the application's
  /// updates unless it is told to.
  bool streams_generated() const { return version >= 180000; }
  /// Such a server can bring a slot along to its standby.
  bool keeps_slots() const { return version >= 170000; }
};

struct ColumnCatalog {
  std::string name;
  std::string type;             ///< without modifier: "character varying"
  std::string full_type;        ///< "character varying(40)"
  std::uint32_t type_oid = 0;
  std::int64_t modifier = -1;
  bool required = false;        ///< not null, or a domain that is
  bool has_default = false;
  bool generated = false;
  bool is_virtual = false;              ///< generated when it is read
  std::string expression = {};          ///< of a generated one
  std::vector<std::string> made_of = {};  ///< the columns in it
  std::string collation = {};           ///< as SQL; "" where the type has none
  bool deterministic = true;            ///< of the collation: equal texts are the same
  Operators operators = {};             ///< of the type's default btree operator class
  bool image_varies = false;            ///< equal values need not be the same
  bool is_row = false;          ///< its type is a composite, or a domain over one
  std::string enum_under = {};  ///< of a domain over an enum that one's name: the server does not compare the domain's values
  bool leads_index = false;     ///< rows can be had in the order of its values
  bool always_identity = false; ///< generated always as identity: takes no value from us
};

/// Foreign key columns of one target's table, and what they refer to.
struct ForeignKeyCatalog {
  std::string parent;                 ///< the target whose table it is
  std::vector<std::string> columns;
  std::vector<std::string> parent_columns;
  bool deferred = false;              ///< checked at the commit: its rows may come before those that they refer to
  std::string acts_on_update = {};    ///< its name, where it changes rows when what they refer to is changed; "" where it does not
};

/// What the WAL tells of a row before it changed.
struct IdentityCatalog {
  std::string table;                  ///< the table itself, or one partition; quoted where it must be
  char mode = 'd';                    ///< pg_class.relreplident
  std::vector<std::string> columns;   ///< with every mode but 'f'
};

struct RelationCatalog {
  std::string schema;
  std::string name;
  std::uint32_t oid = 0;              ///< 0: there is none
  char kind = ' ';                    ///< pg_class.relkind
  char persistence = 'p';             ///< pg_class.relpersistence
  std::string owner;
  bool owned = false;                 ///< by us, or by a role that we are a member of
  bool readable = false;
  bool rows_hidden = false;           ///< row-level security applies to us
  bool has_children = false;          ///< tables inherit from it the old way
  std::vector<std::string> primary_key;
  bool deferrable_key = false;        ///< it is checked later than its row is written: no row is merged by it
  std::string deferrable_twin;        ///< a unique key of the same columns that is; quoted, "" where there is none
  bool overlapping_key = false;       ///< it is `without overlaps`, and so no row is merged by it either
  std::vector<std::string> foreign_partitions;   ///< whose changes the WAL does not have; quoted where they must be
  std::vector<std::string> unlogged_partitions;  ///< the same
  std::vector<ColumnCatalog> columns;
  std::vector<ForeignKeyCatalog> foreign_keys;  ///< of targets, to targets
  std::vector<std::string> keys_outside;        ///< of targets, to tables of other schemas: "name to schema.table"
  std::vector<IdentityCatalog> identities;      ///< of sources

  bool exists() const { return oid != 0; }
  const ColumnCatalog* find(const std::string& column) const;
  std::string quoted() const;
  /// How each of these columns is compared.
  std::vector<Operators> operators_of(const std::vector<std::string>& names) const;
};

/// A table that a view or a lookup reads.
struct ReadCatalog {
  std::string schema;
  std::string name;
  char kind = 'r';
  bool whole_row = false;             ///< reads all columns
  std::vector<std::string> columns;
  bool hidden = false;                ///< behind a function: who locks the view does not lock it
};

/// A function in a view whose result the rows alone do not settle.
struct FunctionCatalog {
  std::string name;
  /// "volatile", "clock", "opaque": it may read tables that nobody sees, "order": of the rows, which nothing says, "ties": rows that are
  /// alike in the order, "rounding": at each step of a sum, "lost names": that it may find by the search path, or "certainly lost names",
  /// "datestyle": of dates as text, "path": of objects' names as text, "place": of a row, no function, "session": what is its own,
  /// "catalog": a table of the server's that the view reads, "setting": of a session, by which columns differ, "clock within", "clock
  /// perhaps", "session within": by its text, whatever it was declared to be; "text": it has one that may name tables, which is no fault
  std::string problem;
  std::string names = {};  ///< of "lost names": some of them; certainly: what the server says; of "setting" its name; what stands in a text
  std::string path = {};   ///< and the search path that our role has in this database; what is set
};

/// A trigger that a user made on a target's table.
struct TriggerCatalog {
  std::string name;
  std::string table;                  ///< the target's, or a partition; quoted where it must be
  bool always = false;                ///< `enable always`: it never rests
};

/// A rule of a target's table, of the kind that `create rule` makes.
struct RewriteCatalog {
  std::string name;
  std::string table;  ///< quoted where it must be
  bool refused;       ///< the table cannot be written beside it
};

struct TargetCatalog {
  RelationCatalog table;
  RelationCatalog view;
  bool dropped = false;                             ///< the view; crossfade made it with the migration
  std::optional<RelationCatalog> keeps;   ///< in reverse: the view of rejects.sql that names rows of the table, if there is one
  std::vector<ReadCatalog> reads;
  std::vector<FunctionCatalog> functions;
  std::vector<TriggerCatalog> triggers;   ///< that would fire now
  std::vector<RewriteCatalog> rewrites;   ///< of what crossfade writes
  std::vector<std::string> surrogates;    ///< whose ids the view reads; what their views read is among `reads`
};

struct SurrogateCatalog {
  RelationCatalog view;               ///< the natural keys
  bool dropped = false;                             ///< the view; crossfade made it with the migration
  RelationCatalog ids;
  std::vector<ReadCatalog> reads;     ///< of the view
  std::vector<FunctionCatalog> functions;
};

/// A rule's select as the server has understood it.
struct LookupCatalog {
  std::string sql;                    ///< every name qualified, parameters cast: $1::uuid[]; "" if refused
  std::string refusal;                ///< what the server said against it
  std::vector<ReadCatalog> reads;
};

/// A table whose changes a view does not tell the rows of.
struct UntoldCatalog {
  std::string target;
  TableName source;                   ///< without a name: none of the view's
  std::string place;
  std::string why;
  std::string proposal;
};

/// A written rule that may offer less than its target's view says.
struct MissedCatalog {
  std::string target;
  std::string source;                 ///< the file's word
  std::string place;
  std::string rule;                   ///< what the view says; "" where it does not
};

/// All that the database says about a migration.
struct Catalog {
  ServerCatalog server;
  std::map<std::string, RelationCatalog> sources;   ///< by the file's word for it
  std::map<std::string, TargetCatalog> targets;
  std::map<std::string, SurrogateCatalog> surrogates;
  std::vector<WrittenRule> rules;                   ///< the file's, and for sources that it says nothing of the views'
  std::vector<UntoldCatalog> untold;
  std::vector<MissedCatalog> missed;
  derive::Reading reading;                          ///< of the targets' views
  std::map<std::size_t, LookupCatalog> lookups;     ///< by the rule's place; those whose source is there
};

/// The shortest way along foreign keys from `target`'s shadow table to a target's shadow table that has all of `columns`;
/// empty where it has them itself, nothing where there is no way.
std::optional<std::vector<LocateStep>> find_path(const std::map<std::string, TargetCatalog>& targets, const std::string& target,
                                                 const std::vector<std::string>& columns);

/// Targets in an order in which every parent comes before its children, by name where that leaves a choice.
struct TargetOrder {
  std::vector<std::string> names;
  std::vector<std::string> cycle;  ///< targets that refer to each other in a ring, where there is one
};
TargetOrder order_targets(const std::map<std::string, TargetCatalog>& targets);

}  // namespace crossfade::mapping
