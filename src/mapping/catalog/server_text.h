#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pg/row.h"

namespace crossfade::mapping {

/// What the server prints as SQL, read back.

/// `alter table s.t add constraint c PRIMARY KEY (…)` or `… FOREIGN KEY (…) REFERENCES s.p(…) …`.
struct KeyStatement {
  std::string schema;
  std::string table;
  std::vector<std::string> columns;
  bool references = false;                   ///< a foreign key
  std::string parent;
  std::vector<std::string> parent_columns;
};
/// Nothing for any other statement.
std::optional<KeyStatement> read_key_statement(std::string_view sql);

/// An array of texts in a result; empty for NULL, which is what array_agg makes of no rows.
std::vector<std::string> array_in(const pg::Row& row, std::string_view column);

/// `oids` as an array in text: "{16384,16390}".
std::string oids_text(const std::vector<std::uint32_t>& oids);

std::uint32_t oid_in(const pg::Row& row, std::string_view column);

/// The one statement in the body that pg_get_function_sqlbody gives, its parameters cast to `types` ("uuid[]") so that the
/// statement can be used anywhere.
std::string lookup_from_body(std::string_view body, const std::vector<std::string>& types);

}  // namespace crossfade::mapping
