#include "pg/server_answer.h"

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
  facts.exit = facts.sqlstate.empty() ? ExitCode::kSourceUnreachable : rule_for(facts.sqlstate).exit;
  return Failure(std::move(facts));
}

}  // namespace crossfade::pg
