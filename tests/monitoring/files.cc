#include "monitoring/files.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

namespace crossfade::test {

std::filesystem::path monitoring_folder() { return std::filesystem::path(CROSSFADE_SOURCE_DIR) / "monitoring"; }

std::string monitoring_file(const std::string& path) {
  std::ifstream file(monitoring_folder() / path);
  EXPECT_TRUE(file.good()) << "there is no " << path;
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  EXPECT_NE(text.find(what), std::string::npos) << "nowhere: " << what;
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += by.size()) text.replace(at, what.size(), by);
  return text;
}

}  // namespace crossfade::test
