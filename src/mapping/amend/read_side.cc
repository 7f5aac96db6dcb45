#include <embedded_sql.h>

#include <utility>

#include "base/sql_text.h"
#include "mapping/amend/side.h"

namespace crossfade::mapping {
namespace {

namespace asio = boost::asio;
namespace queries = sql::queries;

char letter(const pg::Result& rows, std::size_t row, std::size_t column) {
  const auto text = rows.optional_text(row, column).value_or("");
  return text.empty() ? '\0' : text.front();
}

std::string text_or_nothing(const pg::Result& rows, std::size_t row, std::size_t column) { return rows.optional_text(row, column).value_or(""); }

}  // namespace

asio::awaitable<Side> read_side(pg::Connection& connection, std::string schema, std::string migration) {
  Side side;
  pg::Parameters name = {schema};
  const auto columns = co_await connection.query(std::string(queries::side_columns), name);
  for (std::size_t row = 0; row < columns.size(); ++row) {
    auto& table = side.tables[std::string(columns.text(row, 0))];
    side.printed.emplace(columns.text(row, 0), columns.text(row, 9));
    if (columns.is_null(row, 1)) continue;
    ColumnSide column;
    column.name = columns.text(row, 1);
    column.type = columns.text(row, 2);
    column.collation = text_or_nothing(columns, row, 3);
    column.required = columns.truth(row, 4);
    column.given = text_or_nothing(columns, row, 5);
    column.generated = letter(columns, row, 6);
    column.identity = letter(columns, row, 7);
    column.sequence = text_or_nothing(columns, row, 8);
    table.push_back(std::move(column));
  }
  pg::Parameters both = {schema, migration};
  const auto pieces = co_await connection.query(std::string(queries::side_pieces), both);
  for (std::size_t row = 0; row < pieces.size(); ++row) {
    Piece piece;
    piece.table = pieces.text(row, 1);
    piece.kind = letter(pieces, row, 2);
    piece.create = pieces.text(row, 3);
    piece.validate = text_or_nothing(pieces, row, 4);
    piece.drop = pieces.text(row, 5);
    piece.indexed_by = text_or_nothing(pieces, row, 6);
    piece.excluded_by = text_or_nothing(pieces, row, 7);
    side.pieces.emplace(pieces.text(row, 0), std::move(piece));
  }
  const auto others = co_await connection.query(std::string(queries::side_others), name);
  for (std::size_t row = 0; row < others.size(); ++row) {
    const auto kind = others.text(row, 0);
    const std::string what(others.text(row, 1));
    if (kind == "grant") {
      side.grants.insert(what);
    } else if (kind == "enum") {
      for (auto& label : parse_array(others.text(row, 2))) side.labels[what].push_back(label.value_or(""));
    } else {
      side.others.emplace(what, others.text(row, 2));
    }
  }
  co_return side;
}

}  // namespace crossfade::mapping
