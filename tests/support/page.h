#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace crossfade::test {

/// A page of the docs has, between `<!-- mark -->` and the `<!-- end -->` after it, what the program says. With
/// CROSSFADE_UPDATE_GOLDEN=1 in the environment it is written there.
inline void expect_printed(const std::filesystem::path& page, const std::string& mark, const std::string& text) {
  std::ifstream file(page);
  const std::string all{std::istreambuf_iterator<char>(file), {}};
  const std::string begins = "<!-- " + mark + " -->\n";
  const auto begin = all.find(begins);
  ASSERT_NE(begin, std::string::npos) << page << " has no " << begins;
  const auto from = begin + begins.size();
  const auto to = all.find("<!-- end -->", from);
  ASSERT_NE(to, std::string::npos) << page;
  if (std::getenv("CROSSFADE_UPDATE_GOLDEN")) std::ofstream(page) << all.substr(0, from) << text << all.substr(to);
  EXPECT_EQ(text, all.substr(from, to - from)) << page;
}

}  // namespace crossfade::test
