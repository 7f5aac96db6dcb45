#include "walkthrough/page.h"

#include <regex>
#include <sstream>

namespace crossfade::test {
namespace {

constexpr std::string_view kFence = "```";

bool matches(const std::vector<std::string>& told, std::size_t from, const std::vector<std::string>& printed, std::size_t at) {
  if (from == told.size()) return at == printed.size();
  if (told[from] == "…") {
    for (std::size_t next = at; next <= printed.size(); ++next) {
      if (matches(told, from + 1, printed, next)) return true;
    }
    return false;
  }
  return at < printed.size() && masked(told[from]) == masked(printed[at]) && matches(told, from + 1, printed, at + 1);
}

/// A line of a ```console block.
void take_console(std::vector<Deed>& deeds, const std::string& line, std::size_t number) {
  if (line.starts_with("$ ")) {
    deeds.push_back({number, "", line.substr(2) + "\n", number + 1, {}});
  } else if (line.starts_with("> ") && !deeds.empty() && deeds.back().output.empty()) {
    deeds.back().text += line.substr(2) + "\n";
    deeds.back().output_line = number + 1;
  } else if (!deeds.empty()) {
    deeds.back().output.push_back(line);
  }
}

}  // namespace

std::vector<Deed> read_page(std::string_view page) {
  enum class Inside { kProse, kConsole, kFile, kOther };
  std::vector<Deed> deeds;
  std::istringstream lines{std::string(page)};
  auto inside = Inside::kProse;
  std::size_t number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    if (line.starts_with(kFence)) {
      const auto space = line.find(' ');
      if (inside != Inside::kProse) inside = Inside::kProse;
      else if (line == "```console") inside = Inside::kConsole;
      else if (space == std::string::npos) inside = Inside::kOther;
      else inside = Inside::kFile;
      if (inside == Inside::kFile) deeds.push_back({number, line.substr(space + 1), "", 0, {}});
      continue;
    }
    if (inside == Inside::kConsole) take_console(deeds, line, number);
    if (inside == Inside::kFile) deeds.back().text += line + "\n";
  }
  return deeds;
}

std::string masked(std::string_view line) {
  static const std::vector<std::pair<std::regex, std::string>> kChanging = {
      {std::regex(R"(\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?([+-]\d\d(:\d\d)?|Z)?)"), "TIME"},
      {std::regex(R"(\b[0-9A-F]+/[0-9A-F]+\b)"), "LSN"},
      {std::regex(R"(\b\d+(\.\d+)? ?(ms|s|min)\b)"), "DURATION"},
      {std::regex(R"(\b\d+(\.\d+)? (B|KiB|MiB|GiB)\b)"), "SIZE"},
      {std::regex(R"(\btransaction \d+)"), "transaction XID"},
      {std::regex(R"(\bcrossfade_\d+_)"), "crossfade_OID_"},
      {std::regex(R"(\blocal:\d+, PostgreSQL [0-9.a-z]+)"), "SERVER"},
      {std::regex(R"(\s+)"), " "},
      {std::regex(R"( $)"), ""},
  };
  std::string text(line);
  for (const auto& [changing, word] : kChanging) text = std::regex_replace(text, changing, word);
  return text;
}

bool as_told(const std::vector<std::string>& told, const std::vector<std::string>& printed) { return matches(told, 0, printed, 0); }

}  // namespace crossfade::test
