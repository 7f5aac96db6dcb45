// Does what a page of the documentation has its reader do, in a folder and on a PostgreSQL of its own, and holds what is printed
// against what the page says: walkthrough CROSSFADE PAGE. With CROSSFADE_UPDATE_GOLDEN=1 in the environment the page is written
// anew with what was printed where that is not what it says.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <sstream>

#include "app/ephemeral/program.h"
#include "app/ephemeral/throwaway_server.h"
#include "walkthrough/page.h"

namespace {

namespace fs = std::filesystem;
using namespace crossfade;
using namespace crossfade::test;
using Lines = std::vector<std::string>;

/// The whole walk; on a slow and busy machine.
constexpr std::chrono::seconds kLimit{240};
/// Stands before what each command prints.
constexpr std::string_view kMark = "-- walkthrough --";

std::string read(const fs::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

Lines lines_of(const std::string& text) {
  std::istringstream stream(text);
  Lines lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

/// One shell for all commands, as the reader has one: what is exported and what runs in the background stays. Files are
/// copied to their places in between.
std::string script(const std::vector<Deed>& deeds, const fs::path& texts) {
  std::string text = "exec 2>&1\ntrap 'kill $(jobs -p) 2>/dev/null; wait' EXIT\n";
  for (std::size_t n = 0; n < deeds.size(); ++n) {
    text += fmt::format("echo '{}'\n", kMark);
    if (deeds[n].file.empty()) {
      text += deeds[n].text;
      continue;
    }
    const auto kept = texts / std::to_string(n);
    std::ofstream(kept) << deeds[n].text;
    text += fmt::format("mkdir -p \"$(dirname '{0}')\" && cp '{1}' '{0}'\n", deeds[n].file, kept.string());
  }
  return text;
}

/// What was printed, one list of lines a deed.
std::vector<Lines> printed_by(const std::string& output) {
  std::vector<Lines> printed;
  for (auto& line : lines_of(output)) {
    if (line == kMark) printed.emplace_back();
    else if (!printed.empty()) printed.back().push_back(std::move(line));
  }
  return printed;
}

std::string with_output(const std::string& page, const std::vector<Deed>& deeds, const std::vector<Lines>& printed) {
  auto lines = lines_of(page);
  for (std::size_t n = deeds.size(); n-- > 0;) {
    if (!deeds[n].file.empty() || n >= printed.size() || as_told(deeds[n].output, printed[n])) continue;
    const auto begin = lines.begin() + static_cast<std::ptrdiff_t>(deeds[n].output_line) - 1;
    const auto place = lines.erase(begin, begin + static_cast<std::ptrdiff_t>(deeds[n].output.size()));
    lines.insert(place, printed[n].begin(), printed[n].end());
  }
  return fmt::format("{}\n", fmt::join(lines, "\n"));
}

int walk(const fs::path& binary, const fs::path& page_path) {
  const auto page = read(page_path);
  const auto deeds = read_page(page);
  ThrowawayServer server;
  const auto place = server.directory() / "walk";
  for (const auto* folder : {"texts", "here", "run"}) fs::create_directories(place / folder);
  std::ofstream(place / "script") << fmt::format("export PATH='{}':'{}':\"$PATH\" PGHOST='{}' PGUSER=postgres XDG_RUNTIME_DIR='{}'\ncd '{}'\n", binary.parent_path().string(),
                                                 server.binaries().string(), server.directory().string(), (place / "run").string(), (place / "here").string())
                                  << script(deeds, place / "texts");
  // timeout ends what runs in the background too.
  Program shell({"/usr/bin/timeout", "-k", "5", std::to_string(kLimit.count()), "/bin/bash", (place / "script").string()}, place / "output");
  shell.exit_within(kLimit + std::chrono::seconds(10));
  const auto printed = printed_by(shell.output());
  if (std::getenv("CROSSFADE_UPDATE_GOLDEN") != nullptr) std::ofstream(page_path) << with_output(page, deeds, printed);
  if (printed.size() != deeds.size()) {
    std::cerr << fmt::format("the walk ended after {} of {} steps:\n{}", printed.size(), deeds.size(), shell.output());
    return 1;
  }
  int wrong = 0;
  for (std::size_t n = 0; n < deeds.size(); ++n) {
    if (as_told(deeds[n].output, printed[n])) continue;
    std::cerr << fmt::format("{}:{}: {}expected\n  {}\nbut it prints\n  {}\n", page_path.string(), deeds[n].line, deeds[n].text, fmt::join(deeds[n].output, "\n  "),
                             fmt::join(printed[n], "\n  "));
    ++wrong;
  }
  return deeds.empty() || wrong > 0 ? 1 : 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: walkthrough CROSSFADE PAGE\n";
    return 2;
  }
  try {
    return walk(argv[1], argv[2]);
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
