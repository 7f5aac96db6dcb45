#pragma once

#include <boost/asio/awaitable.hpp>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "crossfade/v1/migration.pb.h"
#include "mapping/catalog/catalog.h"
#include "mapping/model/table_name.h"
#include "pg/connection.h"

namespace crossfade::mapping {

/// What was asked for by name, all at once: a migration of many tables is not worth as many questions.
class Relations {
 public:
  /// One that is not there has no oid.
  RelationCatalog named(const TableName& name) const;
  void add(RelationCatalog relation);

 private:
  std::map<std::pair<std::string, std::string>, RelationCatalog> by_name_;
};

/// With their columns, but none of what refers to them.
boost::asio::awaitable<Relations> find_relations(pg::Connection& connection, std::vector<TableName> names);

/// Sources and shadow tables by the file's own words, quoted; those that there are. For whoever reads them before, or without, a
/// model.
boost::asio::awaitable<std::vector<std::string>> tables_there(pg::Connection& connection, const v1::Migration& yaml);

}  // namespace crossfade::mapping
