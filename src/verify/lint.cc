#include "verify/lint.h"

#include <embedded_sql.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "base/sql_text.h"
#include "mapping/attempt.h"
#include "sync/follow.h"
#include "sync/refresh.h"
#include "verify/differing_rows.h"
#include "verify/rule_for.h"
#include "verify/trial.h"

namespace crossfade::verify {
namespace {

using mapping::attempt;

std::string copy_of(std::size_t source) { return fmt::format("pg_temp.crossfade_source_{}", source); }

std::string table_of(const mapping::Source& source) { return quote_qualified(source.schema, source.name); }

/// Rows of a source that differ from its copy: both images as text arrays, null where there is none.
std::string changed_rows(const SourceShape& shape, std::size_t number) {
  const auto list = [&](const std::string& alias, const char* cast) {
    std::vector<std::string> columns;
    for (const auto& column : shape.columns) columns.push_back(alias + "." + quote_identifier(column.name) + cast);
    return fmt::format("{}", fmt::join(columns, ", "));
  };
  std::vector<std::string> same;
  for (const auto& column : shape.source->key) same.push_back(fmt::format("o.{0} = n.{0}", quote_identifier(column)));
  const auto first = quote_identifier(shape.source->key.front());
  return fmt::format(
      "select case when o.{0} is not null then array[{1}] end, case when n.{0} is not null then array[{2}] end\n"
      "from {3} o full join {4} n on {5}\n"
      "where o.{0} is null or n.{0} is null or row({6})::record *<> row({7})::record",
      first, list("o", "::text"), list("n", "::text"), copy_of(number), table_of(*shape.source), fmt::join(same, " and "), list("o", ""), list("n", ""));
}

wal::Tuple tuple_of(const KeyValues& values) {
  wal::Tuple tuple;
  for (const auto& value : values) {
    tuple.push_back(value ? wal::TupleColumn{wal::TupleColumn::Kind::kText, *value} : wal::TupleColumn{});
  }
  return tuple;
}

class Lint {
 public:
  Lint(pg::Connection& connection, const mapping::Model& model, LintOptions options)
      : connection_(connection), model_(model), options_(options), refresh_(model) {}

  asio::awaitable<Linted> run() {
    for (const auto& source : model_.sources) {
      auto shape = co_await read_shape(connection_, source);
      shapes_.push_back(std::move(shape));
    }
    for (std::uint16_t source = 0; source < shapes_.size(); ++source) {
      if (options_.source.value_or(source) != source) continue;
      const auto trials = co_await make_trials(connection_, shapes_[source], options_.samples);
      for (const auto& trial : trials) {
        co_await run_trial(source, trial);
        if (options_.stop_at_first && !linted_.faults.empty()) break;
      }
    }
    for (std::size_t n = 0; n < rules_.size(); ++n) linted_.faults[n].rule = rules_[n].words(model_);
    co_return std::move(linted_);
  }

 private:
  asio::awaitable<void> run_trial(std::uint16_t source, const Trial& trial) {
    co_await connection_.script("savepoint crossfade_trial");
    for (const auto& step : trial) {
      const bool done = co_await take_step(source, step);
      if (!done) break;
    }
    co_await connection_.script("rollback to savepoint crossfade_trial; release savepoint crossfade_trial");
  }

  /// False: it was refused, or its row is not there.
  asio::awaitable<bool> take_step(std::uint16_t source, const Step& step) {
    ++linted_.tried;
    const auto made = co_await attempt(connection_, step.sql, step.parameters);
    auto failure = made.refused;
    if (!failure) {
      // Deferred constraints speak at the commit, which does not come.
      const auto constraints = co_await attempt(connection_, "set constraints all immediate");
      failure = constraints.refused;
    }
    try {
      if (!failure) {
        const auto changed = co_await find_changed();
        auto keys = announced(changed);
        co_await refresh_.keys(connection_, std::move(keys));
        co_await look(source, step, changed);
      }
    } catch (const Failure& caught) {
      if (caught.verdict() != Verdict::kQuarantine) throw;
      failure = caught;
    }
    if (failure) ++linted_.refused;
    co_return !failure;
  }

  /// What the step changed of all sources, by cascades and triggers too; the copies are brought to the same state.
  asio::awaitable<std::vector<RowImages>> find_changed() {
    std::vector<RowImages> changed;
    for (std::uint16_t source = 0; source < shapes_.size(); ++source) {
      const auto rows = co_await connection_.query(changed_rows(shapes_[source], source));
      for (std::size_t row = 0; row < rows.size(); ++row) {
        RowImages images;
        images.source = source;
        if (!rows.is_null(row, 0)) images.before = parse_array(rows.text(row, 0));
        if (!rows.is_null(row, 1)) images.after = parse_array(rows.text(row, 1));
        changed.push_back(std::move(images));
      }
      if (rows.empty()) continue;
      auto again = fmt::format("delete from {0}; insert into {0} select * from {1}", copy_of(source), table_of(*shapes_[source].source));
      co_await connection_.script(std::move(again));
    }
    co_return changed;
  }

  /// What the rules make of it: the engine's own code, given what the WAL would tell it with the whole old row.
  std::vector<Key> announced(const std::vector<RowImages>& changed) const {
    sync::KeyQueue queue;
    sync::Follow follow(model_, queue);
    queue.begin(Xid{});
    for (std::uint16_t source = 0; source < shapes_.size(); ++source) {
      wal::Message description;
      description.kind = wal::MessageKind::kRelation;
      description.relation.oid = source;
      description.relation.schema = shapes_[source].source->schema;
      description.relation.name = shapes_[source].source->name;
      for (const auto& column : shapes_[source].columns) description.relation.columns.push_back({column.name, 0, true});
      follow.take(description);
    }
    for (const auto& row : changed) {
      wal::Message message;
      message.relation_oid = row.source;
      message.kind = !row.before ? wal::MessageKind::kInsert : !row.after ? wal::MessageKind::kDelete : wal::MessageKind::kUpdate;
      if (row.before) message.old = wal::Message::Old::kFull;
      if (row.before) message.old_tuple = tuple_of(*row.before);
      if (row.after) message.new_tuple = tuple_of(*row.after);
      follow.take(message);
    }
    const auto batch = queue.take_all();
    std::vector<Key> keys;
    for (const auto& transaction : batch.transactions) keys.insert(keys.end(), transaction.keys.begin(), transaction.keys.end());
    return keys;
  }

  asio::awaitable<void> look(std::uint16_t source, const Step& step, const std::vector<RowImages>& changed) {
    constexpr std::size_t kMostRows = 20;
    for (std::uint16_t target = 0; target < model_.targets.size(); ++target) {
      Comparison whole{target, mapping::range_picks({}), {}, kMostRows};
      const auto compared = co_await differing_rows(connection_, model_, std::move(whole));
      if (compared.differing == 0) continue;
      const auto fault = std::find_if(linted_.faults.begin(), linted_.faults.end(), [&](const Fault& known) {
        return known.source == source && known.target == target;
      });
      const auto place = static_cast<std::size_t>(fault - linted_.faults.begin());
      if (fault == linted_.faults.end()) {
        linted_.faults.push_back(Fault{source, target, 0, step.words, compared.rows.front(), ""});
        rules_.emplace_back(source, target);
      }
      linted_.faults[place].rows += compared.differing;
      for (const auto& row : compared.rows) rules_[place].explain(model_, shapes_, changed, row);
    }
  }

  pg::Connection& connection_;
  const mapping::Model& model_;
  const LintOptions options_;
  const sync::Refresh refresh_;
  std::vector<SourceShape> shapes_;
  std::vector<RuleFor> rules_;  ///< one a fault
  Linted linted_;
};

}  // namespace

asio::awaitable<void> prepare_lint(pg::Connection& connection, const mapping::Model& model) {
  pg::Parameters shadow = {model.shadow_schema};
  const auto loosening = co_await connection.query(std::string(sql::queries::lint_loosen), std::move(shadow));
  for (std::size_t row = 0; row < loosening.size(); ++row) co_await connection.script(std::string(loosening.text(row, 0)));
  const sync::Refresh refresh(model);
  const mapping::Range everything;
  for (std::uint16_t target = 0; target < model.targets.size(); ++target) {
    co_await refresh.bulk_range(connection, target, everything);
    auto analyze = "analyze " + model.targets[target].table.quoted();
    co_await connection.script(std::move(analyze));
  }
  for (std::size_t source = 0; source < model.sources.size(); ++source) {
    auto copy = fmt::format("create temp table crossfade_source_{} as select * from {}", source, table_of(model.sources[source]));
    co_await connection.script(std::move(copy));
  }
}

asio::awaitable<Linted> lint(pg::Connection& connection, const mapping::Model& model, LintOptions options) {
  Lint experiment(connection, model, options);
  auto linted = co_await experiment.run();
  co_return linted;
}

}  // namespace crossfade::verify
