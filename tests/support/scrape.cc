#include "support/scrape.h"

#include <gtest/gtest.h>

#include <sstream>

namespace crossfade::test {

double value_of(const std::string& series, const std::string& page) {
  std::istringstream lines(page);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(series + " ")) return std::stod(line.substr(series.size() + 1));
  }
  ADD_FAILURE() << "no series " << series;
  return 0;
}

}  // namespace crossfade::test
