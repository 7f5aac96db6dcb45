#include "verify/reply.h"

#include <fmt/format.h>

#include <algorithm>

namespace crossfade::verify {
namespace {

double real(std::uint64_t count) { return static_cast<double>(count); }

std::string_view side_of(const Difference& difference) {
  if (!difference.refusal.empty()) return "both";
  if (!difference.in_shadow) return "view";
  return difference.in_view ? "both" : "shadow";
}

std::string_view word(CheckResult::Verdict verdict) {
  switch (verdict) {
    case CheckResult::Verdict::kPass: return "PASS";
    case CheckResult::Verdict::kWarn: return "WARN";
    case CheckResult::Verdict::kFail: return "FAIL";
  }
  return "";
}

void add_next_steps(v1::VerifyReply& reply) {
  const double left = reply.drifted_rows() - reply.repaired_rows();
  if (left > 0 && !reply.engine_running()) reply.add_next_steps("crossfade run: no daemon runs; what it has still to apply looks like drift");
  if (left > 0 && reply.engine_running()) {
    reply.add_next_steps(reply.of_v1() ? "crossfade verify --repair overwrites these rows of v1 with what reverse.sql makes of v2; where v1 is to keep what it has, mend reverse.sql, then crossfade amend"
                                       : "crossfade verify --repair: what drifted is computed again");
  }
  if (reply.repaired_rows() > 0) reply.add_next_steps("crossfade verify: only a pass without repairs counts as clean");
  if (reply.quarantined_rows() > 0) reply.add_next_steps("crossfade quarantine list: rows differ because their key is in quarantine, or their target is parked");
}

/// A check of v1 fails for its rows, one of v2 for what made them.
void add_next_steps(v1::CheckReply& reply, StateOfV2 v2) {
  const auto fails = [&](std::string_view when) {
    const auto is_one = [&](const auto& check) { return check.verdict() == "FAIL" && check.when() == when; };
    return std::any_of(reply.checks().begin(), reply.checks().end(), is_one);
  };
  if (fails("before")) reply.add_next_steps("mend the rows of v1, or the check, then crossfade check --when before");
  if (!fails("after")) return;
  switch (v2) {
    case StateOfV2::kNotThere: return reply.add_next_steps("crossfade run --prepare: what is checked after the move has no tables yet");
    case StateOfV2::kBeingFilled: return reply.add_next_steps("crossfade wait --phase following, then crossfade check --when after: v2 is still being filled");
    case StateOfV2::kFilled: break;
  }
  reply.add_next_steps("crossfade verify: whether v2 is what its views say");
  reply.add_next_steps("if it is: mend mapping.sql, v2.sql or the check, then crossfade amend --dry-run");
}

}  // namespace

v1::VerifyReply reply_of(const mapping::Model& model, const Verification& found) {
  v1::VerifyReply reply;
  reply.set_migration(model.name);
  reply.set_of_v1(model.direction == mapping::Direction::kReverse);
  reply.set_started_at(found.started_at);
  reply.set_lsn(found.lsn);
  reply.set_seconds(found.seconds);
  reply.set_whole(found.whole);
  reply.set_engine_running(found.engine_running);
  reply.set_compared_rows(real(found.compared_rows));
  reply.set_drifted_rows(real(found.drifted_rows));
  reply.set_repaired_rows(real(found.repaired_rows));
  reply.set_quarantined_rows(real(found.quarantined_rows));
  reply.set_in_flight_rows(real(found.in_flight_rows));
  reply.set_offered_keys(real(found.offered_keys));
  for (const auto& of_target : found.targets) {
    auto& target = *reply.add_targets();
    target.set_name(model.targets[of_target.target].name);
    target.set_rows(real(of_target.rows));
    target.set_drifted(real(of_target.drifted));
  }
  for (const auto& difference : found.drift) {
    auto& row = *reply.add_rows();
    row.set_target(model.targets[difference.target].name);
    row.set_key(row_name(model.targets[difference.target], difference));
    row.set_side(std::string(side_of(difference)));
    row.set_repaired(difference.repaired);
    if (!difference.refusal.empty()) {
      auto& error = *row.add_columns();
      error.set_name("the view fails");
      error.set_view(difference.refusal);
    }
    for (const auto& differing : differing_columns(difference)) {
      auto& column = *row.add_columns();
      column.set_name(differing.name);
      column.set_view(differing.in_view);
      column.set_shadow(differing.in_shadow);
    }
  }
  add_next_steps(reply);
  return reply;
}

v1::AccountReply reply_of(const mapping::Model& model, const std::vector<Account>& accounts) {
  v1::AccountReply reply;
  reply.set_migration(model.name);
  for (const auto& account : accounts) {
    const auto& table = model.sources[account.source];
    auto& source = *reply.add_sources();
    source.set_name(table.schema + "." + table.name);
    source.set_total(real(account.total));
    source.set_mapped(real(account.mapped));
    source.set_on_the_way(real(account.on_the_way));
    source.set_rejected(real(account.rejected));
    source.set_unaccounted(real(account.unaccounted));
    source.set_quarantined_keys(real(account.quarantined_keys));
    source.set_looked_up_only(account.looked_up_only);
    for (const auto& each : account.reasons) {
      auto& reason = *source.add_reasons();
      reason.set_reason(each.reason);
      reason.set_rows(real(each.rows));
    }
    for (const auto& key : account.sample) source.add_unaccounted_keys(key_name(table.key, key));
    if (account.unaccounted > 0) reply.add_next_steps(fmt::format("{}: mend the views, or name the rows in rejects.sql; then crossfade amend", source.name()));
  }
  return reply;
}

v1::CheckReply reply_of(const v1::Migration& migration, const std::vector<CheckResult>& results, StateOfV2 v2) {
  v1::CheckReply reply;
  reply.set_migration(migration.migration());
  for (const auto& result : results) {
    auto& check = *reply.add_checks();
    check.set_name(result.name);
    check.set_when(result.when == v1::Check::WHEN_BEFORE ? "before" : "after");
    check.set_verdict(std::string(word(result.verdict)));
    check.set_expected(result.expected);
    check.set_found(result.found);
    check.set_seconds(result.seconds);
    switch (result.verdict) {
      case CheckResult::Verdict::kPass: reply.set_passed(reply.passed() + 1); break;
      case CheckResult::Verdict::kWarn: reply.set_warned(reply.warned() + 1); break;
      case CheckResult::Verdict::kFail: reply.set_failed(reply.failed() + 1); break;
    }
  }
  add_next_steps(reply, v2);
  return reply;
}

}  // namespace crossfade::verify
