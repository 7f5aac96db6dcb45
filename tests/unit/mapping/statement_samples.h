#pragma once

#include <string>
#include <utility>
#include <vector>

#include "mapping/model/model.h"
#include "mapping/sql/statements.h"

/// A model that has every form of target and locator once, and the statements that are held against golden files and given
/// to a real server.
namespace crossfade::mapping::test {

/// Plans, their weeks, days and moves; a table with a composite key, one that refers to it, one without a column beside
/// its key, one named in CamelCase, two that read surrogates, one that the file locates by itself, and an old
/// table with rows of its own that is filled in the reverse direction.
Model sample_model();

/// What sample_model() describes: schemas v1, map and v2, for a server.
std::string sample_schema();

/// One golden file: statements with a title each.
struct StatementSample {
  std::string file;
  std::vector<std::pair<std::string, std::string>> statements;
};
std::vector<StatementSample> statement_samples(const Model& model);

}  // namespace crossfade::mapping::test
