#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "mapping/preflight/preflight.h"

namespace crossfade::mapping {

/// One finding for one cause: those of the same level that the same statement mends become one, which names what each was about.
std::vector<Finding> one_for_each_cause(std::vector<Finding> findings);

/// Whether a finding's fix is one that a script can have: SQL that runs as it stands.
bool is_statement(std::string_view fix);

/// The statements that mend what `plan` found, each once and in the order in which it was found. What is to be written in a file,
/// or has a gap that somebody has to fill, is none.
std::vector<std::string> fixes(const Preflight& preflight);

/// The same as a script that psql takes: what is only advised, and what has to be done by hand, stands in its comments.
std::string fixes_sql(const Preflight& preflight);

}  // namespace crossfade::mapping
