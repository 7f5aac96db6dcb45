#include "verify/explain/explain_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

#include "base/text/fold.h"
#include "verify/explain/explain.h"

namespace crossfade::verify {
namespace {

using fmt::format;

/// How things are, in one line that says what to do, too.
struct Verdict {
  std::string says;
  std::string step;  ///< "" nothing is left to do
};

Verdict verdict(const v1::ExplainReply& reply) {
  if (!reply.view_failure().empty()) return {format("the view fails for it: {}", reply.view_failure()), "mend the view, or the row that it fails for; then crossfade amend --dry-run"};
  if (reply.rows().empty()) return {"neither the view nor the shadow table has a row", ""};
  if (exit_code(reply) == ExitCode::kOk) return {"equal", ""};
  if (!reply.quarantined().empty()) {
    return {"differs, because the key is in quarantine: mend the row or the view; crossfade quarantine retry",
            "crossfade quarantine retry: once the row, or the view, is mended"};
  }
  const std::string waits = reply.engine_running() ? "" : "crossfade run: what waits is refreshed by a daemon";
  if (!reply.pending().empty()) return {"differs, and waits in crossfade.dirty to be refreshed", waits};
  if (reply.in_memory() > 0) return {"differs, and waits in the daemon's memory to be refreshed", waits};
  const bool shadow_lacks = std::all_of(reply.rows().begin(), reply.rows().end(), [](const auto& row) { return !row.differs() || row.shadow().empty(); });
  if (reply.lazy() && shadow_lacks) return {format("not asked for yet: crossfade refresh {}", reply.target()), format("crossfade refresh {}: it was not asked for yet", reply.target())};
  if (!reply.engine_running()) {
    return {"differs; no daemon runs, so what it has still to apply looks like drift", "crossfade run: what it has still to apply looks like drift"};
  }
  return {format("differs: on its way, or drifted; crossfade verify --target {} tells which", reply.target()),
          format("crossfade verify --target {}: whether it is on its way, or drifted", reply.target())};
}

std::string describe(const v1::ExplainReply::Source& source) {
  auto text = format("  {}  ({})", source.table(), in_one_line(source.rule()));
  if (!source.not_found().empty()) return text + format(": {}\n", source.not_found());
  if (source.rows().empty()) return text + ": no row\n";
  text += "\n";
  for (const auto& row : source.rows()) text += format("    {}\n", row);
  return source.more_rows() ? text + "    … and more\n" : text;
}

std::string describe(const v1::ExplainReply::Row& row) {
  auto text = format("  {}  {}\n", row.key(), row.differs() ? "differs" : row.kept() ? "stays: rejects.sql names it" : "equal");
  const auto written = row.shadow().empty() ? std::string("missing")
                                            : format("{}\n            written by transaction {}{}", row.shadow(), row.written_by(),
                                                     row.written_at().empty() ? "" : " at " + row.written_at());
  text += format("    view    {}\n    shadow  {}\n", row.view().empty() ? "no row" : row.view(), written);
  for (const auto& column : row.columns()) text += format("    column {}: view {}, shadow {}\n", column.name(), column.view(), column.shadow());
  if (row.differs() && !row.view().empty() && !row.shadow().empty() && row.columns().empty()) text += "    the stored bytes differ, their texts do not\n";
  return text;
}

}  // namespace

void add_next_steps(v1::ExplainReply& reply) {
  auto step = verdict(reply).step;
  if (!step.empty()) reply.add_next_steps(std::move(step));
}

std::string to_text(const v1::ExplainReply& reply) {
  auto text = format("{} {}: {}\n", reply.target(), in_one_line(reply.key()), verdict(reply).says);
  text += reply.direction() == "forward" ? "v1 rows that lead to it\n" : "v2 rows that lead to it\n";
  for (const auto& source : reply.sources()) text += describe(source);
  if (!reply.rows().empty()) text += "rows\n";
  for (const auto& row : reply.rows()) text += describe(row);
  if (reply.more_rows()) text += "  … and more\n";
  text += reply.pending().empty() ? "nothing of it waits in crossfade.dirty\n" : "waits in crossfade.dirty\n";
  for (const auto& pending : reply.pending()) text += format("  {}\n", in_one_line(pending.key()));
  if (reply.in_memory() > 0) text += format("in the daemon's memory wait {} changes of it\n", reply.in_memory());
  text += reply.quarantined().empty() ? "nothing of it is in quarantine\n" : "in quarantine\n";
  for (const auto& key : reply.quarantined()) {
    text += format("  {}  {}{}: {}  (tried {} times since {})\n", in_one_line(key.key()), key.sqlstate(), key.constraint().empty() ? "" : " " + key.constraint(), key.message(),
                   key.attempts(), key.since());
    if (!key.accepted_by().empty()) text += format("    accepted by {}\n", key.accepted_by());
  }
  return text + format("readable up to {}; the log ends at {}\n", reply.consistent_lsn(), reply.end_of_wal());
}

}  // namespace crossfade::verify
