#include "app/ephemeral/server_programs.h"

#include <fmt/format.h>
#include <libpq-fe.h>

#include <array>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include "app/ephemeral/temporary_directory.h"
#include "base/error/failure.h"

namespace crossfade {
namespace fs = std::filesystem;
namespace {

constexpr int kOldestMajor = 14;  // row filters and streaming options of pgoutput that we rely on begin here
constexpr auto kLongest = std::chrono::hours(24);

/// Where pg_config says that the binaries are; empty without a pg_config.
fs::path binaries_by_pg_config() {
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen("pg_config --bindir 2>/dev/null", "r"), pclose);
  std::array<char, 4096> line{};
  if (!pipe || !std::fgets(line.data(), static_cast<int>(line.size()), pipe.get())) return {};
  std::string text = line.data();
  text.erase(text.find_last_not_of('\n') + 1);
  return text;
}

using ParsedConninfo = std::unique_ptr<PQconninfoOption, void (*)(PQconninfoOption*)>;

ParsedConninfo parse(const std::string& conninfo) {
  char* complaint = nullptr;
  ParsedConninfo given(PQconninfoParse(conninfo.c_str(), &complaint), PQconninfoFree);
  PQfreemem(complaint);
  // libpq repeats the text it does not understand, and a password may be in it.
  if (!given) throw usage_failure("the connection string is not understood", "write it as libpq does: host=… dbname=…, or postgresql://…");
  return given;
}

/// The newest installation that has this program; empty where none has.
fs::path newest_installed_with(const std::string& program) {
  fs::path best;
  int best_major = kOldestMajor - 1;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator("/usr/lib/postgresql", none)) {
    const std::string name = entry.path().filename();
    int major = 0;
    std::from_chars(name.data(), name.data() + name.size(), major);
    if (major <= best_major || !fs::exists(entry.path() / "bin" / program)) continue;
    best = entry.path() / "bin";
    best_major = major;
  }
  if (best.empty()) best = binaries_by_pg_config();
  return fs::exists(best / program) ? best : fs::path();
}

/// The folder that CROSSFADE_POSTGRES names, or bin in it; empty where it names none.
fs::path chosen() {
  const char* named = std::getenv(kPostgresVariable);
  if (named == nullptr || *named == '\0') return {};
  for (const auto& folder : {fs::path(named) / "bin", fs::path(named)}) {
    if (fs::exists(folder / "initdb")) return fs::absolute(folder);
  }
  throw usage_failure(fmt::format("there is no PostgreSQL server in {}", named),
                      "name a folder that has bin/initdb; `deploy/postgres-binaries 17` fetches one and prints its folder");
}

}  // namespace

fs::path server_programs() {
  auto programs = chosen();
  if (programs.empty()) programs = newest_installed_with("initdb");
  if (programs.empty()) {
    throw precondition_failure(fmt::format("no PostgreSQL server of version {} or newer is installed", kOldestMajor),
                               "install one, e.g. `apt-get install postgresql`");
  }
  return programs;
}

fs::path client_program(const std::string& name) {
  const auto own = server_programs() / name;
  if (fs::exists(own)) return own;
  const auto installed = newest_installed_with(name);
  if (installed.empty()) throw precondition_failure(name + " is not installed", "install it, e.g. `apt-get install postgresql-client`");
  return installed / name;
}

Environment connection_environment(const std::string& conninfo) {
  Environment environment;
  const auto given = parse(conninfo);
  for (const auto* option = given.get(); option->keyword != nullptr; ++option) {
    if (option->val != nullptr && option->envvar != nullptr) environment.emplace_back(option->envvar, option->val);
  }
  return environment;
}

std::string with_database(const std::string& conninfo, const std::string& database) {
  std::string changed;
  const auto add = [&](std::string_view keyword, std::string_view value) {
    changed += fmt::format("{}{}='", changed.empty() ? "" : " ", keyword);
    for (const char c : value) changed += c == '\'' || c == '\\' ? fmt::format("\\{}", c) : std::string(1, c);
    changed += '\'';
  };
  const auto given = parse(conninfo);
  for (const auto* option = given.get(); option->keyword != nullptr; ++option) {
    if (option->val != nullptr && std::string_view(option->keyword) != "dbname") add(option->keyword, option->val);
  }
  add("dbname", database);
  return changed;
}

std::string run_server_program(const std::string& name, std::vector<std::string> arguments, const std::string& conninfo,
                               const std::function<void()>& meanwhile) {
  const TemporaryDirectory scratch;
  arguments.insert(arguments.begin(), client_program(name));
  Program program(arguments, scratch.path / "output", connection_environment(conninfo));
  std::optional<int> exit;
  const auto give_up = std::chrono::steady_clock::now() + kLongest;
  while (!exit && std::chrono::steady_clock::now() < give_up) {
    exit = program.exit_within(std::chrono::milliseconds(200));
    if (!exit && meanwhile) meanwhile();
  }
  auto written = program.output();
  if (exit == 0) return written;
  written.erase(written.find_last_not_of('\n') + 1);
  throw precondition_failure(fmt::format("{} ended with {}: {}", name, exit.value_or(-1), written), "mend what it names, then run this again");
}

}  // namespace crossfade
