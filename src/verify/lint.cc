#include "verify/lint.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "mapping/attempt.h"
#include "sync/follow.h"
#include "sync/refresh.h"
#include "verify/differing_rows.h"
#include "verify/rule_for.h"
#include "verify/sandbox.h"
#include "verify/source_copies.h"
#include "verify/trial.h"

namespace crossfade::verify {
namespace {

using mapping::attempt;

wal::Tuple tuple_of(const KeyValues& values) {
  wal::Tuple tuple;
  for (const auto& value : values) {
    tuple.push_back(value ? wal::TupleColumn{wal::TupleColumn::Kind::kText, *value} : wal::TupleColumn{});
  }
  return tuple;
}

class Lint {
 public:
  /// `model` in the sandbox.
  Lint(pg::Connection& connection, const mapping::Model& model, LintOptions options)
      : connection_(connection), model_(model), options_(options), refresh_(model) {
    for (std::uint16_t target = 0; target < model.targets.size(); ++target) {
      if (concerns(target)) looked_at_.insert(target);
    }
  }

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
    std::vector<RowImages> changed;
    for (const auto& step : trial) {
      // What the step before has changed is how things are now.
      co_await renew_copies(connection_, shapes_, changed);
      const bool done = co_await take_step(source, step, changed);
      if (!done) break;
    }
    co_await connection_.script("rollback to savepoint crossfade_trial; release savepoint crossfade_trial");
  }

  /// False: it was refused, or its row is not there.
  asio::awaitable<bool> take_step(std::uint16_t source, const Step& step, std::vector<RowImages>& changed) {
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
        changed = co_await find_changed(connection_, shapes_);
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
    for (const auto& transaction : batch.transactions) {
      std::copy_if(transaction.keys.begin(), transaction.keys.end(), std::back_inserter(keys), [&](const Key& key) { return looked_at_.contains(key.target()); });
    }
    return keys;
  }

  /// What is looked at, and the parents along which its rows are found.
  bool concerns(std::uint16_t target) const {
    if (options_.target.value_or(target) == target) return true;
    const auto& locators = model_.targets[*options_.target].locators;
    return std::any_of(locators.begin(), locators.end(), [&](const mapping::Locator& locator) {
      return std::any_of(locator.path.begin(), locator.path.end(), [&](const mapping::LocateStep& step) { return step.parent == model_.targets[target].table; });
    });
  }

  asio::awaitable<void> look(std::uint16_t source, const Step& step, const std::vector<RowImages>& changed) {
    constexpr std::size_t kMostRows = 20;
    for (std::uint16_t target = 0; target < model_.targets.size(); ++target) {
      if (options_.target.value_or(target) != target) continue;
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
  std::set<std::uint16_t> looked_at_;  ///< targets that are refreshed
  std::vector<SourceShape> shapes_;
  std::vector<RuleFor> rules_;  ///< one a fault
  Linted linted_;
};

/// Whether a change is missed without the rule. Most show it at once; what nothing shows is looked for harder.
asio::awaitable<bool> is_needed(pg::Connection& connection, mapping::Model model, std::size_t rule, std::size_t samples) {
  constexpr std::size_t kHarder = 4;
  LintOptions options;
  options.samples = kHarder * samples;
  options.source = model.rules[rule].source;
  options.target = model.rules[rule].target;
  options.stop_at_first = true;
  model.rules.erase(model.rules.begin() + static_cast<std::ptrdiff_t>(rule));
  Lint experiment(connection, model, options);
  const auto linted = co_await experiment.run();
  co_return !linted.faults.empty();
}

}  // namespace

asio::awaitable<void> prepare_lint(pg::Connection& connection, const mapping::Model& model) {
  co_await make_sandbox(connection, model);
  co_await make_source_copies(connection, model);
}

asio::awaitable<Linted> lint(pg::Connection& connection, const mapping::Model& model, LintOptions options) {
  const auto sandbox = in_sandbox(model);
  Lint experiment(connection, sandbox, options);
  auto linted = co_await experiment.run();
  const bool complete = linted.faults.empty() && !options.source;
  for (std::size_t rule = 0; complete && rule < sandbox.rules.size(); ++rule) {
    const bool needed = co_await is_needed(connection, sandbox, rule, options.samples);
    if (!needed) linted.unneeded.push_back(rule);
  }
  co_return linted;
}

}  // namespace crossfade::verify
