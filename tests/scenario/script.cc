#include "scenario/script.h"

#include <algorithm>
#include <iomanip>
#include <sstream>
#include <stdexcept>

namespace crossfade::test {
namespace {

Step command(const std::string& text, int line) {
  Step step;
  step.line = line;
  std::istringstream words(text);
  for (std::string word; words >> std::quoted(word);) step.words.push_back(word);
  const auto after_first = text.find_first_not_of(' ', text.find(' '));
  step.rest = after_first == std::string::npos ? "" : text.substr(after_first);
  return step;
}

/// The text behind `keyword` and a space; nothing else may begin a line there.
bool take(const std::string& line, std::string_view keyword, std::string& behind) {
  if (!line.starts_with(keyword) || line.size() <= keyword.size() + 1 || line[keyword.size()] != ' ') return false;
  behind = line.substr(keyword.size() + 1);
  return true;
}

}  // namespace

std::vector<Step> parse_script(std::string_view text) {
  std::vector<Step> steps;
  std::istringstream lines{std::string(text)};
  bool inside = false;
  int number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    if (line.starts_with('#')) continue;
    if (line.find_first_not_of(" \t\r") == std::string::npos) {
      inside = false;
    } else if (inside) {
      steps.back().body.push_back(line);
    } else {
      steps.push_back(command(line, number));
      inside = true;
    }
  }
  return steps;
}

std::string body_text(const std::vector<std::string>& lines) {
  std::string text;
  for (const auto& line : lines) text += line + '\n';
  return text;
}

Expectation parse_query(const Step& step) {
  const auto dashes = std::find(step.body.begin(), step.body.end(), "----");
  if (dashes == step.body.end()) throw std::runtime_error("a query needs ---- and the rows expected below it");
  return {.sql = body_text({step.body.begin(), dashes}), .rows = {dashes + 1, step.body.end()}};
}

CliExpectation parse_cli(const Step& step) {
  CliExpectation expected;
  for (const auto& line : step.body) {
    std::string behind;
    if (take(line, "exit", behind)) {
      expected.exit = std::stoi(behind);
    } else if (take(line, "output", behind)) {
      expected.output.push_back(behind);
    } else {
      throw std::runtime_error("below cli only `exit N` and `output REGEX` may stand, not: " + line);
    }
  }
  return expected;
}

}  // namespace crossfade::test
