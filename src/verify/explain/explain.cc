#include "verify/explain/explain.h"

#include <embedded_sql.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "base/text/sql_text.h"
#include "mapping/sql/statements.h"
#include "pg/reading.h"
#include "pg/row.h"
#include "pg/savepoint.h"
#include "sync/state/store.h"
#include "verify/diff/difference.h"
#include "verify/explain/explain_statement.h"

namespace crossfade::verify {
namespace {

namespace queries = sql::queries;

/// Rows of each kind that are shown.
constexpr int kMostShown = 20;
/// Values of a locator that are followed back to the sources.
constexpr std::size_t kMostValues = 1000;

std::string advice(const mapping::Target& target) {
  std::vector<std::string> ways;
  for (const auto& locator : target.locators) {
    if (!locator.indirect()) ways.push_back(locator.name());
  }
  return fmt::format("write a value for each column of the first of these, or column=value for each column of one: {} (column=null: without a value)", fmt::join(ways, "; "));
}

/// The values of the locator's columns where `words` name each of them and nothing else: id=42.
std::optional<KeyValues> named_values(const mapping::Locator& locator, const std::vector<std::string>& words) {
  KeyValues values;
  for (const auto& column : locator.columns) {
    const auto word = std::find_if(words.begin(), words.end(), [&](const std::string& each) { return each.starts_with(column + "="); });
    if (word == words.end()) continue;
    auto value = word->substr(column.size() + 1);
    values.push_back(value == "null" ? std::nullopt : std::optional(std::move(value)));
  }
  if (values.size() != locator.columns.size() || values.size() != words.size()) return std::nullopt;
  return values;
}

/// Of a locator that is no lookup: "id=42".
bool names_a_column(const mapping::Target& target, const std::string& word) {
  return std::any_of(target.locators.begin(), target.locators.end(), [&](const mapping::Locator& locator) {
    const auto& columns = locator.columns;
    return !locator.indirect() && std::any_of(columns.begin(), columns.end(), [&](const std::string& column) { return word.starts_with(column + "="); });
  });
}

/// The keys that words mean which name columns: one of all the words, or where that is none, one of each.
std::vector<Key> named_keys(const mapping::Model& model, TargetId target, const std::vector<std::string>& words) {
  std::vector<Key> keys;
  std::optional<Failure> none;
  try {
    keys.push_back(key_from_words(model, target, words));
  } catch (const Failure& failure) {
    none = failure;
  }
  if (!none) return keys;
  if (words.size() == 1) throw Failure(none->facts());
  // No word alone, no key of its own.
  const bool each_names = std::all_of(words.begin(), words.end(), [&](const std::string& word) { return names_a_column(model.targets.at(target), word); });
  if (!each_names) throw Failure(none->facts());
  for (const auto& word : words) keys.push_back(key_from_words(model, target, {word}));
  return keys;
}

/// As crossfade.touch takes it.
std::string touchable(const KeyValues& values) { return values.size() == 1 ? values.front().value_or("") : array_text(values); }

class Explanation {
 public:
  Explanation(pg::Connection& connection, const mapping::Model& model, Key key)
      : connection_(connection), model_(model), key_(std::move(key)), target_(model.targets.at(key_.target())), statements_(model, key_.target()),
        selection_(std::move(sync::select_keys(model, {key_}).at(key_.target()))) {}

  asio::awaitable<v1::ExplainReply> read() {
    reply_.set_migration(model_.name);
    reply_.set_direction(model_.direction == mapping::Direction::kForward ? "forward" : "reverse");
    reply_.set_target(target_.name);
    reply_.set_key(key_text(target_.locators[key_.locator()].name(), key_.values()));
    reply_.set_lazy(target_.lazy);
    // A view may be slow for a source that is looked up; what is not found in time is said, and the rest is shown.
    pg::Reading reading{model_.relations_read({key_.target()}), true, "set local statement_timeout = '5s'"};
    co_await pg::await_reading(connection_, std::move(reading));
    co_await require_values();
    co_await read_rows();
    lead(key_.locator(), key_.values());
    for (const auto locator : target_.locators.ids()) co_await read_values(locator);
    for (const auto& rule : model_.rules) {
      if (rule.target == key_.target()) co_await read_source(rule);
    }
    co_await read_waiting();
    co_await read_position();
    co_await connection_.script("commit");
    co_return std::move(reply_);
  }

  const LeadingKeys& leading() const { return leading_; }

 private:
  /// What is no value of the locator's type is told as such; a view may fail for reasons of its own.
  asio::awaitable<void> require_values() {
    const auto& locator = target_.locators[key_.locator()];
    std::vector<std::string> casts;
    for (std::size_t n = 0; n < locator.types.size(); ++n) casts.push_back(fmt::format("${}::{}", n + 1, locator.types[n]));
    auto sql = fmt::format("select {}", fmt::join(casts, ", "));
    const auto values = key_.values();
    const auto tried = co_await pg::try_in_savepoint(connection_, std::move(sql), values);
    if (tried.refused) throw usage_failure(fmt::format("{}: {}", reply_.key(), tried.refused->facts().message), advice(target_));
  }

  /// By Statements::explain, which gives in_view, in_shadow, differs, kept, written_by and written_at.
  asio::awaitable<void> read_rows() {
    auto sql = statements_.explain(selection_.filters) + fmt::format(" limit {}", kMostShown + 1);
    const auto found = co_await pg::try_in_savepoint(connection_, std::move(sql), selection_.parameters);
    if (found.refused) reply_.set_view_failure(found.refused->facts().message);
    const auto& rows = found.result;
    for (const auto row : pg::rows(rows)) {
      if (reply_.rows_size() == kMostShown) break;
      Difference images;
      images.in_view = row.optional_text("in_view");
      images.in_shadow = row.optional_text("in_shadow");
      auto& shown = *reply_.add_rows();
      shown.set_key(row_name(target_, images));
      shown.set_kept(row.truth("kept"));
      shown.set_differs(row.truth("differs") && !shown.kept());
      shown.set_view(images.in_view.value_or(""));
      shown.set_shadow(images.in_shadow.value_or(""));
      shown.set_written_by(std::string(row.text("written_by")));
      shown.set_written_at(std::string(row.text("written_at")));
      for (const auto& [name, in_view, in_shadow] : differing_columns(images)) {
        auto& column = *shown.add_columns();
        column.set_name(name);
        column.set_view(in_view);
        column.set_shadow(in_shadow);
      }
    }
    reply_.set_more_rows(rows.size() > kMostShown);
  }

  /// A key that leads to these rows too.
  void lead(LocatorId locator, const KeyValues& values) { leading_.insert({target_.locators[locator].name(), array_text(values)}); }

  /// What the rows have in the columns of each locator: the sources' rows are found by it.
  asio::awaitable<void> read_values(LocatorId locator) {
    auto& values = values_.emplace_back();
    if (locator == key_.locator()) values.push_back(key_.values());
    auto sql = statements_.values(locator, selection_.filters) + fmt::format(" limit {}", kMostValues);
    const auto found = co_await pg::try_in_savepoint(connection_, std::move(sql), selection_.parameters);
    for (std::size_t row = 0; row < found.result.size(); ++row) {
      auto each = parse_array(found.result.text(row, 0));
      if (!target_.locators[locator].indirect()) lead(locator, each);
      if (std::find(values.begin(), values.end(), each) == values.end()) values.push_back(std::move(each));
    }
  }

  /// By source_rows_statement(), which gives image and key.
  asio::awaitable<void> read_source(const mapping::FollowRule& rule) {
    const auto& source = model_.sources[rule.source];
    const auto& locator = target_.locators[rule.locator];
    auto& shown = *reply_.add_sources();
    shown.set_table(source.schema + "." + source.name);
    shown.set_rule(locator.indirect() ? fmt::format("{}: a select", fmt::join(locator.columns, ", "))
                                      : fmt::format("{}: {}", fmt::join(locator.columns, ", "), fmt::join(rule.source_columns, ", ")));
    auto sql = source_rows_statement(model_, rule) + fmt::format(" limit {}", kMostShown + 1);
    pg::Parameters parameters;
    for (std::size_t column = 0; column < locator.columns.size(); ++column) {
      std::vector<std::optional<std::string>> of_column;
      for (const auto& each : values_[rule.locator]) of_column.push_back(each.at(column));
      parameters.emplace_back(array_text(of_column));
    }
    const auto found = co_await pg::try_in_savepoint(connection_, std::move(sql), std::move(parameters));
    if (found.refused) shown.set_not_found(found.refused->sqlstate() == "57014" ? "not found within 5 s" : found.refused->what());
    for (const auto row : pg::rows(found.result)) {
      if (locator.indirect()) lead(rule.locator, parse_array(row.text("key")));
      if (shown.rows_size() < kMostShown) shown.add_rows(std::string(row.text("image")));
    }
    shown.set_more_rows(found.result.size() > kMostShown);
  }

  asio::awaitable<void> read_waiting() {
    std::vector<std::optional<std::string>> locators;
    std::vector<std::optional<std::string>> values;
    for (const auto& [locator, key] : leading_) {
      locators.emplace_back(locator);
      values.emplace_back(key);
    }
    const pg::Parameters parameters = {model_.name, target_.name, array_text(locators), array_text(values)};
    const auto dirty = co_await connection_.query(queries::explain_pending, parameters);
    for (const auto row : pg::rows(dirty)) {
      auto& pending = *reply_.add_pending();
      pending.set_key(row.is_null("locator") ? "every row" : key_text(std::string(row.text("locator")), parse_array(row.text("key"))));
      pending.set_times(row.real("times"));
    }
    const auto refused = co_await connection_.query(queries::explain_quarantine, parameters);
    for (const auto row : pg::rows(refused)) {
      auto& quarantined = *reply_.add_quarantined();
      quarantined.set_key(key_text(std::string(row.text("locator")), parse_array(row.text("key"))));
      quarantined.set_sqlstate(std::string(row.text("sqlstate")));
      quarantined.set_constraint(std::string(row.text("constraint_name")));
      quarantined.set_message(std::string(row.text("message")));
      quarantined.set_attempts(row.real("attempts"));
      quarantined.set_since(std::string(row.text("first_at")));
      quarantined.set_accepted_by(std::string(row.text("accepted_by")));
    }
  }

  asio::awaitable<void> read_position() {
    const pg::Parameters parameters = {model_.name};
    const auto rows = co_await connection_.query(queries::explain_position, parameters);
    const auto row = pg::first(rows);
    reply_.set_consistent_lsn(std::string(row.text("consistent_lsn")));
    reply_.set_end_of_wal(std::string(row.text("end_of_wal")));
    reply_.set_engine_running(row.truth("engine_running"));
  }

  pg::Connection& connection_;
  const mapping::Model& model_;
  const Key key_;
  const mapping::Target& target_;
  const mapping::Statements statements_;
  const sync::Selection selection_;
  ById<LocatorId, std::vector<KeyValues>> values_;
  LeadingKeys leading_;
  v1::ExplainReply reply_;
};

}  // namespace

std::string key_text(const std::string& locator, const KeyValues& values) {
  std::vector<std::string> texts;
  for (const auto& value : values) texts.push_back(value.value_or("null"));
  return fmt::format("{} {}", locator, fmt::join(texts, ", "));
}

mapping::Model with_primary_keys(mapping::Model model) {
  for (auto& target : model.targets) {
    const auto by_key = [&](const mapping::Locator& each) { return !each.indirect() && each.columns == target.key; };
    if (std::any_of(target.locators.begin(), target.locators.end(), by_key)) continue;
    mapping::Locator own{target.key, {}, "", {}, ""};
    own.operators = target.key_operators();
    for (const auto& name : target.key) {
      const auto column = std::find_if(target.columns.begin(), target.columns.end(), [&](const mapping::Column& each) { return each.name == name; });
      if (column != target.columns.end()) own.types.push_back(column->type);
    }
    // The table's key is computed by the table alone: nothing of the view has it.
    if (own.types.size() == own.columns.size()) target.locators.push_back(std::move(own));
  }
  return model;
}

Key key_from_words(const mapping::Model& model, TargetId number, const std::vector<std::string>& words) {
  const auto& target = model.targets.at(number);
  std::vector<LocatorId> direct;
  for (const auto n : target.locators.ids()) {
    if (!target.locators[n].indirect()) direct.push_back(n);
  }
  for (const auto n : direct) {
    const auto values = named_values(target.locators[n], words);
    if (values) return Key(number, n, *values);
  }
  const auto names = [&](const std::string& word) { return names_a_column(target, word); };
  if (!direct.empty() && words.size() == target.locators[direct.front()].columns.size() && std::none_of(words.begin(), words.end(), names)) {
    return Key(number, direct.front(), {words.begin(), words.end()});
  }
  throw usage_failure(fmt::format("rows of {} are not located by {}", target.name, fmt::join(words, " ")), advice(target));
}

asio::awaitable<std::vector<std::string>> first_keys_from_words(pg::Connection& connection, const mapping::Model& model, TargetId target, std::vector<std::string> words) {
  const auto names = [&](const std::string& word) { return names_a_column(model.targets.at(target), word); };
  if (std::none_of(words.begin(), words.end(), names)) co_return words;
  const auto known = with_primary_keys(model);
  const mapping::Statements statements(known, target);
  const auto keys = named_keys(known, target, words);
  std::vector<std::string> texts;
  for (const auto& key : keys) {
    if (key.locator() == LocatorId{}) {
      texts.push_back(touchable(key.values()));
      continue;
    }
    const auto selection = std::move(sync::select_keys(known, {key}).at(target));
    auto sql = statements.values(LocatorId{}, selection.filters);
    const auto found = co_await connection.query(std::move(sql), selection.parameters);
    for (std::size_t row = 0; row < found.size(); ++row) texts.push_back(touchable(parse_array(found.text(row, 0))));
  }
  co_return texts;
}

asio::awaitable<v1::ExplainReply> explain(pg::Connection& connection, const mapping::Model& model, Key key, LeadingKeys& leading) {
  Explanation explanation(connection, model, std::move(key));
  auto reply = co_await explanation.read();
  leading = explanation.leading();
  co_return reply;
}

ExitCode exit_code(const v1::ExplainReply& reply) {
  return !reply.view_failure().empty() || std::any_of(reply.rows().begin(), reply.rows().end(), [](const auto& row) { return row.differs(); }) ? ExitCode::kMismatch : ExitCode::kOk;
}

}  // namespace crossfade::verify
