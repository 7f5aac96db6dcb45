#include <gtest/gtest.h>

#include "support/server.h"
#include "unit/mapping/statement_samples.h"

namespace crossfade::mapping {
namespace {

/// What the golden files hold is SQL, and means something to tables and views of the shape that the model describes.
TEST(StatementsOnAServer, EveryStatementOfTheGoldenFilesCanBePrepared) {
  const crossfade::test::Database database;
  crossfade::test::Sql sql(database.conninfo());
  sql.exec(test::sample_schema());
  sql.exec("set search_path = ''");
  const auto model = test::sample_model();
  for (const auto& sample : test::statement_samples(model)) {
    for (const auto& [title, statement] : sample.statements) {
      EXPECT_NO_THROW(sql.exec("prepare it as " + statement)) << sample.file << ": " << title;
      sql.exec("deallocate all");
    }
  }
}

}  // namespace
}  // namespace crossfade::mapping
