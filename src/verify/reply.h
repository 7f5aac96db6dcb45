#pragma once

#include <vector>

#include "crossfade/v1/verify.pb.h"
#include "verify/account/account.h"
#include "verify/checks/checks.h"
#include "verify/diff/verifier.h"

namespace crossfade::verify {

/// Results as they leave the process: the daemon answers with them, the command line prints them. Pure.
v1::VerifyReply reply_of(const mapping::Model& model, const Verification& verification);
v1::AccountReply reply_of(const mapping::Model& model, const std::vector<Account>& accounts);
/// What a check of after looks at.
enum class StateOfV2 { kNotThere, kBeingFilled, kFilled };
v1::CheckReply reply_of(const v1::Migration& migration, const std::vector<CheckResult>& results, StateOfV2 v2);

}  // namespace crossfade::verify
