#include "mapping/file/migration_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/error/failure.h"
#include "base/text/nearest_word.h"
#include "mapping/file/canary_schema.h"
#include "mapping/file/directed_migration.h"
#include "mapping/file/surrogates.h"
#include "mapping/file/written_rule.h"
#include "mapping/sql/scan.h"

namespace crossfade::mapping {
namespace {

/// Slot names have lower-case letters, digits and underscores; ours add a prefix, and a suffix that no other migration's name may
/// end with.
constexpr std::size_t kMaxName = 40;
constexpr std::size_t kMaxIdentifier = 63;  ///< bytes, of the server
constexpr std::string_view kSuffix = "_reverse";

Failure wrong(std::string_view where, std::string_view what, std::string advice) {
  return usage_failure(fmt::format("migration.yaml: {}: {}", where, what), std::move(advice));
}

void require_name(const std::string& name) {
  const bool good = is_plain_identifier(name) && name.front() != '_' && name.size() <= kMaxName && !name.ends_with(kSuffix);
  if (good) return;
  throw wrong("migration", fmt::format("\"{}\" cannot be a migration's name", name),
              fmt::format("Use lower-case letters, digits and _, a letter first, at most {}, and no {} at the end: it names the slots.", kMaxName, kSuffix));
}

void require_schemas(const v1::Schemas& schemas) {
  if (schemas.shadow().empty()) throw wrong("schemas.shadow", "is missing", "Name the schema the new tables grow in.");
  if (schemas.mapping().empty()) throw wrong("schemas.mapping", "is missing", "Name the schema of the mapping's views.");
  std::map<std::string, std::string> taken = {{"crossfade", "crossfade itself"}};
  // Views of v2 for those that go first have a schema of their own.
  if (!schemas.stable().empty()) {
    const auto canary = canary_schema(schemas.stable());
    if (canary.size() > kMaxIdentifier) {
      throw wrong("schemas.stable", fmt::format("is too long by {} bytes for the schema of the views that show v2 throughout, which adds _canary", canary.size() - kMaxIdentifier),
                  "Give it a shorter name.");
    }
    taken.emplace(canary, "the views of schemas.stable that show v2 throughout");
  }
  const std::vector<std::pair<std::string, std::string>> named = {{"source", schemas.source()},
                                                                  {"shadow", schemas.shadow()},
                                                                  {"mapping", schemas.mapping()},
                                                                  {"reverse", schemas.reverse()},
                                                                  {"stable", schemas.stable()}};
  for (const auto& [role, schema] : named) {
    if (schema.empty()) continue;
    const auto [other, fresh] = taken.emplace(schema, "schemas." + role);
    if (!fresh || schema.starts_with("pg_")) {
      throw wrong("schemas." + role, fmt::format("{} is the schema of {}", schema, fresh ? "PostgreSQL" : other->second),
                  "Each has a schema of its own.");
    }
  }
}

void require_sources(const v1::Migration& yaml) {
  if (yaml.sources().empty()) throw wrong("sources", "none is named", "Name the tables that the views read: mapping.sql does not say them, or not so that it is understood here.");
  for (const auto& [name, source] : yaml.sources()) {
    if (std::count(name.begin(), name.end(), '.') > 1 || name.starts_with('.') || name.ends_with('.')) {
      throw wrong("sources", fmt::format("\"{}\" names no table", name), "Write table, or schema.table.");
    }
  }
}

/// Targets of one direction: each follows only what there is.
void require_targets(const v1::Migration& yaml, const std::string& section) {
  std::vector<std::string> known;
  for (const auto& [name, source] : yaml.sources()) known.push_back(name);
  std::sort(known.begin(), known.end());
  for (const auto& [name, target] : yaml.targets()) {
    const auto place = section + "." + name;
    for (const auto& [source, rules] : target.follow()) {
      if (std::binary_search(known.begin(), known.end(), source)) continue;
      const auto near = nearest_word(source, known);
      throw wrong(place + ".follow", fmt::format("\"{}\" is not among the sources", source),
                  near ? fmt::format("Did you mean \"{}\"?", *near) : "Add it to sources, or remove the rule.");
    }
  }
}

void require_locates(const v1::Migration& yaml, const std::string& section) {
  written_rules(yaml, section);  // throws what is wrong with one of them
  for (const auto& [name, target] : yaml.targets()) {
    for (const auto& [column, predicate] : target.locate()) {
      const auto place = fmt::format("{}.{}.locate.{}", section, name, column);
      if (predicate.find("$keys") == std::string::npos) {
        throw wrong(place, "the predicate does not use $keys", "Write e.g. \"s.week_id in (select … = any($keys))\".");
      }
    }
  }
}

/// What the reverse direction adds to what each direction has to satisfy.
void require_reverse(const v1::Migration& yaml) {
  if (!yaml.reverse().empty() && yaml.schemas().reverse().empty()) {
    throw wrong("schemas.reverse", "is missing, but reverse has rules", "Name the schema of the views of reverse.sql.");
  }
  for (const auto& [name, target] : yaml.reverse()) {
    const auto place = "reverse." + name;
    if (!old_table(yaml, name)) {
      throw wrong(place, "is no table among the sources, or a shared one", "Name the old table without its schema, as its view in schemas.reverse is named.");
    }
    if (target.backfill() != v1::TargetTable::BACKFILL_UNSPECIFIED) {
      throw wrong(place, "backfill has no meaning here: the old table is full when the direction turns", "Remove backfill.");
    }
  }
  const auto directed = reverse_migration(yaml, Naming::kSwapped);
  require_targets(directed.yaml, directed.section());
  require_locates(directed.yaml, directed.section());
}

void require_checks(const v1::Migration& yaml) {
  std::set<std::string> names;
  for (const auto& check : yaml.checks()) {
    const auto place = fmt::format("check \"{}\"", check.name());
    if (check.name().empty()) throw wrong("checks", "a check has no name", "Name each; the report shows it.");
    if (!names.insert(check.name()).second) throw wrong(place, "stands here twice", "Give each a name of its own.");
    if (check.when() == v1::Check::WHEN_UNSPECIFIED) throw wrong(place, "when is missing", "Write when: before, or after.");
    if (check.sql().empty() == check.file().empty()) {
      throw wrong(place, "has to have one of sql and file", "Write the statement, or name the file that has it.");
    }
  }
}

void require_cutover(const v1::CutoverOptions& cutover) {
  std::uint32_t last = 0;
  for (const auto step : cutover.route_steps()) {
    if (step <= last || step > 100) {
      throw wrong("cutover.route_steps", "percentages must rise and stay within 1 to 100", "Write e.g. [10, 50, 100].");
    }
    last = step;
  }
  if (last != 100 && last != 0) throw wrong("cutover.route_steps", "the last step is not 100", "Write e.g. [10, 50, 100].");
}

}  // namespace

void complete(v1::Migration& yaml) {
  if (yaml.schemas().source().empty()) yaml.mutable_schemas()->set_source("public");
  if (yaml.amend() == v1::Migration::AMEND_UNSPECIFIED) yaml.set_amend(v1::Migration::AMEND_BY_HAND);
  for (auto& [name, target] : *yaml.mutable_targets()) {
    if (target.backfill() == v1::TargetTable::BACKFILL_UNSPECIFIED) target.set_backfill(v1::TargetTable::BACKFILL_EAGER);
  }
  for (auto& [name, surrogate] : *yaml.mutable_surrogates()) {
    if (surrogate.type().empty()) surrogate.set_type("bigint");
  }
  for (auto& check : *yaml.mutable_checks()) {
    if (check.severity() == v1::Check::SEVERITY_UNSPECIFIED) check.set_severity(v1::Check::SEVERITY_FAIL);
    if (check.expect() == v1::Check::EXPECT_UNSPECIFIED) check.set_expect(v1::Check::EXPECT_ZERO);
  }
  auto& cutover = *yaml.mutable_cutover();
  if (!cutover.has_hold_limit()) cutover.mutable_hold_limit()->set_seconds(1);
  // Far below what users notice: writers queue behind a lock that is waited for. Trying again costs nobody anything.
  if (!cutover.has_lock_timeout()) cutover.mutable_lock_timeout()->set_nanos(100'000'000);
  if (!cutover.has_hook_timeout()) cutover.mutable_hook_timeout()->set_seconds(10);
}

void require_consistent(const v1::Migration& yaml) {
  require_name(yaml.migration());
  require_schemas(yaml.schemas());
  require_sources(yaml);
  if (yaml.targets().empty()) throw wrong("targets", "none is named", "Name the views: mapping.sql has none that is called as a table of v2.sql is, or not so that it is understood here.");
  require_targets(yaml, "targets");
  require_locates(yaml, "targets");
  require_reverse(yaml);
  require_surrogates(yaml);
  require_checks(yaml);
  require_cutover(yaml.cutover());
}

}  // namespace crossfade::mapping
