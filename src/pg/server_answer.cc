#include "pg/server_answer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>
#include <utility>

namespace crossfade::pg {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.remove_suffix(1);
  return text;
}

std::string field(const PGresult* result, int code) {
  const char* value = PQresultErrorField(result, code);
  return value ? std::string(value) : std::string{};
}

bool ends_session(const PGresult* result) {
  const auto severity = field(result, PG_DIAG_SEVERITY_NONLOCALIZED);
  return severity == "FATAL" || severity == "PANIC";
}

namespace {

/// Where in "SEVERITY:  28P01: …" the blanks before the state begin.
std::size_t find_state(std::string_view line) {
  for (auto at = line.find(":  "); at != std::string_view::npos; at = line.find(":  ", at + 1)) {
    const auto state = line.substr(at + 3, 5);
    const bool plain = std::all_of(state.begin(), state.end(), [](unsigned char c) { return std::isdigit(c) != 0 || std::isupper(c) != 0; });
    if (state.size() == 5 && plain && line.substr(at + 8, 2) == ": ") return at + 1;
  }
  return std::string_view::npos;
}

/// "LOCATION:  auth_failed, auth.c:335"
bool is_location(std::string_view line) {
  const auto digits = line.find_last_not_of("0123456789");
  return digits != std::string_view::npos && digits + 1 < line.size() && line.substr(0, digits + 1).ends_with(".c:") && line.find(":  ") != std::string_view::npos;
}

}  // namespace

Refusal read_refusal(std::string_view text) {
  Refusal refusal;
  text = trimmed(text);
  while (!text.empty()) {
    const auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (is_location(line)) continue;
    if (!refusal.text.empty()) refusal.text += '\n';
    const auto state = find_state(line);
    if (state == std::string_view::npos) {
      refusal.text += line;
      continue;
    }
    refusal.sqlstate = line.substr(state + 2, 5);
    refusal.text.append(line.substr(0, state)).append(line.substr(state + 8));
  }
  return refusal;
}

namespace {

/// Where the name of a function begins whose arguments begin at `open`. Whatever is more than small letters the server writes in quotes.
std::size_t begin_of_name(std::string_view line, std::size_t open) {
  auto begin = open;
  for (bool quoted = false; begin > 0; --begin) {
    const char before = line[begin - 1];
    if (before == '"') quoted = !quoted;
    const bool of_name = before == '"' || before == '.' || before == '_' || (before >= 'a' && before <= 'z') || (before >= '0' && before <= '9');
    if (!quoted && !of_name) break;
  }
  return begin;
}

/// Of ours the function is one of schema crossfade's, or a block that we sent.
bool is_ours(std::string_view function) { return function.starts_with("crossfade.") || function.starts_with("inline_code_block"); }

/// Other languages, and what passes on the words of another server: ours are written in none of them.
bool passed_on(const PGresult* result) {
  constexpr std::array<std::string_view, 5> kFiles = {"plpy_elog.c", "plpy_plpymodule.c", "plperl.c", "pltcl.c", "dblink.c"};
  constexpr std::array<std::string_view, 2> kFunctions = {"pgfdw_report_error", "pgfdw_exec_query"};
  const auto file = field(result, PG_DIAG_SOURCE_FILE);
  const auto function = field(result, PG_DIAG_SOURCE_FUNCTION);
  return std::any_of(kFiles.begin(), kFiles.end(), [&](std::string_view each) { return file.ends_with(each); }) ||
         std::find(kFunctions.begin(), kFunctions.end(), function) != kFunctions.end();
}

bool of_sessions(std::string_view sqlstate) {
  constexpr std::array<std::string_view, 5> kStates = {"08", "28", "3D", "57P", "53400"};
  return std::any_of(kStates.begin(), kStates.end(), [&](std::string_view state) { return sqlstate.starts_with(state); });
}

/// Whether a function of somebody else's raised it: a view's, a trigger's.
bool raised_by_a_function(const PGresult* result) {
  if (passed_on(result)) return true;
  const auto context = field(result, PG_DIAG_CONTEXT);
  const auto innermost = function_of(std::string_view(context).substr(0, context.find('\n')));
  return field(result, PG_DIAG_SOURCE_FUNCTION) == "exec_stmt_raise" && !is_ours(innermost);
}

}  // namespace

std::string function_of(std::string_view context) {
  constexpr std::string_view kLanguage = "PL/pgSQL";
  constexpr std::string_view kBlock = "inline_code_block";
  while (!context.empty()) {
    const auto line = context.substr(0, context.find('\n'));
    context.remove_prefix(std::min(line.size() + 1, context.size()));
    // Other lines quote the statement that was run.
    if (line.substr(0, line.find_first_of("\"(")).find(kLanguage) == std::string_view::npos) continue;
    if (line.find(kBlock) != std::string_view::npos) return std::string(kBlock);
    auto open = line.size();
    auto depth = 0;
    bool quoted = false;
    for (std::size_t at = 0; at < line.size(); ++at) {
      if (line[at] == '"') quoted = !quoted;
      if (quoted || (line[at] != '(' && line[at] != ')')) continue;
      if (line[at] == '(' && depth++ == 0) open = at;
      if (line[at] == ')' && --depth == 0) {
        const auto begin = begin_of_name(line, open);
        return std::string(line.substr(begin, at + 1 - begin));
      }
    }
  }
  return {};
}

Failure server_failure(const PGresult* result, std::string_view statement, bool session_over) {
  Failure::Facts facts;
  facts.sqlstate = field(result, PG_DIAG_SQLSTATE);
  facts.message = field(result, PG_DIAG_MESSAGE_PRIMARY);
  if (facts.message.empty()) facts.message = std::string(trimmed(PQresultErrorMessage(result)));
  facts.detail = field(result, PG_DIAG_MESSAGE_DETAIL);
  facts.hint = field(result, PG_DIAG_MESSAGE_HINT);
  for (const int code : {PG_DIAG_CONSTRAINT_NAME, PG_DIAG_COLUMN_NAME, PG_DIAG_TABLE_NAME}) {
    if (facts.constraint.empty()) facts.constraint = field(result, code);
  }
  facts.statement = std::string(statement);
  facts.connection_lost = session_over;
  // A function may raise any state it likes. What it says of a row is not what the server says of the session, the
  // moment, the lease or the statement.
  const Failure said(facts);
  const bool is_the_servers = !said.found_by_trying() || said.names_nothing() || of_sessions(facts.sqlstate);
  if (!session_over && is_the_servers && raised_by_a_function(result)) {
    facts.message += " (raised as " + facts.sqlstate + ")";
    facts.sqlstate = "P0001";
  }
  // An event trigger's, a trigger's, a view's: its author had the search_path of his own sessions in mind.
  const auto function = said.names_nothing() && facts.sqlstate != "42501" ? function_of(field(result, PG_DIAG_CONTEXT)) : std::string{};
  if (!function.empty() && !is_ours(function) && facts.sqlstate == said.sqlstate()) {
    facts.advice = fmt::format("the search_path is empty in crossfade's sessions: alter function {} set search_path = public, or write the names in it with their schemas", function);
  }
  facts.exit = facts.sqlstate.empty() ? ExitCode::kSourceUnreachable : rule_for(facts.sqlstate).exit;
  return Failure(std::move(facts));
}

}  // namespace crossfade::pg
