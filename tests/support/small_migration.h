#pragma once

#include <filesystem>
#include <string>

namespace crossfade::test {

/// A migration written down for one test: it is called `small`, its schemas small_v2 and small_map.
struct SmallMigration {
  std::string v1;
  std::string v2;
  std::string mapping;
  std::string rules;  ///< sources and targets of migration.yaml
};

/// Its folder, which is the calling process's own; what an earlier call wrote there is gone.
std::filesystem::path write_down(const SmallMigration& migration);

/// A reverse.sql beside it, with views of schema small_unmap.
void write_way_back(const std::filesystem::path& folder, const std::string& views);

}  // namespace crossfade::test
