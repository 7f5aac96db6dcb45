#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "app/ephemeral/program.h"

namespace crossfade {

/// Names the PostgreSQL that throw-away servers are made of: a folder with bin/initdb, or that bin.
inline constexpr auto kPostgresVariable = "CROSSFADE_POSTGRES";

/// The folder of a PostgreSQL's programs, initdb and postgres at least: as CROSSFADE_POSTGRES names it, else the newest that is
/// installed. Throws where there is none.
std::filesystem::path server_programs();

/// The path of pg_dump, pg_restore, psql: beside the server's programs, or where that came without it, of the newest PostgreSQL
/// that is installed with it. Throws where there is none.
std::filesystem::path client_program(const std::string& name);

/// `conninfo` as the environment that libpq reads: nothing of it, and no password, stands in the arguments of a program
/// that connects by it. Throws a usage Failure for what libpq does not understand.
Environment connection_environment(const std::string& conninfo);

/// `conninfo` with another database of the same server.
std::string with_database(const std::string& conninfo, const std::string& database);

/// Runs one of the programs to its end and gives what it wrote; throws with that where it fails. `meanwhile` is called now and then;
/// when it throws, the program is killed.
std::string run_server_program(const std::string& name, std::vector<std::string> arguments, const std::string& conninfo,
                               const std::function<void()>& meanwhile = {});

}  // namespace crossfade
