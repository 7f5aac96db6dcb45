#include "support/small_migration.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <iterator>

namespace crossfade::test {

std::filesystem::path write_down(const SmallMigration& migration) {
  const auto folder = std::filesystem::path(testing::TempDir()) / fmt::format("crossfade-small-{}", getpid()) / "small";
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  const auto write = [&](const char* file, const std::string& text) { std::ofstream(folder / file) << text; };
  write("v1.sql", migration.v1);
  write("v2.sql", migration.v2);
  write("mapping.sql", migration.mapping);
  write("migration.yaml", "migration: small\nschemas: {shadow: small_v2, mapping: small_map}\n" + migration.rules);
  return folder;
}

void write_way_back(const std::filesystem::path& folder, const std::string& views) {
  std::ofstream(folder / "reverse.sql") << views;
  const std::string mapping = "mapping: small_map";
  std::ifstream was(folder / "migration.yaml");
  std::string yaml{std::istreambuf_iterator<char>(was), {}};
  yaml.replace(yaml.find(mapping), mapping.size(), mapping + ", reverse: small_unmap");
  std::ofstream(folder / "migration.yaml") << yaml;
}

}  // namespace crossfade::test
