// Plays one scenario: scenario FILE FOLDER…, the folders being where migrations are looked for.

#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>

#include "scenario/player.h"

int main(int argc, char** argv) {
  using namespace crossfade::test;
  if (argc < 3) {
    std::cerr << "usage: scenario FILE FOLDER...\n";
    return 2;
  }
  const std::string name = argv[1];
  std::ifstream file(name);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  int line = 0;
  try {
    Player player({argv + 2, argv + argc});
    try {
      for (const auto& step : parse_script(text)) {
        line = step.line;
        player.perform(step);
      }
    } catch (const std::exception&) {
      std::cerr << "--- the daemon's log\n" << player.daemon_log() << "---\n";
      throw;
    }
  } catch (const std::exception& error) {
    std::cerr << name << ':' << line << ": " << error.what() << '\n';
    return 1;
  }
  return line > 0 ? 0 : 2;  // an empty scenario proves nothing
}
