#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace crossfade::test {

/// One thing that a page has its reader do.
struct Deed {
  std::size_t line = 0;             ///< in the page, counted from 1
  std::string file;                 ///< write this file …
  std::string text;                 ///< … with this text; or type this command
  std::size_t output_line = 0;      ///< where what the command prints begins in the page
  std::vector<std::string> output;  ///< what it prints, by the page
};

/// What a page has its reader do, in its order: fenced blocks ```console, in which `$ ` begins a command and `> ` goes on with
/// it, and blocks that name a file after their language, ```sql library/v2.sql.
std::vector<Deed> read_page(std::string_view page);

/// The line without what is another at each run: positions in the log, times, durations, sizes, transactions; and without what
/// lines columns up.
std::string masked(std::string_view line);

/// Whether `printed` is what the page says. A line `…` of the page stands for any number of lines.
bool as_told(const std::vector<std::string>& told, const std::vector<std::string>& printed);

}  // namespace crossfade::test
