#pragma once

#include <string>
#include <vector>

#include "mapping/file/migration_file.h"
#include "pg/connection.h"

/// What v1's team does to tables that are followed, and what can be followed without a person: `amend: auto`.
namespace crossfade::setup {

/// What came of looking at v1.
struct FollowedV1 {
  std::vector<std::string> differences;  ///< for people: "column public.person.mail is called email now"; none: v1 is as it was
  int edition = 0;                       ///< that was entered for them; 0: none
  std::string waits;                     ///< why a person has to look at it; "" where nobody has to
};

/// Where the folder allows it, v1 is as `plan` wants it and what is another there has one meaning: the edition that says so, entered by an
/// amend of its own. `endpoint`: of the session that makes it. `last`: what came of the look before; the same is not looked into again.
boost::asio::awaitable<FollowedV1> follow_v1(pg::Connection& connection, pg::Endpoint endpoint, mapping::MigrationFile folder, FollowedV1 last);

}  // namespace crossfade::setup
