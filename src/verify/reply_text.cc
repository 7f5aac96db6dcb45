#include "verify/reply_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/text/human.h"

namespace crossfade::verify {
namespace {

using fmt::format;

template <typename Rows>
std::size_t widest_name(const Rows& rows) {
  std::size_t width = 0;
  for (const auto& row : rows) width = std::max(width, row.name().size());
  return width;
}

double left(const v1::VerifyReply& reply) { return reply.drifted_rows() - reply.repaired_rows(); }

double unaccounted(const v1::AccountReply& reply) {
  double rows = 0;
  for (const auto& source : reply.sources()) rows += source.unaccounted();
  return rows;
}

/// What a repair does to v1, or has done, table by table.
std::string told_of_v1(const v1::VerifyReply& reply) {
  std::string tables;
  for (const auto& target : reply.targets()) {
    if (target.drifted() == 0) continue;
    std::vector<std::string> what;
    const auto add = [&](const std::string& word) {
      if (std::find(what.begin(), what.end(), word) == what.end()) what.push_back(word);
    };
    for (const auto& row : reply.rows()) {
      if (row.target() != target.name()) continue;
      if (row.side() == "shadow") add("rows that reverse.sql does not give, which go");
      if (row.side() == "view") add("rows that v1 does not have, which come");
      for (const auto& column : row.columns()) add(column.name());
    }
    tables += format("  {}: {} rows ({})\n", target.name(), human_count(target.drifted()), fmt::join(what, ", "));
  }
  const auto* how = reply.repaired_rows() > 0 ? "Rows of v1 were overwritten with what reverse.sql makes of v2:\n"
                                              : "These are rows of v1. crossfade verify --repair overwrites them with what reverse.sql makes of v2, and what v2 does not say is lost then:\n";
  return how + tables;
}

}  // namespace

std::string describe(const v1::VerifyReply::Row& row) {
  auto text = format("{} {}: ", row.target(), row.key());
  if (row.side() == "view") return text + "missing in the shadow table";
  if (row.side() == "shadow") return text + "in the shadow table, but not in the view";
  if (row.columns().empty()) return text + "the stored bytes differ, their texts do not";
  for (int n = 0; n < row.columns_size(); ++n) {
    const auto& column = row.columns(n);
    if (column.shadow().empty()) return text + format("{}: {}", column.name(), column.view());
    text += format("{}column {}: view {}, shadow {}", n == 0 ? "" : "; ", column.name(), column.view(), column.shadow());
  }
  return text;
}

std::string to_text(const v1::VerifyReply& reply) {
  std::string text;
  const auto width = widest_name(reply.targets());
  for (const auto& target : reply.targets()) {
    text += format("{:<{}}  {:>14} rows  {}\n", target.name(), width, human_count(target.rows()),
                   target.drifted() == 0 ? "equal" : human_count(target.drifted()) + " drifted");
  }
  // A screen takes no more; --json has them.
  constexpr int kMostShown = 50;
  const int shown = std::min(reply.rows_size(), kMostShown);
  for (int n = 0; n < shown; ++n) text += format("{}{}\n", describe(reply.rows(n)), reply.rows(n).repaired() ? " (repaired)" : "");
  if (reply.drifted_rows() > shown) text += format("… and {} more rows\n", human_count(reply.drifted_rows() - shown));
  text += format("{} rows compared in {}, as of {}: {}\n", human_count(reply.compared_rows()), human_seconds(reply.seconds()), reply.lsn(),
                 left(reply) == 0 ? "equal" : human_count(left(reply)) + " drifted");
  if (reply.repaired_rows() > 0) text += format("{} rows were repaired; only a pass without repairs counts as clean\n", human_count(reply.repaired_rows()));
  if (reply.of_v1() && reply.drifted_rows() > 0) text += told_of_v1(reply);
  if (reply.quarantined_rows() > 0) text += format("{} rows differ because their key is in quarantine or their target is parked: crossfade quarantine\n", human_count(reply.quarantined_rows()));
  if (!reply.engine_running() && reply.drifted_rows() > 0) {
    text += "no daemon runs: what it has still to apply looks like drift\n";
    if (reply.offered_keys() > 0) text += format("{} keys are offered; a daemon repairs them once it runs\n", human_count(reply.offered_keys()));
  }
  return text;
}

std::string to_text(const v1::AccountReply& reply) {
  std::string text;
  const auto width = widest_name(reply.sources());
  for (const auto& source : reply.sources()) {
    text += format("{:<{}}  {:>14} rows: {} mapped, {} rejected, {} unaccounted{}\n", source.name(), width, human_count(source.total()),
                   human_count(source.mapped()), human_count(source.rejected()), human_count(source.unaccounted()),
                   source.looked_up_only() ? " (only looked up by others, or used by both sides)" : "");
    for (const auto& reason : source.reasons()) text += format("  {} rejected: {}\n", human_count(reason.rows()), reason.reason());
    if (source.on_the_way() > 0) {
      text += format("  {} of the mapped in no shadow table yet{}\n", human_count(source.on_the_way()),
                     source.quarantined_keys() == 0 ? "" : format("; {} keys of its targets are in quarantine", human_count(source.quarantined_keys())));
    }
    for (const auto& key : source.unaccounted_keys()) text += format("  unaccounted: {}\n", key);
    const auto shown = static_cast<double>(source.unaccounted_keys_size());
    if (source.unaccounted() > shown) text += format("  … and {} more\n", human_count(source.unaccounted() - shown));
  }
  const auto rows = unaccounted(reply);
  text += rows == 0 ? "every row is accounted for\n"
                    : format("{} rows are neither mapped nor rejected: mend the views, or name the rows in rejects.sql; then crossfade amend\n", human_count(rows));
  return text;
}

std::string to_text(const v1::CheckReply& reply) {
  std::string text;
  for (const auto& check : reply.checks()) {
    text += format("{}  {}", check.verdict(), check.name());
    text += check.verdict() == "PASS" ? "\n" : format(": expected {}, found {}\n", check.expected(), check.found());
  }
  text += format("{} passed, {} warned, {} failed\n", human_count(reply.passed()), human_count(reply.warned()), human_count(reply.failed()));
  for (const auto& step : reply.next_steps()) text += format("next: {}\n", step);
  return text;
}

ExitCode exit_code(const v1::VerifyReply& reply) { return left(reply) > 0 ? ExitCode::kMismatch : ExitCode::kOk; }
ExitCode exit_code(const v1::AccountReply& reply) { return unaccounted(reply) > 0 ? ExitCode::kMismatch : ExitCode::kOk; }
ExitCode exit_code(const v1::CheckReply& reply) { return reply.failed() > 0 ? ExitCode::kMismatch : ExitCode::kOk; }

}  // namespace crossfade::verify
