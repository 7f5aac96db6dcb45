#pragma once

#include <string>
#include <vector>

#include "base/error/exit_code.h"
#include "crossfade/v1/lint.pb.h"
#include "lint/lint.h"
#include "verify/diff/given_back.h"

namespace crossfade::lint {

/// The result as it leaves the process. Pure.
v1::LintReply reply_of(const mapping::Model& model, const Scope& scope, const Linted& linted);
/// Of the tables whose rows do not all come back as they are.
void add_given_back(const std::vector<verify::GivenBack>& given_back, v1::LintReply& reply);
/// Once all else is said.
void add_next_steps(v1::LintReply& reply);
/// As people read it.
std::string to_text(const v1::LintReply& reply);
/// kMismatch where a row was not announced; kTimeout where none was found, and not everything was tried.
ExitCode exit_code(const v1::LintReply& reply);

}  // namespace crossfade::lint
