#include "mapping/plan/fixes.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "mapping/preflight/check_target.h"

namespace crossfade::mapping {
namespace {

constexpr std::size_t kMostNamed = 6;

bool begins_one(std::string_view text) {
  constexpr std::array kBegin = {"alter ", "analyze ", "create ", "drop ", "grant ", "reindex ", "select ", "set ", "update ", "vacuum ", "--"};
  return text.empty() || std::any_of(kBegin.begin(), kBegin.end(), [&](std::string_view word) { return text.starts_with(word); });
}

std::string with_end(std::string statement) {
  const auto comment = statement.find("  --");
  const auto end = statement.find_last_not_of(" \n", comment == std::string::npos ? std::string::npos : comment);
  if (end != std::string::npos && statement[end] != ';') statement.insert(end + 1, ";");
  return statement;
}

/// Every line of it a comment.
std::string comment(std::string_view text) {
  std::string commented = "-- ";
  for (const char c : text) {
    commented += c;
    if (c == '\n') commented += "--   ";
  }
  return commented + '\n';
}

std::string cause(const Finding& finding) { return fmt::format("{}: {}", finding.subject, finding.message); }

}  // namespace

/// Psql takes it as it is: statements, and comments behind them.
bool is_statement(std::string_view fix) {
  if (fix.empty() || !begins_one(fix) || fix.find("…") != std::string_view::npos || fix.ends_with(kInV2)) return false;
  for (auto end = fix.find("; "); end != std::string_view::npos; end = fix.find("; ", end + 1)) {
    const auto next = fix.find_first_not_of(' ', end + 1);
    if (!begins_one(next == std::string_view::npos ? "" : fix.substr(next))) return false;
  }
  return true;
}

std::vector<Finding> one_for_each_cause(std::vector<Finding> findings) {
  struct Together {
    Finding finding;
    std::vector<std::string> others;
  };
  std::vector<Together> all;
  for (auto& finding : findings) {
    const auto same = std::find_if(all.begin(), all.end(), [&](const Together& known) {
      return is_statement(finding.fix) && known.finding.level == finding.level && known.finding.fix == finding.fix;
    });
    if (same == all.end()) {
      all.push_back({std::move(finding), {}});
    } else if (finding.subject != same->finding.subject && std::find(same->others.begin(), same->others.end(), finding.subject) == same->others.end()) {
      same->others.push_back(std::move(finding.subject));
    }
  }
  std::vector<Finding> result;
  for (auto& [finding, others] : all) {
    for (std::size_t n = 0; n < std::min(others.size(), kMostNamed); ++n) finding.message += fmt::format("{}{}", n == 0 ? "; the same is needed for " : ", ", others[n]);
    if (others.size() > kMostNamed) finding.message += fmt::format(" and {} more", others.size() - kMostNamed);
    result.push_back(std::move(finding));
  }
  return result;
}

std::vector<std::string> fixes(const Preflight& preflight) {
  std::vector<std::string> statements;
  for (const auto& finding : preflight.findings) {
    if (finding.level != Finding::Level::kFail || !is_statement(finding.fix)) continue;
    for (std::string_view rest = finding.fix; !rest.empty();) {
      const auto end = rest.find(";\n");
      auto statement = with_end(std::string(rest.substr(0, end)));
      rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 2);
      if (std::find(statements.begin(), statements.end(), statement) == statements.end()) statements.push_back(std::move(statement));
    }
  }
  return statements;
}

std::string fixes_sql(const Preflight& preflight) {
  std::string sql, advised, by_hand;
  for (const auto& finding : one_for_each_cause(preflight.findings)) {
    if (finding.level == Finding::Level::kOk || finding.fix.empty()) continue;
    if (!is_statement(finding.fix)) {
      by_hand += comment(fmt::format("{} → {}", cause(finding), finding.fix));
    } else if (finding.level == Finding::Level::kFail) {
      sql += comment(cause(finding)) + with_end(finding.fix) + "\n\n";
    } else {
      advised += comment(cause(finding)) + comment(with_end(finding.fix));
    }
  }
  auto text = fmt::format("-- What mends migration {} in the database. For psql: crossfade plan --print-fixes | psql -v ON_ERROR_STOP=1\n", preflight.model.name);
  text += sql.empty() ? "-- There is nothing that a statement would have to mend.\n" : "\n" + sql;
  if (!advised.empty()) text += "\n-- Advised, and not needed:\n" + advised;
  if (!by_hand.empty()) text += "\n-- By hand, in the migration's files or at the server:\n" + by_hand;
  return text;
}

}  // namespace crossfade::mapping
