#pragma once

#include <string>

#include "base/error/exit_code.h"
#include "crossfade/v1/verify.pb.h"

/// Results as people read them and as scripts do. Pure.
namespace crossfade::verify {

std::string to_text(const v1::VerifyReply& reply);
std::string to_text(const v1::AccountReply& reply);
std::string to_text(const v1::CheckReply& reply);

/// "exercises id 42: column title: view \"Squat\", shadow null; column sets: view 3, shadow 4", or which side lacks the row.
std::string describe(const v1::VerifyReply::Row& row);

/// kMismatch where drift is left, a row is unaccounted for, or a check fails.
ExitCode exit_code(const v1::VerifyReply& reply);
ExitCode exit_code(const v1::AccountReply& reply);
ExitCode exit_code(const v1::CheckReply& reply);

}  // namespace crossfade::verify
