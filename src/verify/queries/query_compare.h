#pragma once

#include <chrono>

#include "base/error/exit_code.h"
#include "base/telemetry/progress.h"
#include "crossfade/v1/compare.pb.h"
#include "crossfade/v1/migration.pb.h"
#include "pg/connection.h"
#include "verify/queries/query_file.h"

namespace crossfade::verify {

namespace asio = boost::asio;

/// How an application's query is held against its counterpart.
struct QueryCompare {
  const v1::Migration& migration;
  const QueryPair& queries;
  std::chrono::milliseconds patience{30'000};  ///< with changes that are on their way to v2
  Progress* progress = nullptr;                ///< hears of each key, and of those that differ; none: nobody does
};

/// Asks v1 twice to learn what it does not give twice alike, then v1 and v2, each key at one snapshot that two sessions share.
/// Nothing is written. A key that differs is asked again once v2 has what v1 had; it differs for good where v1 still says the
/// same and v2 does not. Throws where v2 owns the data, the statements do not run, v1 does not agree with itself, or a key
/// differs and no daemon brings over what may only be late.
asio::awaitable<v1::CompareReply> compare_queries(pg::Connection& first, pg::Connection& second, QueryCompare how);

std::string to_text(const v1::CompareReply& reply);
/// kMismatch where a key differs; kTimeout where none does and some could not be judged.
ExitCode exit_code(const v1::CompareReply& reply);

}  // namespace crossfade::verify
