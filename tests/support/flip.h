#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "support/move.h"
#include "support/writers.h"

namespace crossfade::test {

/// Moves the writes of a migration that follows to v2, by hand: the database is left as the cutover of the writes leaves it,
/// in one transaction that holds the writers of v1 until all they wrote has come over. Nothing of the product is called.
void flip_writes(Move& move);
/// The same back to v1. What v2 alone knew is compared with the mapping anew afterwards.
void flip_writes_back(Move& move);

/// Rows of v1's tables that differ from the views of reverse.sql, those aside that rejects.sql names. Empty: equal.
std::vector<std::string> differences_to_reverse_views(Sql& sql, const std::filesystem::path& folder);

/// After the flip: v1 has come up to what v2 says by now, and equals the views.
void expect_v1_follows(Move& move);

/// A random change of what v2 of migration gym is after its flip, with ids up to `ids`.
std::string change_gym_v2(Random& random, int ids);

}  // namespace crossfade::test
