#include "verify/queries/query_file.h"

#include <fmt/format.h>

#include <sstream>

#include "base/error/failure.h"

namespace crossfade::verify {
namespace {

constexpr auto kForm = "write three statements below lines that say `-- v1`, `-- v2` and `-- keys`; $1 is the key";

std::string trimmed(const std::string& line) {
  const auto first = line.find_first_not_of(" \t\r");
  return first == std::string::npos ? "" : line.substr(first, line.find_last_not_of(" \t\r") - first + 1);
}

bool says_nothing(const std::string& line) { return line.empty() || line.starts_with("--"); }

}  // namespace

QueryPair parse_query_pair(const std::string& text) {
  QueryPair pair;
  struct Section {
    const char* header;
    std::string* statement;
    bool asks;
  };
  const Section sections[] = {{"-- v1", &pair.v1, true}, {"-- v2", &pair.v2, true}, {"-- keys", &pair.keys, false}};
  std::string* current = nullptr;
  std::istringstream lines(text);
  int number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    const auto words = trimmed(line);
    bool header = false;
    for (const auto& section : sections) {
      if (words != section.header) continue;
      if (!section.statement->empty()) throw usage_failure(fmt::format("line {}: {} stands twice", number, words), kForm);
      current = section.statement;
      header = true;
    }
    if (header || says_nothing(words)) continue;
    if (current == nullptr) throw usage_failure(fmt::format("line {}: a statement before any of the headers", number), kForm);
    *current += line + "\n";
  }
  for (const auto& section : sections) {
    if (section.statement->empty()) throw usage_failure(fmt::format("nothing stands below {}", section.header), kForm);
    const bool has_key = section.statement->find("$1") != std::string::npos;
    if (section.asks != has_key) {
      throw usage_failure(fmt::format("the statement below {} {}", section.header, section.asks ? "does not ask for $1, the key" : "cannot have a key itself"), kForm);
    }
  }
  return pair;
}

}  // namespace crossfade::verify
