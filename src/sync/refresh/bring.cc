#include "sync/refresh/bring.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <functional>
#include <set>
#include <utility>

#include "base/text/copy_text.h"
#include "base/text/sql_text.h"
#include "mapping/sql/scan.h"
#include "pg/row.h"

namespace crossfade::sync {
namespace {

using mapping::KeyFilter;
using mapping::Reads;

/// Keys up to so many bytes are read by the plan that is there; more, and stretches of a walk, by one of their own, and come by COPY.
constexpr std::size_t kFewBytes = 64 * 40;

/// Rows of more bytes than this come by COPY, whatever has named them.
constexpr std::size_t kMuch = 256 << 10;

constexpr const char* kSavepoint = "savepoint crossfade_source";
constexpr const char* kRelease = "release savepoint crossfade_source";
constexpr const char* kGoBack = "rollback to savepoint crossfade_source; release savepoint crossfade_source";

bool is_stretch(const std::vector<KeyFilter>& filters) {
  return std::any_of(filters.begin(), filters.end(), [](const KeyFilter& each) { return each.form == KeyFilter::Form::kRange || each.form == KeyFilter::Form::kNoChunkKey; });
}

/// COPY takes no parameters.
std::string with_values(const std::string& sql, const pg::Parameters& parameters) {
  return mapping::with_tokens_replaced(sql, [&](const mapping::Token& token) -> std::optional<std::string> {
    if (token.kind != mapping::Token::Kind::kParameter) return std::nullopt;
    const auto& value = parameters.at(token.number - 1);
    return value ? quote_literal(*value) : std::string("null");
  });
}

/// As lines of a COPY.
std::string lines_of(const pg::Result& rows) {
  std::string lines;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    for (std::size_t column = 0; column < rows.columns(); ++column) {
      if (column > 0) lines.push_back('\t');
      append_copy_field(lines, rows.is_null(row, column) ? std::nullopt : std::optional(rows.text(row, column)));
    }
    lines.push_back('\n');
  }
  return lines;
}

/// As values of the row's type.
std::vector<std::optional<std::string>> records_of(const pg::Result& rows) {
  std::vector<std::optional<std::string>> records;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    std::string record = "(";
    for (std::size_t column = 0; column < rows.columns(); ++column) {
      if (column > 0) record.push_back(',');
      if (rows.is_null(row, column)) continue;
      record.push_back('"');
      for (const char c : rows.text(row, column)) {
        if (c == '"' || c == '\\') record.push_back(c);
        record.push_back(c);
      }
      record.push_back('"');
    }
    records.emplace_back(record + ")");
  }
  return records;
}

std::string empty(const std::string& stand_in) { return "delete from " + stand_in; }

asio::awaitable<void> copy_to_stand_in(pg::Connection& connection, std::string stand_in, std::string lines) {
  const auto none = empty(stand_in);
  co_await connection.script(none);
  if (lines.empty()) co_return;
  const auto copy = "copy " + stand_in + " from stdin";
  std::size_t at = 0;
  const std::function<bool(std::string&)> next = [&](std::string& piece) {
    constexpr std::size_t kPiece = 64 << 10;
    piece.append(lines, at, kPiece);
    at += kPiece;
    return at < lines.size();
  };
  co_await connection.copy_in(copy, next);
}

asio::awaitable<std::string> copy_from_source(pg::Connection& source, std::string sql) {
  const bool within = source.in_transaction();
  std::string lines;
  std::optional<Failure> failure;
  const auto copy = "copy (" + sql + ") to stdout";
  const std::function<void(std::string_view)> take = [&](std::string_view line) { lines += line; };
  if (within) co_await source.script(kSavepoint);
  try {
    co_await source.copy_out(copy, take);
  } catch (const Failure& caught) {
    if (caught.connection_lost()) throw;
    failure = caught;
  }
  if (within) co_await source.script(failure ? kGoBack : kRelease);
  if (failure) throw *failure;
  co_return lines;
}

/// Of a statement that gives a bound of the chunk key, and how many values it has found.
asio::awaitable<Bound> ask_bound(pg::Connection& connection, std::string sql, pg::Parameters parameters) {
  const auto rows = co_await connection.query(std::move(sql), std::move(parameters));
  const auto row = pg::first(rows);
  co_return Bound{row.optional_text("bound"), static_cast<std::size_t>(row.number("found"))};
}

/// Of two values of the chunk key the one that comes first.
asio::awaitable<std::string> first_of(pg::Connection& connection, const mapping::Locator& chunk_key, std::string a, std::string b) {
  auto sql = fmt::format("select v::text from (values ($1::{0}), ($2::{0})) both_of (v) order by v{1}{2} limit 1", chunk_key.chunk_type(),
                         chunk_key.chunk_collation.empty() ? "" : " collate ", chunk_key.chunk_collation);
  pg::Parameters parameters = {std::move(a), std::move(b)};
  const auto rows = co_await connection.query(std::move(sql), std::move(parameters));
  co_return std::string(rows.text(0, 0));
}

}  // namespace

std::string create_stand_ins(const mapping::Model& model) {
  std::string sql;
  if (!model.apart) return sql;
  for (const auto target : model.targets.ids()) sql += mapping::Statements(model, target).create_stand_in() + ";\n";
  return sql;
}

asio::awaitable<std::vector<pg::Result>> ask_source(pg::Connection& connection, std::vector<pg::Statement> statements) {
  auto& source = connection.source();
  std::vector<pg::Result> results;
  if (statements.empty()) co_return results;
  if (!connection.apart() || !source.in_transaction()) {
    for (auto& each : statements) {
      pg::Result rows;
      if (each.prepared) rows = co_await source.execute(std::move(each.sql), std::move(each.parameters));
      else rows = co_await source.query(std::move(each.sql), std::move(each.parameters));
      results.push_back(std::move(rows));
    }
    co_return results;
  }
  statements.insert(statements.begin(), pg::Statement{kSavepoint});
  statements.push_back(pg::Statement{kRelease});
  std::optional<Failure> failure;
  std::vector<pg::Answer> answers;
  try {
    answers = co_await source.together(std::move(statements));
  } catch (const Failure& caught) {
    if (caught.connection_lost()) throw;
    failure = caught;
  }
  if (failure) {
    co_await source.script(kGoBack);
    throw *failure;
  }
  for (std::size_t n = 1; n + 1 < answers.size(); ++n) results.push_back(std::move(answers[n].result));
  co_return results;
}

asio::awaitable<pg::Result> ask_source(pg::Connection& connection, pg::Statement statement) {
  std::vector<pg::Statement> alone;
  alone.push_back(std::move(statement));
  auto results = co_await ask_source(connection, std::move(alone));
  co_return std::move(results.front());
}

asio::awaitable<void> bring(pg::Connection& connection, std::vector<Wanted> wanted) {
  if (!connection.apart()) co_return;
  const auto much = [](const Wanted& each) { return is_stretch(each.filters) || pg::bytes_of(each.parameters) > kFewBytes; };
  const auto few = std::stable_partition(wanted.begin(), wanted.end(), much);
  for (auto each = wanted.begin(); each != few; ++each) {
    auto filled = with_values(each->statements.get().rows_of_view(each->filters), each->parameters);
    auto lines = co_await copy_from_source(connection.source(), std::move(filled));
    co_await copy_to_stand_in(connection, each->statements.get().stand_in(), std::move(lines));
  }
  // All others' in one round trip to each server.
  std::vector<pg::Statement> asked;
  for (auto each = few; each != wanted.end(); ++each) asked.push_back({each->statements.get().rows_of_view(each->filters), std::move(each->parameters)});
  const auto answers = co_await ask_source(connection, std::move(asked));
  std::vector<pg::Statement> filling;
  for (std::size_t n = 0; n < answers.size(); ++n) {
    const auto stand_in = few[static_cast<std::ptrdiff_t>(n)].statements.get().stand_in();
    auto lines = lines_of(answers[n]);
    if (lines.size() > kMuch) {
      co_await copy_to_stand_in(connection, stand_in, std::move(lines));
      continue;
    }
    filling.push_back({empty(stand_in)});
    if (lines.empty()) continue;
    auto fill = fmt::format("insert into {0} select r.* from unnest($1::{0}[]) r", stand_in);
    filling.push_back({std::move(fill), {array_text(records_of(answers[n]))}});
  }
  if (!filling.empty()) co_await connection.together(std::move(filling));
}

asio::awaitable<void> bring(pg::Connection& connection, const mapping::Statements& statements, const std::vector<KeyFilter>& filters,
                            pg::Parameters parameters) {
  std::vector<Wanted> alone;
  alone.push_back({statements, filters, std::move(parameters)});
  return bring(connection, std::move(alone));
}

Wanted wanted(const mapping::Statements& statements, const Selection& selection) {
  if (selection.at_source.empty()) return {statements, selection.filters, selection.parameters};
  return {statements, selection.at_source, selection.at_source_parameters};
}

namespace {

/// A filter whose keys a select gives, and where its parameters are.
struct Place {
  KeyFilter& filter;
  Selection& selection;
  TargetId target;
  std::ptrdiff_t parameter;
  std::ptrdiff_t width;

  pg::Parameters parameters() const {
    const auto first = selection.parameters.begin() + parameter;
    return {first, first + width};
  }
};

enum class Width { kOne, kSeveral, kAny };

std::vector<Place> places_of_selects(const mapping::Model& model, std::map<TargetId, Selection>& selections, Width of) {
  std::vector<Place> places;
  for (auto& [target, selection] : selections) {
    std::ptrdiff_t parameter = 0;
    for (auto& filter : selection.filters) {
      const auto& locator = model.targets[target].locators.at(filter.locator);
      if (filter.form == KeyFilter::Form::kPartMissing) continue;
      const bool given = filter.form == KeyFilter::Form::kGiven || filter.form == KeyFilter::Form::kRows;
      const auto width = static_cast<std::ptrdiff_t>(given ? locator.columns.size() : locator.types.size());
      const bool meant = of == Width::kAny || of == (locator.columns.size() > 1 ? Width::kSeveral : Width::kOne);
      if (!given && locator.indirect() && meant) places.push_back({filter, selection, target, parameter, width});
      parameter += width - std::popcount(filter.null_mask);
    }
  }
  return places;
}

/// Nothing is equal to a key that has no value in one of its columns: the rows of such keys are asked for by that.
void ask_for_missing(const std::vector<std::pair<Selection*, LocatorId>>& asked) {
  for (const auto& [selection, locator] : asked) {
    KeyFilter filter;
    filter.form = KeyFilter::Form::kPartMissing;
    filter.locator = locator;
    selection->filters.push_back(filter);
    if (!selection->at_source.empty()) selection->at_source.push_back(filter);
  }
}

/// Of several columns, which on one server stay in the statements: the rows that the select gives, as the target can be asked by.
asio::awaitable<void> look_up_rows(pg::Connection& connection, const mapping::Model& model, const ByTarget<mapping::Statements>& statements,
                                   std::map<TargetId, Selection>& selections) {
  auto places = places_of_selects(model, selections, Width::kSeveral);
  for (auto& place : places) {
    if (!place.selection.at_source.empty()) continue;
    place.selection.at_source = place.selection.filters;
    place.selection.at_source_parameters = place.selection.parameters;
  }
  std::vector<pg::Statement> asked;
  for (const auto& place : places) asked.push_back({statements[place.target].given(place.filter), place.parameters()});
  const auto answers = co_await ask_source(connection, std::move(asked));
  std::vector<std::pair<Selection*, LocatorId>> missing;
  // From behind, so that what is before stays where it is.
  for (std::size_t n = places.size(); n-- > 0;) {
    const auto& place = places[n];
    const auto& rows = answers[n];
    std::vector<std::vector<std::optional<std::string>>> arrays(rows.columns());
    for (std::size_t row = 0; row < rows.size(); ++row) {
      for (std::size_t column = 0; column < arrays.size(); ++column) arrays[column].push_back(rows.optional_text(row, column));
    }
    const auto is_missing = [](const auto& array) { return std::find(array.begin(), array.end(), std::nullopt) != array.end(); };
    if (std::any_of(arrays.begin(), arrays.end(), is_missing)) missing.emplace_back(&place.selection, place.filter.locator);
    place.filter.form = KeyFilter::Form::kRows;
    auto& parameters = place.selection.parameters;
    const auto first = parameters.begin() + place.parameter;
    auto at = parameters.erase(first, first + place.width);
    for (const auto& array : arrays) at = parameters.insert(at, array_text(array)) + 1;
  }
  ask_for_missing(missing);
}

}  // namespace

asio::awaitable<void> look_up(pg::Connection& connection, const mapping::Model& model, const ByTarget<mapping::Statements>& statements,
                              std::map<TargetId, Selection>& selections) {
  auto places = places_of_selects(model, selections, connection.apart() ? Width::kOne : Width::kAny);
  std::vector<pg::Statement> asked;
  for (const auto& place : places) asked.push_back({statements[place.target].lookup(place.filter), place.parameters()});
  std::vector<pg::Result> answers;
  if (connection.apart()) {
    answers = co_await ask_source(connection, std::move(asked));
  } else if (!asked.empty()) {
    auto together = co_await Refresh::ask_together(connection, std::move(asked));
    for (auto& answer : together) answers.push_back(std::move(answer.result));
  }
  std::vector<std::pair<Selection*, LocatorId>> missing;
  // From behind, because what comes in is shorter than what was there.
  for (std::size_t n = places.size(); n-- > 0;) {
    auto& [filter, selection, target, parameter, width] = places[n];
    // An array, and of which type; part_missing where a part of a key in it is null.
    const auto found = pg::first(answers[n]);
    if (found.truth("part_missing")) missing.emplace_back(&selection, filter.locator);
    if (found.is_null("given")) continue;
    filter.form = KeyFilter::Form::kGiven;
    filter.given_type = found.text("type");
    const auto first = selection.parameters.begin() + parameter;
    *first = std::string(found.text("given"));
    selection.parameters.erase(first + 1, first + width);
  }
  ask_for_missing(missing);
  if (connection.apart()) co_await look_up_rows(connection, model, statements, selections);
}

asio::awaitable<Bound> next_bound(pg::Connection& connection, const mapping::Model& model, TargetId target, mapping::Range range, std::size_t most,
                                  bool into_empty) {
  const mapping::Statements statements(model, target);
  auto parameters = mapping::range_parameters(range);
  parameters.emplace_back(std::to_string(most));
  auto of_both = statements.next_bound(range, into_empty);
  if (!model.apart) co_return co_await ask_bound(connection, std::move(of_both), std::move(parameters));
  auto of_source = statements.next_bound(range, into_empty, Reads::kSource);
  auto source = co_await ask_bound(connection.source(), std::move(of_source), parameters);
  if (into_empty || !statements.chunked_in_shadow()) co_return source;
  // Shadow rows that no source row stands for fall into bounded chunks too: whichever side has its next values sooner says where this one ends.
  auto of_shadow = statements.next_bound(range, into_empty, Reads::kTarget);
  auto shadow = co_await ask_bound(connection, std::move(of_shadow), std::move(parameters));
  if (source.found < most || shadow.found < most) co_return source.found < most ? shadow : source;
  source.last = co_await first_of(connection.source(), model.targets[target].locators.front(), *source.last, *shadow.last);
  co_return source;
}

asio::awaitable<Bound> split_point(pg::Connection& connection, const mapping::Model& model, TargetId target, mapping::Range range) {
  const mapping::Statements statements(model, target);
  auto parameters = mapping::range_parameters(range);
  auto of_both = statements.split_point(range);
  if (!model.apart) co_return co_await ask_bound(connection, std::move(of_both), std::move(parameters));
  const pg::Statement of_view{statements.split_point(range, Reads::kSource), parameters};
  const auto rows = co_await ask_source(connection, of_view);
  const auto row = pg::first(rows);
  Bound view{row.optional_text("bound"), static_cast<std::size_t>(row.number("found"))};
  if (view.found > 1 || !statements.chunked_in_shadow()) co_return view;
  auto of_shadow = statements.split_point(range, Reads::kTarget);
  auto shadow = co_await ask_bound(connection, std::move(of_shadow), std::move(parameters));
  if (view.found == 0 || shadow.found > 1) co_return shadow;
  if (shadow.found == 0 || shadow.last == view.last) co_return view;
  view.last = co_await first_of(connection.source(), model.targets[target].locators.front(), *view.last, *shadow.last);
  view.found = 2;
  co_return view;
}

asio::awaitable<std::vector<std::string>> values_of_both(pg::Connection& connection, const mapping::Model& model, TargetId target, LocatorId locator,
                                                         std::vector<KeyFilter> filters, pg::Parameters parameters, std::optional<std::size_t> most) {
  const auto limit = most ? fmt::format(" limit {}", *most) : "";
  if (!model.apart) {
    auto sql = mapping::Statements(model, target).values(locator, filters) + limit;
    const auto rows = co_await connection.query(std::move(sql), std::move(parameters));
    std::vector<std::string> values;
    for (std::size_t row = 0; row < rows.size(); ++row) values.emplace_back(rows.text(row, 0));
    co_return values;
  }
  ByTarget<mapping::Statements> statements;
  for (const auto each : model.targets.ids()) statements.emplace_back(model, each);
  std::map<TargetId, Selection> selections;
  auto& asked = selections[target];
  asked.filters = std::move(filters);
  asked.parameters = std::move(parameters);
  co_await look_up(connection, model, statements, selections);
  const pg::Statement of_view{statements[target].values(locator, asked.filters, Reads::kSource) + limit, asked.parameters};
  const auto in_view = co_await ask_source(connection, of_view);
  auto of_shadow = statements[target].values(locator, asked.filters, Reads::kTarget) + limit;
  const auto in_shadow = co_await connection.query(std::move(of_shadow), asked.parameters);
  std::set<std::string> values;
  for (const auto* rows : {&in_view, &in_shadow}) {
    for (std::size_t row = 0; row < rows->size(); ++row) values.emplace(rows->text(row, 0));
  }
  co_return std::vector<std::string>(values.begin(), values.end());
}

}  // namespace crossfade::sync
