#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cutover/layout/sides.h"
#include "mapping/file/written_rule.h"
#include "mapping/model/model.h"

namespace crossfade::cutover {

/// Two columns, of the table that is to be written and of the one that was, that have each other's values. Without columns: those of
/// one name do.
struct ColumnPair {
  mapping::TableName own;
  std::string own_column;
  mapping::TableName other;
  std::string other_column;
};

/// The columns that the direct rules, of both directions, make each other's counterparts, and the tables of one name.
/// Tables are called as they are at `naming`; `to` says which side is to be written.
std::vector<ColumnPair> column_pairs(const Followed& followed, mapping::Direction to, mapping::Naming naming);
std::string json_of(const std::vector<ColumnPair>& pairs);
/// Columns of v1 (`own`) and those of v2 that the views of the way back take them from, before the writes have moved.
std::vector<ColumnPair> way_back_pairs(const Followed& followed);

/// Where the rows of v2 are that a key of the way back is made of, as crossfade.set_rows_aside takes it: JSON. Rules that look a key up
/// count too: what they are given is a row's own. `reverse` is held against the catalog; v2's tables are called as they are once the
/// direction has turned.
std::string rows_behind_keys(const mapping::Model& reverse);

/// A table of the side that owns the data, and one of the other side that is made of it.
struct Link {
  mapping::TableName owner;
  std::optional<mapping::TableName> follower;  ///< none: nothing is made of it
  mapping::TableName after;                    ///< what the follower is called once the direction has turned to it
  bool same = false;                           ///< they bear one name, which the follower takes over
};

/// Who feeds whom when the direction turns to `to`, as tables are called before.
std::vector<Link> links_of(const Followed& followed, mapping::Direction to);
/// Before the writes have moved: v1's tables, each with those of v2 that it is made of on the way back.
std::vector<Link> way_back_links(const Followed& followed);
std::string json_of(const std::vector<Link>& links);

}  // namespace crossfade::cutover
