#pragma once

#include <filesystem>
#include <string>

#include "pg/connection.h"

namespace crossfade::cutover {

/// A flip of the writes that has happened.
struct EvidenceOf {
  std::string migration;
  std::string action;      ///< "cutover writes"
  std::string flip;        ///< its id
  double hold_milliseconds = 0;
  std::filesystem::path directory;
};

/// Writes what the flip rested on and what it did, step by step, as JSON and as a page for people: what was verified at which
/// position, repaired, waived by whom. Returns the page. Throws a usage Failure where the folder cannot be written.
boost::asio::awaitable<std::filesystem::path> write_evidence(pg::Connection& connection, EvidenceOf of);

}  // namespace crossfade::cutover
