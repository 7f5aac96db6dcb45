#include <fmt/format.h>

#include "pg/pg/connection_fixture.h"
#include "support/pooler.h"

namespace crossfade::pg::test {
namespace {

using crossfade::test::Pooler;
using crossfade::test::shared_server;
using crossfade::test::Sql;

/// Sessions that are shared with applications.
class PoolerTest : public ConnectionTest {
 protected:
  Failure refused_through(const Pooler& pooler) {
    Endpoint endpoint;
    endpoint.conninfo = pooler.conninfo(database.name());
    return refusal(endpoint);
  }
  static void expect_told(const Failure& failure) {
    EXPECT_EQ(failure.exit(), ExitCode::kUsage) << failure.what();
    EXPECT_EQ(failure.verdict(), Verdict::kStop) << "it does not pass by itself";
    EXPECT_NE(std::string(failure.what()).find("is a connection pooler"), std::string::npos) << failure.what();
    EXPECT_NE(failure.advice().find("connect past the pooler"), std::string::npos) << failure.advice();
  }
};

TEST_F(PoolerTest, IsRefusedBeforeASettingIsMadeThatWouldStayWithAnApplication) {
  for (const auto* mode : {"transaction", "session"}) {
    SCOPED_TRACE(mode);
    const Pooler pooler(shared_server(), mode, "extra_float_digits,options");
    Sql application(pooler.conninfo(database.name()));
    const auto before = application.rows("select current_setting('search_path'), current_setting('datestyle')");
    expect_told(refused_through(pooler));
    EXPECT_EQ(application.rows("select current_setting('search_path'), current_setting('datestyle')"), before);
  }
}

TEST_F(PoolerTest, ThatTakesNoOptionsIsCalledWhatItIs) {
  const Pooler pooler(shared_server(), "transaction", "extra_float_digits");
  const auto failure = refused_through(pooler);
  expect_told(failure);
  EXPECT_NE(std::string(failure.what()).find("options"), std::string::npos) << failure.what();
}

}  // namespace
}  // namespace crossfade::pg::test
