#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace crossfade::test {

/// One block of a scenario: a command line and the lines below it up to the next empty one.
struct Step {
  int line = 0;                    ///< of the command, counted from 1
  std::vector<std::string> words;  ///< the command line; "…" keeps spaces together
  std::string rest;                ///< the command line after its first word, as it stands
  std::vector<std::string> body;
};

/// Reads a scenario. Lines that begin with # are comments.
std::vector<Step> parse_script(std::string_view text);

/// The body's lines as one text.
std::string body_text(const std::vector<std::string>& lines);

/// The body of a query: its SQL, and the rows expected, which stand below a line of four dashes.
struct Expectation {
  std::string sql;
  std::vector<std::string> rows;
};
Expectation parse_query(const Step& step);

/// The body of a cli step: "exit N" and any number of "output REGEX".
struct CliExpectation {
  int exit = 0;
  std::vector<std::string> output;
};
CliExpectation parse_cli(const Step& step);

}  // namespace crossfade::test
