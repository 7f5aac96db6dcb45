#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "support/server.h"
#include "support/writers.h"

namespace crossfade::test {

/// What the applications of one migration do: the transactions in its folder `workload`, statements made from the catalog that
/// these may not think of (a row deleted with all that hangs on it, a child given to another parent, a row under another key), and
/// mixtures of them.
class Workload {
 public:
  /// Where v1 is there, with or without rows.
  Workload(Sql& sql, const std::filesystem::path& folder);

  /// One of the migration's own transactions.
  const std::string& own(Random& random) const { return pick(random, transactions_); }

  /// Statements for one session, drawn.
  std::string draw_one(Random& random) const;

 private:
  static const std::string& pick(Random& random, const std::vector<std::string>& from);

  std::vector<std::string> generated_;
  std::vector<std::string> transactions_;
};

}  // namespace crossfade::test
