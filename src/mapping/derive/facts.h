#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "mapping/model/table_name.h"

namespace crossfade::mapping::derive {

/// Of smallint, integer and bigint, which compare with each other.
bool is_integer(const std::string& type);

struct ColumnFacts {
  std::string name;
  std::string type;           ///< without modifier: "character varying"
  bool required = false;      ///< never null
  bool generated = false;     ///< the stream does not bring it
  bool image_varies = false;  ///< equal values need not be the same: 1.0 and 1.00
  std::string loose = {};     ///< its collation as SQL, where texts are equal by it that are not the same; else ""
  bool old_value = false;     ///< the stream brings it of the row before a change too
};

/// A foreign key that holds for every row.
struct Reference {
  TableName table;
  std::map<std::string, std::string> columns;  ///< its own, and what they refer to
};

/// A table or a view as the catalog has it.
struct RelationFacts {
  TableName name;
  std::vector<ColumnFacts> columns = {};
  std::vector<std::vector<std::string>> keys = {};  ///< whose values no two rows share; the primary key first
  std::vector<Reference> references = {};
  std::string view = {};                            ///< what pg_get_viewdef prints, names qualified; "" of a table

  const ColumnFacts* find(const std::string& column) const;
};

/// All that has to be known of a database to follow a view back to its tables.
struct Facts {
  std::map<std::string, RelationFacts> relations;  ///< by TableName::quoted()
  /// Tables of ids, which change with the natural keys alone: the view that lists those stands for one.
  std::map<std::string, std::string> stands_for = {};
  /// Nobody but the views that are asked about changes these, so that nothing has to follow them: v1's own old rows on the way back.
  std::set<std::string> settled = {};
  std::set<std::string> aggregates = {"count", "sum", "min", "max", "avg", "array_agg", "string_agg", "jsonb_agg", "bool_or", "bool_and"};
  std::set<std::string> set_returning = {"unnest", "generate_series", "jsonb_array_elements", "regexp_split_to_table"};
  /// Collations by which texts are equal that are not the same, as SQL.
  std::set<std::string> loose_collations = {};
  /// Functions that read what only they know of, by their name as it is written, with the reason.
  std::map<std::string, std::string> opaque = {};

  void add(RelationFacts relation);
};

}  // namespace crossfade::mapping::derive
