#pragma once

#include <libpq-fe.h>

#include <string>
#include <string_view>

#include "base/error/failure.h"

namespace crossfade::pg {

/// Without the line ends that libpq puts behind its messages.
std::string_view trimmed(std::string_view text);

/// PQresultErrorField; "" where there is none.
std::string field(const PGresult* result, int code);

/// Severities that end the session: what follows on this connection can only fail.
bool ends_session(const PGresult* result);

/// What libpq says of a session that did not begin, at its most verbose.
struct Refusal {
  std::string text;      ///< for people
  std::string sqlstate;  ///< "" where no server spoke
};
/// By its shape, not by its words, which are in the server's language.
Refusal read_refusal(std::string_view text);

/// The innermost function in PL/pgSQL of an error's context, with its arguments' types: "public.f(integer)"; "" where there is none. By its
/// shape, too: the words around it are in the server's language.
std::string function_of(std::string_view context);

/// What the server said, as our one error type.
Failure server_failure(const PGresult* result, std::string_view statement, bool session_over);

}  // namespace crossfade::pg
