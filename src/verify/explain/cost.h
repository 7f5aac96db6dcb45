#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <string>

#include "base/error/exit_code.h"
#include "crossfade/v1/explain.pb.h"
#include "mapping/model/model.h"
#include "pg/connection.h"

namespace crossfade::verify {

/// What it costs to compute and hold together the rows of a key, as each refresh of the target does before it writes: keys that are
/// there are tried one by one, a few by each locator. Reads alone, in a transaction of its own.
boost::asio::awaitable<v1::ExplainCostReply> explain_cost(pg::Connection& connection, const mapping::Model& model, TargetId target);

/// As people read it. Pure.
std::string to_text(const v1::ExplainCostReply& reply);

}  // namespace crossfade::verify
