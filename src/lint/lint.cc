#include "lint/lint.h"

#include <embedded_sql.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "base/text/sql_text.h"
#include "lint/derived_keys.h"
#include "lint/mutation.h"
#include "lint/related_rows.h"
#include "lint/sandbox.h"
#include "lint/source_copies.h"
#include "lint/suggest_rule.h"
#include "lint/what_is_read.h"
#include "mapping/sql/statements.h"
#include "pg/savepoint.h"
#include "sync/refresh/refresh.h"
#include "verify/diff/compared_keys.h"
#include "verify/diff/differing_rows.h"

namespace crossfade::lint {
namespace {

/// How much harder a change is looked for that needs a rule than one that lacks one.
constexpr std::size_t kHarder = 4;

class Lint {
 public:
  /// `model` in the sandbox.
  Lint(pg::Connection& connection, const mapping::Model& model, const Scope& scope, LintOptions options)
      : connection_(connection), model_(model), options_(options), whole_(scope.whole), compared_(model, scope.keys), refresh_(model) {
    for (const auto target : model.targets.ids()) {
      if (concerns(target)) looked_at_.insert(target);
    }
  }

  asio::awaitable<Linted> run() {
    shapes_ = co_await read_shapes(connection_, model_, whole_);
    linted_.refreshed.resize(model_.targets.size());
    const auto changes = co_await make_changes();
    linted_.planned = changes.size();
    linted_.complete = true;
    co_await look_up();
    for (const auto& change : changes) {
      tell(change.source);
      co_await run_mutation(change.source, change.mutation);
      ++linted_.made;
      if (options_.so_far) tell_so_far();
      if (options_.stop_at_first && !linted_.faults.empty()) break;
    }
    if (denied_ > 0 && denied_ == linted_.tried) throw may_change_nothing();
    co_return std::move(linted_);
  }

 private:
  struct Change {
    SourceId source;
    Mutation mutation;
  };

  /// Those of all sources in turn, so that each has had its most telling ones when the time is over.
  asio::awaitable<std::vector<Change>> make_changes() {
    ById<SourceId, std::vector<Mutation>> of_sources(shapes_.size());
    std::size_t most = 0;
    for (const auto source : shapes_.ids()) {
      if (options_.source.value_or(source) != source) continue;
      of_sources[source] = co_await make_mutations(connection_, shapes_[source], options_.samples, model_.direction == mapping::Direction::kReverse);
      most = std::max(most, of_sources[source].size());
    }
    std::vector<Change> changes;
    for (std::size_t n = 0; n < most; ++n) {
      for (const auto source : of_sources.ids()) {
        if (n < of_sources[source].size()) changes.push_back({source, std::move(of_sources[source][n])});
      }
    }
    co_return changes;
  }

  /// As they are before anything changes.
  asio::awaitable<void> look_up() {
    for (const auto target : model_.targets.ids()) {
      if (options_.target.value_or(target) == target && compared_.contains(target)) co_await compared_.begin(connection_, target);
    }
  }

  /// Of a role that may read alone every step is refused, which says nothing of the rules.
  Failure may_change_nothing() const {
    Failure::Facts facts;
    facts.exit = ExitCode::kPermission;
    facts.sqlstate = "42501";
    facts.message = "no change could be tried: " + why_denied_;
    facts.advice = "lint changes rows, and takes all of it back: let it do so by the owner of the tables (--source), or on a copy";
    return Failure(std::move(facts));
  }

  void tell(SourceId source) {
    if (options_.progress == nullptr) return;
    auto what = fmt::format("change {} of {}, of {}.{}", linted_.made + 1, linted_.planned, model_.sources[source].schema, model_.sources[source].name);
    options_.progress->at({std::move(what), static_cast<double>(linted_.made), static_cast<double>(linted_.planned)});
  }

  void tell_so_far() {
    auto so_far = linted_;
    so_far.complete = false;
    options_.so_far(so_far);
  }

  asio::awaitable<void> run_mutation(SourceId source, const Mutation& mutation) {
    co_await connection_.script("savepoint crossfade_trial");
    std::vector<RowImages> changed;
    for (const auto& step : mutation) {
      // What the step before has changed is how things are now.
      co_await renew_copies(connection_, shapes_, changed);
      const bool done = co_await take_step(source, step, changed);
      if (!done) break;
    }
    co_await connection_.script("rollback to savepoint crossfade_trial; release savepoint crossfade_trial");
  }

  /// False: it was refused, or its row is not there.
  asio::awaitable<bool> take_step(SourceId source, const Step& step, std::vector<RowImages>& changed) {
    ++linted_.tried;
    const auto written = co_await read_written(connection_, shapes_);
    const auto made = co_await pg::try_in_savepoint(connection_, step.sql, step.parameters);
    auto failure = made.refused;
    if (failure && failure->sqlstate() == "42501") {
      ++denied_;
      why_denied_ = failure->what();
    }
    std::vector<Key> keys;
    bool refreshing = false;
    if (!failure) {
      // Deferred constraints speak at the commit, which does not come.
      const auto constraints = co_await pg::try_in_savepoint(connection_, "set constraints all immediate");
      failure = constraints.refused;
    }
    try {
      if (!failure) {
        const auto now_written = co_await read_written(connection_, shapes_);
        changed = co_await find_changed(connection_, shapes_, written, now_written);
        // A trigger may undo what the step did to its own row. Where everything is looked at nobody needs to know.
        if (!whole_ && rows_of(now_written) - rows_of(written) > std::max<std::size_t>(changed.size(), 1)) {
          ++linted_.unjudged;
          co_return false;
        }
        keys = derived_keys(model_, shapes_, changed);
        std::erase_if(keys, [&](const Key& key) { return !looked_at_.contains(key.target()); });
        // Those of v1 that are deferrable speak at the commit of a refresh.
        const bool demanding = model_.direction == mapping::Direction::kReverse;
        if (demanding) co_await connection_.script("set constraints all deferred");
        co_await connection_.script("savepoint crossfade_refresh");
        refreshing = true;
        const auto refreshed = co_await refresh_.keys(connection_, keys);
        refreshing = false;
        if (demanding) co_await connection_.script("set constraints all immediate");
        for (const auto target : refreshed.ids()) linted_.refreshed[target] += refreshed[target].in_view;
        co_await look(source, step, changed);
      }
    } catch (const Failure& caught) {
      if (caught.verdict() != Verdict::kQuarantine) throw;
      if (model_.direction == mapping::Direction::kReverse) add_not_taken(source, step, caught);
      failure = caught;
    }
    if (refreshing) {
      co_await connection_.script("rollback to savepoint crossfade_refresh");
      co_await look_at_rules(source, step, keys);
    }
    if (failure) ++linted_.refused;
    co_return !failure;
  }

  static std::uint64_t rows_of(const ById<SourceId, Written>& written) {
    std::uint64_t rows = 0;
    for (const auto& of_source : written) rows += of_source.rows;
    return rows;
  }

  /// What is looked at, and the parents along which its rows are found.
  bool concerns(TargetId target) const {
    if (options_.target.value_or(target) == target) return true;
    const auto& locators = model_.targets[*options_.target].locators;
    return std::any_of(locators.begin(), locators.end(), [&](const mapping::Locator& locator) {
      return std::any_of(locator.path.begin(), locator.path.end(), [&](const mapping::LocateStep& step) { return step.parent == model_.targets[target].table; });
    });
  }

  /// Of a refresh that has failed: a row that the view fails on is set aside as it should be, one that the view leaves out and a rule's
  /// select fails on is not.
  asio::awaitable<void> look_at_rules(SourceId source, const Step& step, const std::vector<Key>& keys) {
    for (const auto& key : keys) {
      if (key.names_every_row() || !model_.targets[key.target()].locators[key.locator()].indirect() || is_told(source, key)) continue;
      mapping::KeyFilter filter;
      filter.locator = key.locator();
      pg::Parameters parameters;
      for (const auto& value : key.values()) parameters.push_back(array_text({value}));
      auto lookup = mapping::Statements(model_, key.target()).lookup(filter);
      const auto tried = co_await pg::try_in_savepoint(connection_, std::move(lookup), std::move(parameters));
      if (!tried.refused || tried.refused->verdict() != Verdict::kQuarantine) continue;
      const bool stands = co_await view_stands(key.target());
      if (stands) linted_.failed_rules.push_back({source, key.target(), key.locator(), step.words, tried.refused->facts().message});
    }
  }

  bool is_told(SourceId source, const Key& key) const {
    return std::any_of(linted_.failed_rules.begin(), linted_.failed_rules.end(), [&](const FailedRule& each) {
      return each.source == source && each.target == key.target() && each.locator == key.locator();
    });
  }

  /// Whether the view can be read as it is looked at.
  asio::awaitable<bool> view_stands(TargetId target) {
    std::optional<verify::Compared> compared;
    const pg::Work look = [&]() -> asio::awaitable<void> { compared = co_await compare(target); };
    const auto refused = co_await pg::in_savepoint(connection_, look, pg::Leaves::kNothing, [](const Failure& failure) { return failure.verdict() == Verdict::kQuarantine; });
    co_return !refused && compared.has_value();
  }

  /// The target beside its view, as far as it is looked at; nothing where it is not.
  asio::awaitable<std::optional<verify::Compared>> compare(TargetId target) {
    constexpr std::size_t kMostRows = 20;
    if (!whole_ && !compared_.contains(target)) co_return std::nullopt;
    verify::Comparison comparison{target, mapping::range_picks({}), {}, kMostRows, whole_};
    if (!whole_) {
      co_await compared_.look_up(connection_, target);
      auto selection = compared_.selection(target);
      if (selection.filters.empty()) co_return std::nullopt;
      comparison.filters = std::move(selection.filters);
      comparison.parameters = std::move(selection.parameters);
    }
    const auto& of_keys = whole_ ? model_ : compared_.model();
    auto compared = co_await verify::differing_rows(connection_, of_keys, std::move(comparison));
    co_return compared;
  }

  asio::awaitable<void> look(SourceId source, const Step& step, const std::vector<RowImages>& changed) {
    for (const auto target : model_.targets.ids()) {
      if (options_.target.value_or(target) != target) continue;
      if (!whole_ && !compared_.contains(target)) continue;
      if (!reads_.contains(target)) {
        auto what = co_await read_what_is_read(connection_, model_, target);
        reads_.emplace(target, std::move(what));
      }
      if (!reads_.at(target).may_change(changed)) continue;
      const auto compared = co_await compare(target);
      if (compared && compared->differing > 0) add_fault(source, step, changed, *compared);
    }
  }

  void add_not_taken(SourceId source, const Step& step, const Failure& failure) {
    const auto& constraint = failure.facts().constraint;
    const auto& message = failure.facts().message;
    // Where no constraint is named, what is said before the value that it is said of tells one demand from another.
    const auto demand = [](const std::string& named, const std::string& said) { return named.empty() ? said.substr(0, said.find('"')) : named; };
    const auto known = [&](const NotTaken& each) { return each.source == source && demand(each.constraint, each.why) == demand(constraint, message); };
    if (std::none_of(linted_.not_taken.begin(), linted_.not_taken.end(), known)) linted_.not_taken.push_back({source, step.words, constraint, message});
  }

  void add_fault(SourceId source, const Step& step, const std::vector<RowImages>& changed, const verify::Compared& compared) {
    const auto target = compared.rows.front().target;
    auto fault = std::find_if(linted_.faults.begin(), linted_.faults.end(), [&](const Fault& known) { return known.source == source && known.target == target; });
    const auto place = static_cast<std::size_t>(fault - linted_.faults.begin());
    const bool is_new = fault == linted_.faults.end();
    if (is_new) {
      linted_.faults.push_back(Fault{source, target, 0, step.words, compared.rows.front(), ""});
      rules_.emplace_back(source, target);
    }
    linted_.faults[place].rows += compared.differing;
    for (const auto& row : compared.rows) rules_[place].explain(model_, shapes_, changed, row);
    linted_.faults[place].rule = rules_[place].words(model_);
    if (!is_new || options_.progress == nullptr) return;
    options_.progress->found(fmt::format("{} does not hear of changes of {}.{}: after {}, {} is left behind", model_.targets[target].name, model_.sources[source].schema,
                                         model_.sources[source].name, step.words, verify::row_name(model_.targets[target], compared.rows.front())));
  }

  pg::Connection& connection_;
  const mapping::Model& model_;
  const LintOptions options_;
  const bool whole_;
  verify::ComparedKeys compared_;              ///< where not the whole
  const sync::Refresh refresh_;
  std::set<TargetId> looked_at_;  ///< targets that are refreshed
  ById<SourceId, SourceShape> shapes_;
  std::map<TargetId, WhatIsRead> reads_;  ///< of targets that were looked at
  std::vector<RuleSuggestion> rules_;  ///< one a fault
  Linted linted_;
  std::uint64_t denied_ = 0;            ///< steps that our role may not take
  std::string why_denied_;
};

/// Whether a change is missed without the rule. Most show it at once; what nothing shows is looked for harder.
asio::awaitable<bool> is_needed(pg::Connection& connection, mapping::Model model, const Scope& scope, std::size_t rule, std::size_t samples) {
  LintOptions options;
  options.samples = kHarder * samples;
  options.source = model.rules[rule].source;
  options.target = model.rules[rule].target;
  options.stop_at_first = true;
  model.rules.erase(model.rules.begin() + static_cast<std::ptrdiff_t>(rule));
  Lint experiment(connection, model, scope, options);
  const auto linted = co_await experiment.run();
  co_return !linted.faults.empty();
}

/// Rows of the shadow are found along others that may not be there: keys of which the sandbox has not what the view has are
/// of no use.
asio::awaitable<void> forget_what_differs(pg::Connection& connection, const mapping::Model& sandbox, Scope& scope) {
  std::map<std::pair<TargetId, LocatorId>, std::vector<Key>> by_locator;
  for (const auto& key : scope.keys) by_locator[{key.target(), key.locator()}].push_back(key);
  scope.keys.clear();
  for (const auto& [locator, keys] : by_locator) {
    verify::ComparedKeys of_locator(sandbox, keys);
    co_await of_locator.begin(connection, locator.first);
    auto selection = of_locator.selection(locator.first);
    std::uint64_t differing = 0;
    if (!selection.filters.empty()) {
      verify::Comparison comparison{locator.first, std::move(selection.filters), std::move(selection.parameters), 1};
      const auto compared = co_await verify::differing_rows(connection, of_locator.model(), std::move(comparison));
      differing = compared.differing;
    }
    if (differing == 0) scope.keys.insert(scope.keys.end(), keys.begin(), keys.end());
  }
}

}  // namespace

asio::awaitable<Scope> prepare_lint(pg::Connection& connection, const mapping::Model& model, bool whole, std::size_t samples) {
  const auto sandbox = in_sandbox(model);
  const auto shapes = co_await read_shapes(connection, sandbox, whole);
  co_await make_sandbox(connection, model);
  if (!whole) co_await find_related_rows(connection, sandbox, shapes, kHarder * samples);
  co_await make_source_copies(connection, shapes);
  const sync::Refresh refresh(sandbox);
  Scope scope{whole, {}};
  if (whole) {
    co_await fill_targets(connection, sandbox);
    if (model.direction == mapping::Direction::kReverse) co_await demand_references(connection, model);
  } else {
    const auto rows = co_await read_copies(connection, shapes);
    scope.keys = derived_keys(sandbox, shapes, rows);
    co_await refresh.keys(connection, scope.keys);
    co_await forget_what_differs(connection, sandbox, scope);
  }
  co_return scope;
}

asio::awaitable<Linted> lint(pg::Connection& connection, const mapping::Model& model, const Scope& scope, LintOptions options) {
  const auto sandbox = in_sandbox(model);
  Lint experiment(connection, sandbox, scope, options);
  auto linted = co_await experiment.run();
  if (options.so_far) options.so_far(linted);
  const bool rules_too = linted.faults.empty() && !options.source;
  for (std::size_t rule = 0; rules_too && rule < sandbox.rules.size(); ++rule) {
    if (options.progress != nullptr) {
      auto what = fmt::format("no fault; is rule {} of {} needed?", rule + 1, sandbox.rules.size());
      options.progress->at({std::move(what), static_cast<double>(rule), static_cast<double>(sandbox.rules.size())});
    }
    const bool needed = co_await is_needed(connection, sandbox, scope, rule, options.samples);
    if (!needed) linted.unneeded.push_back(rule);
  }
  co_return linted;
}

}  // namespace crossfade::lint
