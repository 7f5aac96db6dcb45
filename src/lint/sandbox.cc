#include "lint/sandbox.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <cctype>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/sql_text.h"
#include "sync/refresh/refresh.h"

namespace crossfade::verify {
namespace {

constexpr const char* kSandbox = "pg_temp";

bool in_name(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '"' || c == '.' || c == '$'; }

/// The file's own predicate names shadow tables with their schema.
std::string moved(std::string predicate, const std::string& schema) {
  const std::string there = std::string(kSandbox) + ".";
  for (const auto& written : std::array{schema + ".", quote_identifier(schema) + "."}) {
    for (auto at = predicate.find(written); at != std::string::npos; at = predicate.find(written, at)) {
      if (at > 0 && in_name(predicate[at - 1])) {
        at += written.size();
        continue;
      }
      predicate.replace(at, written.size(), there);
      at += there.size();
    }
  }
  return predicate;
}

/// Triggers of the sources name tables as their applications do, and must not meet ours.
std::string search_path(const mapping::Model& model) {
  std::set<std::string> schemas;
  for (const auto& source : model.sources) schemas.insert(quote_identifier(source.schema));
  return fmt::format("set local search_path to {}, {}", fmt::join(schemas, ", "), kSandbox);
}

}  // namespace

mapping::Model in_sandbox(mapping::Model model) {
  for (auto& target : model.targets) {
    const auto schema = std::exchange(target.table.schema, kSandbox);
    // Whatever is to be in a target some day is compared.
    target.lazy = false;
    for (auto& locator : target.locators) {
      for (auto& step : locator.path) step.parent.schema = kSandbox;
      locator.locate = moved(std::move(locator.locate), schema);
    }
  }
  return model;
}

asio::awaitable<void> make_sandbox(pg::Connection& connection, const mapping::Model& model) {
  auto path = search_path(model);
  co_await connection.script(std::move(path));
  for (const auto& target : model.targets) {
    std::vector<std::string> key;
    for (const auto& column : target.key) key.push_back(quote_identifier(column));
    auto create = fmt::format("create temp table {0} as select * from {1} with no data; alter table {2}.{0} add primary key ({3})",
                              quote_identifier(target.table.name), target.table.quoted(), kSandbox, fmt::join(key, ", "));
    co_await connection.script(std::move(create));
  }
}

asio::awaitable<void> fill_sandbox(pg::Connection& connection, const mapping::Model& sandbox) {
  const sync::Refresh refresh(sandbox);
  const mapping::Range everything;
  for (std::uint16_t target = 0; target < sandbox.targets.size(); ++target) {
    co_await refresh.bulk_range(connection, target, everything);
    auto analyze = "analyze " + sandbox.targets[target].table.quoted();
    co_await connection.script(std::move(analyze));
  }
}

}  // namespace crossfade::verify
