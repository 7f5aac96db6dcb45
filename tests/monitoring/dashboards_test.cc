#include <fmt/format.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <regex>

#include "monitoring/files.h"
#include "monitoring/prometheus.h"
#include "support/move.h"

namespace crossfade::test {
namespace {

namespace fs = std::filesystem;
using google::protobuf::Struct;

/// Every query of the dashboards as Grafana sends it when all is chosen, by what it is called.
std::map<std::string, std::string> panel_queries() {
  std::map<std::string, std::string> queries;
  for (const auto* file : {"grafana/dashboards/crossfade-operator.json", "grafana/dashboards/crossfade-engine.json"}) {
    Struct dashboard;
    EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(monitoring_file(file), &dashboard).ok()) << file;
    const auto add = [&](const std::string& title, std::string expression) {
      for (const auto* variable : {"$job", "$instance", "$migration"}) {
        expression = std::regex_replace(expression, std::regex(fmt::format("\\{}\\b", variable)), ".*");
      }
      expression = std::regex_replace(expression, std::regex("\\$__rate_interval"), "5s");
      queries.emplace(fmt::format("{}: {}: {}", file, title, expression), expression);
    };
    for (const auto& panel : dashboard.fields().at("panels").list_value().values()) {
      const auto& fields = panel.struct_value().fields();
      for (const auto& target : fields.at("targets").list_value().values()) {
        add(fields.at("title").string_value(), target.struct_value().fields().at("expr").string_value());
      }
    }
    for (const auto& note : dashboard.fields().at("annotations").struct_value().fields().at("list").list_value().values()) {
      add(note.struct_value().fields().at("name").string_value(), note.struct_value().fields().at("expr").string_value());
    }
  }
  return queries;
}

/// Every metric that a rule or a panel names.
std::map<std::string, std::string> named_metrics() {
  auto text = monitoring_file("prometheus/crossfade.rules.yml");
  // What a rule is called is no metric.
  text = std::regex_replace(text, std::regex("name: crossfade.*|- [a-z]*: crossfade:.*"), "");
  for (const auto& [title, query] : panel_queries()) text += query + "\n";
  std::map<std::string, std::string> metrics;
  const std::regex name(R"(\b((crossfade|process)[_:][a-z0-9_:]+)\b)");
  for (auto found = std::sregex_iterator(text.begin(), text.end(), name); found != std::sregex_iterator(); ++found) {
    metrics.emplace(found->str(1), found->str(1));
  }
  return metrics;
}

class DashboardsTest : public testing::Test {
 protected:
  /// Takes out of `wanted` what has data now; true once nothing is left.
  bool seen(std::map<std::string, std::string>& wanted) const {
    std::erase_if(wanted, [&](const auto& one) { return !prometheus.query(one.second).empty(); });
    return wanted.empty();
  }

  ThrowawayServer server;
  Move move{test_migration("gym"), server};
  int port = free_port();
  Prometheus prometheus{server.directory() / "prometheus", port, monitoring_file("prometheus/crossfade.rules.yml")};
};

TEST_F(DashboardsTest, EveryMetricAndEveryPanelHasDataDuringAMigration) {
  auto wanted = panel_queries();
  wanted.merge(named_metrics());
  ASSERT_GT(wanted.size(), 60);
  auto& sql = move.sql();
  sql.exec("insert into exercises select n, 1 + n % 100, 'exercise ' || n, n % 7 from generate_series(2000, 300000) n; analyze exercises");
  EXPECT_EQ(move.call({"prepare"}).first, 0);
  // The backfill is held up until Prometheus has seen its beginning, and then at a row of its last chunks: a backfill this small
  // would be over before it had an ETA.
  sql.exec("create function wait_here() returns trigger language plpgsql as $$ begin "
           "perform pg_advisory_xact_lock_shared(1); return new; end $$;"
           "create trigger wait_here before insert on gym_v2.exercises for each row when (new.id = 290000) execute function wait_here();"
           "select pg_advisory_lock(1)");
  Sql holder(move.conninfo());
  holder.exec("begin; lock table gym_v2.exercises in exclusive mode");
  move.start_daemon({"--http", fmt::format("127.0.0.1:{}", port)});
  ASSERT_TRUE(eventually([&] { return !prometheus.query("crossfade_backfill_rows_total").empty(); }, kLimit));
  holder.exec("commit");
  const auto eta = [](const auto& one) { return one.second.find("backfill_eta") != std::string::npos; };
  ASSERT_GE(std::count_if(wanted.begin(), wanted.end(), eta), 2) << "the panel and its rule";
  EXPECT_TRUE(eventually([&] {
    seen(wanted);
    return std::none_of(wanted.begin(), wanted.end(), eta);
  }, kLimit));
  sql.exec("select pg_advisory_unlock(1)");
  move.expect_caught_up();
  // Everything else that a migration can meet.
  int round = 0;
  const auto live = [&] {
    ++round;
    sql.exec(fmt::format("update exercises set title = 'round {}' where id between 10 and 90; update plans set owner = owner || '.' where id = 3;"
                         "delete from exercises where id = {}; update exercises set title = null where id = 5",
                         round, 100 + round));
  };
  live();
  move.expect_caught_up();
  EXPECT_EQ(move.call({"verify"}).first, 0);
  EXPECT_EQ(move.call({"account"}).first, 0);
  EXPECT_EQ(move.call({"cutover", "reads", "--dry-run"}).first, 5) << "a key is in quarantine";
  sql.exec("update exercises set title = 'mended' where id = 5");
  ASSERT_TRUE(eventually([&] { return move.call({"cutover", "reads", "--confirm", "gym"}).first == 0; }, kLimit));
  eventually([&] {
    live();
    return seen(wanted);
  }, kLimit);
  for (const auto& [title, query] : wanted) ADD_FAILURE() << "no data: " << title;
  move.stop_daemon();
}

TEST(DashboardsCommandTest, WritesTheFilesOfTheSource) {
  ThrowawayServer scratch;
  const auto folder = scratch.directory() / "written";
  Program program({CROSSFADE_BINARY, "dashboards", "--dir", folder.string()}, scratch.directory() / "dashboards.log");
  ASSERT_EQ(program.exit_within(kLimit), 0) << program.output();
  std::size_t files = 0;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    ++files;
    const auto path = fs::relative(entry.path(), folder).string();
    std::ifstream written(entry.path());
    EXPECT_EQ(std::string(std::istreambuf_iterator<char>(written), {}), monitoring_file(path)) << path;
  }
  EXPECT_EQ(files, 6);
}

}  // namespace
}  // namespace crossfade::test
