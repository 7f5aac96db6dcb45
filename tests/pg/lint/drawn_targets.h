#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace crossfade::test {

/// The tables that drawn views read, with a few rows.
extern const char* const kDrawnTables;

/// A target that nobody has thought of.
struct DrawnTarget {
  std::string name;    ///< "t3"
  std::string select;  ///< of its view
  std::string table;   ///< "create table t3 (…);"
};

/// Views drawn from a grammar over kDrawnTables: the same for the same seed, on every machine.
std::vector<DrawnTarget> draw_targets(std::uint32_t seed, std::size_t number);

}  // namespace crossfade::test
