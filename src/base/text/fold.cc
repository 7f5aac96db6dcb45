#include "base/text/fold.h"

#include <cctype>
#include <sstream>

namespace crossfade {

std::size_t columns_of(const std::string& text) {
  std::size_t columns = 0;
  bool colour = false;
  for (const char c : text) {
    if (c == '\033') colour = true;
    const bool rest = (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
    if (!colour && !rest) ++columns;
    if (colour && c == 'm') colour = false;
  }
  return columns;
}

std::string folded(const std::string& text, std::size_t width, std::size_t indent) {
  std::string lines;
  std::size_t column = 0;
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    const auto size = columns_of(word);
    if (column > 0 && column + 1 + size > width) {
      lines += "\n" + std::string(indent, ' ');
      column = 0;
    }
    if (column > 0) lines += ' ';
    lines += word;
    column += size + (column > 0 ? 1 : 0);
  }
  return lines;
}

std::string in_lines(const std::string& lead, const std::string& text, std::size_t width, std::size_t indent) {
  constexpr std::size_t kLeast = 40;
  const bool fits = width < kLeast || columns_of(lead) + columns_of(text) <= width;
  return lead + (fits ? text : folded(text, width - indent, indent)) + "\n";
}

std::string in_one_line(std::string_view text) {
  std::string line;
  for (const char c : text) {
    const bool space = std::isspace(static_cast<unsigned char>(c)) != 0;
    if (!space) line += c;
    else if (!line.empty() && line.back() != ' ') line += ' ';
  }
  return line;
}

}  // namespace crossfade
