#include "cutover/blockers.h"

#include <embedded_sql.h>
#include <fmt/format.h>

namespace crossfade::cutover {

std::vector<Blocker> blockers_of_reads(const Facts& facts, const Limits& limits) {
  std::vector<Blocker> blockers;
  const auto block = [&](bool stands, std::string reason, std::string detail, std::string fix) {
    if (stands) blockers.push_back({std::move(reason), std::move(detail), std::move(fix)});
  };
  block(facts.phase != "following", "phase", fmt::format("the migration is {}, not following", facts.phase), "crossfade wait --phase following");
  block(!facts.leader, "leader", "no daemon keeps v2 true", "crossfade run");
  block(facts.behind_seconds > limits.behind_seconds, "lag", fmt::format("v2 is {:.0f} s behind", facts.behind_seconds),
        fmt::format("crossfade wait --lag {:.0f}s", limits.behind_seconds));
  block(facts.quarantined > 0, "quarantine", fmt::format("{} keys are set aside", facts.quarantined), "crossfade quarantine list");
  block(!facts.drifted, "verification", "v2 was never compared with v1", "crossfade verify");
  // A failed verification stays a blocker until a whole pass is clean.
  block(facts.drifted && *facts.drifted > 0, "drift", fmt::format("{} rows had drifted at the last verification", facts.drifted.value_or(0)), "crossfade verify --repair");
  block(facts.drifted && facts.verified_seconds_ago > limits.verification_seconds, "stale verification",
        fmt::format("the last one is {:.0f} h old", facts.verified_seconds_ago / 3600), "crossfade verify");
  block(!facts.unaccounted, "account", "source rows were never counted", "crossfade account");
  block(facts.unaccounted && *facts.unaccounted > 0, "unaccounted rows", fmt::format("{} source rows are neither mapped nor rejected", facts.unaccounted.value_or(0)),
        "crossfade account");
  block(facts.unvalidated_constraints > 0, "constraints", fmt::format("{} of the shadow tables are not validated", facts.unvalidated_constraints),
        "mend the quarantined rows; they are validated then");
  return blockers;
}

boost::asio::awaitable<Facts> read_facts(pg::Connection& connection, std::string migration) {
  pg::Parameters name = {migration};
  const auto rows = co_await connection.query(std::string(sql::queries::cutover_facts), name);
  Facts facts;
  if (rows.empty()) co_return facts;
  facts.phase = rows.text(0, 0);
  facts.behind_seconds = rows.real(0, 1);
  facts.quarantined = rows.number(0, 2);
  if (!rows.is_null(0, 3)) facts.drifted = rows.number(0, 3);
  facts.verified_seconds_ago = rows.real(0, 4);
  if (!rows.is_null(0, 5)) facts.unaccounted = rows.number(0, 5);
  facts.leader = rows.truth(0, 6);
  facts.unvalidated_constraints = rows.number(0, 7);
  co_return facts;
}

}  // namespace crossfade::cutover
