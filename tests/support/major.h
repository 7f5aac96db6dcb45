#pragma once

#include <string>

#include "support/server.h"

namespace crossfade::test {

/// The major version of the shared server.
inline int server_major() { return std::stoi(Sql(shared_server().conninfo("postgres")).value("show server_version_num")) / 10000; }

/// What a publication that somebody makes by hand has to say beside its tables.
inline std::string publication_options() { return std::string("publish_via_partition_root = true") + (server_major() >= 18 ? ", publish_generated_columns = stored" : ""); }

}  // namespace crossfade::test

/// First in a test of what PostgreSQL has only since this major: a server that is older cannot be asked. The test's name ends in Since and
/// the major, by which tests/run finds what to ask that one.
#define CROSSFADE_NEEDS_MAJOR(major) \
  if (::crossfade::test::server_major() < (major)) GTEST_SKIP() << "PostgreSQL has this since " #major
