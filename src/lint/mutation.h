#pragma once

#include <boost/asio/awaitable.hpp>
#include <string>
#include <vector>

#include "lint/source_shape.h"
#include "pg/connection.h"

namespace crossfade::lint {

namespace asio = boost::asio;

/// One thing that an application might do to a row.
struct Step {
  std::string words;           ///< "public.plans id 7: owner a → b"
  std::string sql;
  pg::Parameters parameters;
};
/// Steps one after the other: a row is deleted and then comes back.
using Mutation = std::vector<Step>;

/// What is tried with `samples` rows of a source, the same ones every time: each goes and comes back, and each of its columns
/// beside the key takes the value of another row, and none. What is tried with the first row comes first, then what concerns rows
/// that are unlike the others: a value that is rare, or missing; the other samples follow. `odd`: and values that nobody has, which others may
/// demand not to have: of no row, empty, long, below zero.
asio::awaitable<std::vector<Mutation>> make_mutations(pg::Connection& connection, const SourceShape& shape, std::size_t samples, bool odd);

}  // namespace crossfade::lint
