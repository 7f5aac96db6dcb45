#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "mapping/model/model.h"
#include "pg/connection.h"

namespace crossfade::lint {

namespace asio = boost::asio;

/// A source as the server has it now, and what lint looks at of it.
struct SourceShape {
  struct Column {
    std::string name;
    std::string type;          ///< with its modifier
    bool generated = false;
    char category = 'U';       ///< pg_type.typcategory
  };
  SourceId number;    ///< its place in the model
  const mapping::Source* source = nullptr;
  std::vector<Column> columns;
  bool whole = true;           ///< false: rows near the samples only
};
asio::awaitable<ById<SourceId, SourceShape>> read_shapes(pg::Connection& connection, const mapping::Model& model, bool whole);

/// The source itself, quoted.
std::string table_of(const SourceShape& shape);
/// Temporary tables: a copy of what is looked at; rows to be changed and keys of rows that are looked at, where these are not all.
std::string copy_of(const SourceShape& shape);
std::string seeds_of(const SourceShape& shape);
std::string near_of(const SourceShape& shape);
/// What is looked at as it is now, for a from clause.
std::string looked_at(const SourceShape& shape);

/// "t.k = o.k and …" for the columns of the source's key.
std::string same_key(const SourceShape& shape, const std::string& left, const std::string& right);

}  // namespace crossfade::lint
