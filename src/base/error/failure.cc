#include "base/error/failure.h"

#include <algorithm>
#include <array>
#include <utility>

namespace crossfade {
namespace {

/// The one table that decides. The longest matching prefix wins.
constexpr std::array kRules = {
    SqlstateRule{"", Verdict::kStop, ExitCode::kInternal, "read the server's message; this state is not expected here"},
    SqlstateRule{"08", Verdict::kReconnect, ExitCode::kSourceUnreachable, "check that the server runs and can be reached"},
    SqlstateRule{"0A", Verdict::kStop, ExitCode::kPrecondition, "the server does not support this; check its version"},
    SqlstateRule{"21", Verdict::kQuarantine, ExitCode::kPrecondition,
                 "the view gives several rows where one is allowed; mend the view or the source row"},
    SqlstateRule{"22", Verdict::kQuarantine, ExitCode::kPrecondition,
                 "a value does not fit; mend the source row or the view's expression"},
    SqlstateRule{"23", Verdict::kQuarantine, ExitCode::kPrecondition,
                 "the target's constraint refuses the row; mend the source row or the view"},
    SqlstateRule{"25", Verdict::kReconnect, ExitCode::kInternal, "the session was in the wrong state; it is made anew"},
    SqlstateRule{"25006", Verdict::kStop, ExitCode::kPrecondition,
                 "the server is read only; connect to the primary"},
    SqlstateRule{"28", Verdict::kStop, ExitCode::kPermission, "check user, password and pg_hba.conf"},
    SqlstateRule{"3D", Verdict::kStop, ExitCode::kPrecondition, "check the database's name in the connection"},
    SqlstateRule{"40", Verdict::kRetry, ExitCode::kInternal, "another transaction was in the way; it is tried again"},
    SqlstateRule{"40003", Verdict::kStop, ExitCode::kOutcomeUnknown,
                 "whether the transaction committed is not known; look before anything is repeated"},
    SqlstateRule{"42", Verdict::kStop, ExitCode::kPrecondition,
                 "a table, column or function is not as the migration says; run `crossfade plan`"},
    SqlstateRule{"42501", Verdict::kStop, ExitCode::kPermission,
                 "grant the privilege named; `crossfade prepare --print-sql` lists what is needed"},
    SqlstateRule{"53", Verdict::kReconnect, ExitCode::kSourceUnreachable,
                 "the server is out of connections, memory or disk; free some"},
    SqlstateRule{"54", Verdict::kStop, ExitCode::kPrecondition, "a limit of the server is exceeded"},
    SqlstateRule{"55006", Verdict::kRetry, ExitCode::kNotLeader,
                 "the slot or object is in use by another session; stop that one, or wait"},
    SqlstateRule{"55000", Verdict::kStop, ExitCode::kPrecondition, "the server is not configured for this"},
    SqlstateRule{"55P03", Verdict::kRetry, ExitCode::kTimeout, "a lock was not to be had in time; it is tried again"},
    SqlstateRule{"57", Verdict::kReconnect, ExitCode::kSourceUnreachable, "the server ended the session; it is made anew"},
    SqlstateRule{"57014", Verdict::kRetry, ExitCode::kTimeout, "the statement was cancelled or took too long"},
    SqlstateRule{"58", Verdict::kStop, ExitCode::kPrecondition, "the server had trouble with its files"},
    SqlstateRule{"CF", Verdict::kStop, ExitCode::kPrecondition, "read the message; it says which side to write"},
    // Of another migration's fence too, which a trigger of our target runs into.
    SqlstateRule{"CF001", Verdict::kQuarantine, ExitCode::kPrecondition, "read the message; it says which side to write"},
    SqlstateRule{"CF009", Verdict::kStop, ExitCode::kNotLeader, "another daemon leads this migration; stop one of the two"},
    SqlstateRule{"CF011", Verdict::kReconnect, ExitCode::kPrecondition,
                 "make the publication again, as the message says; the daemon goes on by itself"},
    SqlstateRule{"CF013", Verdict::kReconnect, ExitCode::kSourceUnreachable,
                 "nothing: the daemon goes on by itself, and hears no logical messages until it is past"},
    SqlstateRule{"P0", Verdict::kQuarantine, ExitCode::kPrecondition,
                 "a function raised this: about a row, mend the source row or the function; where tables are changed, an event trigger may "
                 "forbid it, which `crossfade plan` names"},
    SqlstateRule{"XX", Verdict::kStop, ExitCode::kInternal, "the server reports an internal error; look at its log"},
};

}  // namespace

const SqlstateRule& rule_for(std::string_view sqlstate) {
  const SqlstateRule* best = &kRules.front();
  for (const auto& rule : kRules) {
    if (sqlstate.substr(0, rule.prefix.size()) == rule.prefix && rule.prefix.size() >= best->prefix.size()) best = &rule;
  }
  return *best;
}

Failure::Failure(Facts facts) : std::runtime_error(facts.message), facts_(std::move(facts)) {}

std::string Failure::advice() const {
  if (!facts_.advice.empty()) return facts_.advice;
  if (!facts_.hint.empty()) return facts_.hint;
  if (facts_.connection_lost && facts_.sqlstate.empty()) return std::string(rule_for("08").advice);
  return facts_.sqlstate.empty() ? std::string{} : std::string(rule_for(facts_.sqlstate).advice);
}

Verdict Failure::verdict() const {
  if (facts_.sqlstate.empty()) return facts_.connection_lost ? Verdict::kReconnect : Verdict::kStop;
  const auto verdict = rule_for(facts_.sqlstate).verdict;
  // A session that ended while it answered has nothing left to retry on.
  return facts_.connection_lost && verdict != Verdict::kStop ? Verdict::kReconnect : verdict;
}

bool Failure::found_by_trying() const {
  constexpr std::array kElsewhere = {"25006", "40", "53", "57", "CF"};
  // The server says these of a session that it ends, or does not begin. Where the session goes on it was a function, or a limit of the
  // statement's.
  constexpr std::array kOfSessions = {"08", "28", "3D", "57P", "53400"};
  if (facts_.sqlstate.empty() || facts_.connection_lost) return false;
  if (std::any_of(kOfSessions.begin(), kOfSessions.end(), [&](std::string_view prefix) { return facts_.sqlstate.starts_with(prefix); })) return true;
  if (verdict() != Verdict::kStop) return verdict() == Verdict::kQuarantine;
  return std::none_of(kElsewhere.begin(), kElsewhere.end(), [&](std::string_view prefix) { return facts_.sqlstate.starts_with(prefix); });
}

bool Failure::names_nothing() const {
  constexpr std::array kNames = {"3F000", "42501", "42703", "42704", "42883", "42P01"};
  return std::any_of(kNames.begin(), kNames.end(), [&](std::string_view state) { return facts_.sqlstate == state; });
}

Failure usage_failure(std::string message, std::string advice) {
  Failure::Facts facts;
  facts.exit = ExitCode::kUsage;
  facts.message = std::move(message);
  facts.advice = std::move(advice);
  return Failure(std::move(facts));
}

Failure precondition_failure(std::string message, std::string advice) {
  Failure::Facts facts;
  facts.exit = ExitCode::kPrecondition;
  facts.message = std::move(message);
  facts.advice = std::move(advice);
  return Failure(std::move(facts));
}

}  // namespace crossfade
