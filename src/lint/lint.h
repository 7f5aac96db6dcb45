#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/telemetry/progress.h"
#include "base/value/key.h"
#include "mapping/model/model.h"
#include "pg/connection.h"
#include "verify/diff/difference.h"

namespace crossfade::lint {

namespace asio = boost::asio;

/// What lint looks at: everything; or, where that would take too long, rows near samples of the sources.
struct Scope {
  bool whole = true;
  std::vector<Key> keys;                 ///< of rows of the targets, where not the whole
};

/// Rows of one target that changes of one source left behind.
struct Fault {
  SourceId source;
  TargetId target;
  std::uint64_t rows = 0;
  std::string change;                    ///< the first of the changes
  verify::Difference row;                        ///< and a row that it left behind
  std::string rule;                      ///< which would have announced them; "" where no column tells
};

/// A change of v2 of which v1 does not take what comes back.
struct NotTaken {
  SourceId source;
  std::string change;                    ///< the first of those
  std::string constraint;                ///< or column, where the server names one
  std::string why;
};

/// A rule whose select fails on a changed row, where its view does not: the view leaves that row out, and the select does not.
struct FailedRule {
  SourceId source;
  TargetId target;
  LocatorId locator;
  std::string change;                    ///< the first of those
  std::string why;
};

struct Linted {
  bool complete = false;                 ///< false: it was ended before everything was tried
  std::uint64_t planned = 0;             ///< changes, each of one or two steps
  std::uint64_t made = 0;                ///< of these
  std::uint64_t tried = 0;               ///< steps
  std::uint64_t refused = 0;             ///< of the steps, by the old schema or by the view
  std::uint64_t unjudged = 0;            ///< of the steps: they reached rows that are not looked at
  std::vector<Fault> faults;
  std::vector<NotTaken> not_taken;       ///< on the way back; one a source and constraint
  std::vector<FailedRule> failed_rules;  ///< one a source and rule
  ByTarget<std::uint64_t> refreshed;     ///< rows of each target's view that the rules had evaluated: how wide they are
  std::vector<std::size_t> unneeded;     ///< places of rules that announced nothing which others did not; where there are no faults
};

/// The mapping tested by experiment, in one transaction that the caller rolls back: rows of the sources change as
/// applications might change them, the engine's own rules and its refresh follow, and then every target is held against its
/// view whole. A row that differs was not announced by any rule.
struct LintOptions {
  std::size_t samples = 3;               ///< rows of each source
  std::optional<SourceId> source;        ///< only what this source's changes do
  std::optional<TargetId> target;        ///< only what they do to this target
  bool stop_at_first = false;
  Progress* progress = nullptr;          ///< hears how far it is, and of each fault; none: nobody does
  std::function<void(const Linted&)> so_far = {};  ///< gets what is known after each change, for whoever may end it early
};

/// Fills temporary tables in the place of the shadow tables, and keeps a copy of the sources: of all rows where `whole`, else of
/// those near `samples` of each source.
asio::awaitable<Scope> prepare_lint(pg::Connection& connection, const mapping::Model& model, bool whole, std::size_t samples);

/// After prepare_lint() in the same transaction, which it leaves as it was.
asio::awaitable<Linted> lint(pg::Connection& connection, const mapping::Model& model, const Scope& scope, LintOptions options);
}  // namespace crossfade::lint
