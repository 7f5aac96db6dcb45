#include "mapping/amend/side.h"

#include <embedded_sql.h>

#include <utility>

#include "base/text/sql_text.h"
#include "pg/row.h"

namespace crossfade::mapping {
namespace {

namespace asio = boost::asio;
namespace queries = sql::queries;

char letter(const pg::Row& row, std::string_view column) {
  const auto text = row.text(column);
  return text.empty() ? '\0' : text.front();
}

}  // namespace

asio::awaitable<Side> read_side(pg::Connection& connection, std::string schema, std::string migration) {
  Side side;
  pg::Parameters name = {schema};
  const auto columns = co_await connection.query(queries::side_columns, name);
  for (const auto row : pg::rows(columns)) {
    auto& table = side.tables[std::string(row.text("relname"))];
    side.printed.emplace(row.text("relname"), row.text("printed"));
    if (row.is_null("attname")) continue;
    ColumnSide column;
    column.name = row.text("attname");
    column.type = row.text("type");
    column.collation = row.text("collation");
    column.required = row.truth("attnotnull");
    column.given = row.text("given");
    column.generated = letter(row, "attgenerated");
    column.identity = letter(row, "attidentity");
    column.sequence = row.text("sequence");
    table.push_back(std::move(column));
  }
  pg::Parameters both = {schema, migration};
  const auto pieces = co_await connection.query(queries::side_pieces, both);
  for (const auto row : pg::rows(pieces)) {
    Piece piece;
    piece.table = row.text("owner");
    piece.kind = letter(row, "kind");
    piece.create = row.text("create_sql");
    piece.validate = row.text("validate_sql");
    piece.drop = row.text("drop_sql");
    piece.indexed_by = row.text("indexed_by");
    piece.excluded_by = row.text("excluded_by");
    side.pieces.emplace(row.text("name"), std::move(piece));
  }
  const auto others = co_await connection.query(queries::side_others, both);
  for (const auto row : pg::rows(others)) {
    const auto kind = row.text("kind");
    const std::string what(row.text("what"));
    if (kind == "grant") {
      side.grants.emplace(what, row.text("unmake"));
    } else if (kind == "enum") {
      for (auto& label : parse_array(row.text("definition"))) side.labels[what].push_back(label.value_or(""));
    } else {
      OtherSide other{std::string(row.text("definition")), std::string(row.text("make")), std::string(row.text("unmake")),
                      std::string(row.text("of_table")),   std::string(row.text("of_column")), kind == "anew", kind == "option"};
      // What a sequence is and what it was told are two things of one name.
      side.others.emplace(kind == "option" && what.starts_with("sequence ") ? "what is said of " + what : what, std::move(other));
    }
  }
  co_return side;
}

}  // namespace crossfade::mapping
