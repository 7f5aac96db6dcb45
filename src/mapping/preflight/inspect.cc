#include "mapping/preflight/inspect.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "mapping/catalog/read_catalog.h"
#include "mapping/file/said_by_scripts.h"
#include "mapping/preflight/build_model.h"
#include "mapping/preflight/probe.h"
#include "pg/savepoint.h"

namespace crossfade::mapping {

namespace asio = boost::asio;

namespace {

using Names = std::set<std::string>;

void erase_others(auto& named, const Names& kept) {
  for (auto each = named.begin(); each != named.end();) each = kept.contains(each->first) ? std::next(each) : named.erase(each);
}

/// `name` and the targets that it refers to, by whichever way.
Names with_parents(const Catalog& catalog, const std::string& name) {
  Names found;
  std::vector<std::string> open = {name};
  while (!open.empty()) {
    const auto next = std::move(open.back());
    open.pop_back();
    if (!found.insert(next).second) continue;
    for (const auto& key : catalog.targets.at(next).table.foreign_keys) {
      if (catalog.targets.contains(key.parent)) open.push_back(key.parent);
    }
  }
  return found;
}

/// A migration of `targets` and of what they are made of, and of nothing else.
DirectedMigration only(DirectedMigration directed, const Catalog& catalog, const Names& targets) {
  Names sources, surrogates;
  for (const auto& rule : catalog.rules) {
    if (targets.contains(rule.target)) sources.insert(rule.source);
  }
  for (const auto& name : targets) {
    const auto& target = catalog.targets.at(name);
    surrogates.insert(target.surrogates.begin(), target.surrogates.end());
    for (const auto& read : target.reads) {
      for (const auto& [written, source] : catalog.sources) {
        if (source.schema == read.schema && source.name == read.name) sources.insert(written);
      }
    }
  }
  erase_others(*directed.yaml.mutable_targets(), targets);
  erase_others(*directed.yaml.mutable_sources(), sources);
  // On the way back ids are read wherever a table of theirs is.
  if (directed.direction == Direction::kForward) erase_others(*directed.yaml.mutable_surrogates(), surrogates);
  return directed;
}

/// Several can be made in one transaction.
asio::awaitable<Preflight> inspect_alone(pg::Connection& connection, DirectedMigration directed) {
  const std::function<asio::awaitable<Preflight>()> inspect = [&] { return inspect_catalog(connection, directed); };
  co_return co_await pg::look_in_savepoint(connection, inspect);
}

std::string first_fault(const Preflight& preflight) {
  const auto& all = preflight.findings;
  const auto fault = std::find_if(all.begin(), all.end(), [](const Finding& finding) { return finding.level == Finding::Level::kFail; });
  return fmt::format("{}: {}. {}", fault->subject, fault->message, fault->fix);
}

}  // namespace

asio::awaitable<Preflight> inspect_catalog(pg::Connection& connection, const DirectedMigration& directed) {
  auto catalog = co_await read_catalog(connection, directed);
  auto preflight = build_model(directed, catalog);
  preflight.reading = std::move(catalog.reading);
  (directed.direction == Direction::kForward ? preflight.rules.forward : preflight.rules.reverse) = catalog.rules;
  co_await estimate_rows(connection, preflight.model);
  co_return preflight;
}

asio::awaitable<Preflight> inspect_what_fits(pg::Connection& connection, DirectedMigration directed, bool or_nothing) {
  auto whole = co_await inspect_alone(connection, directed);
  if (whole.ok()) co_return whole;
  const std::function<asio::awaitable<Catalog>()> read = [&] { return read_catalog(connection, directed); };
  const auto catalog = co_await pg::look_in_savepoint(connection, read);
  Names fit;
  std::vector<LeftOut> left_out;
  for (const auto& [name, target] : catalog.targets) {
    const auto with_own = with_parents(catalog, name);
    auto alone = only(directed, catalog, with_own);
    const auto found = co_await inspect_alone(connection, std::move(alone));
    if (found.ok()) {
      fit.insert(name);
    } else {
      left_out.push_back({name, first_fault(found)});
    }
  }
  if (fit.empty() && !or_nothing) co_return whole;
  auto rest = only(std::move(directed), catalog, fit);
  auto fitting = co_await inspect_alone(connection, std::move(rest));
  fitting.model.left_out = std::move(left_out);
  co_return fitting;
}

asio::awaitable<Preflight> inspect_directed(pg::Connection& connection, DirectedMigration directed) {
  auto preflight = co_await inspect_catalog(connection, directed);
  co_await probe(connection, preflight);
  co_return preflight;
}

asio::awaitable<Preflight> inspect(pg::Connection& connection, const MigrationFile& file) {
  auto preflight = co_await inspect_directed(connection, forward_migration(file.yaml));
  const auto lost = tables_without_reverse(file.yaml);
  if (!lost.empty()) {
    Findings(preflight.findings, "reverse")
        .warn(fmt::format("there is no way back with data: once the writes have moved nothing keeps {} true", fmt::join(lost, ", ")),
              "Write reverse.sql and reverse in migration.yaml; or say shared: true of a table that both sides use.");
  }
  for (const auto& idle : idle_views(file.yaml, texts_of(file))) {
    Findings(preflight.findings, idle.script)
        .warn(fmt::format("view {} fills no table, and nothing reads it: {}", idle.view, idle.wanted),
              idle.near.empty() ? "Call it as the table that it is to fill, or leave it out." : fmt::format("Is {} meant? Call it so, or leave it out.", idle.near));
  }
  if (file.yaml.reverse().empty()) co_return preflight;
  auto back = co_await inspect_directed(connection, reverse_migration(file.yaml, Naming::kOriginal));
  for (auto& finding : back.findings) {
    // Of the server there is one.
    if (finding.subject == "server") continue;
    finding.subject = "reverse " + finding.subject;
    preflight.findings.push_back(std::move(finding));
  }
  preflight.reverse = std::move(back.model);
  preflight.rules.reverse = std::move(back.rules.reverse);
  preflight.reverse_derived = std::move(back.derived);
  preflight.reverse_reading = std::move(back.reading);
  co_return preflight;
}

}  // namespace crossfade::mapping
