#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <sstream>

#include "lint/lint_reply.h"
#include "mapping/preflight/inspect.h"
#include "mapping/views/reverse_view.h"
#include "setup/prepare/prepare.h"
#include "support/server.h"

/// The page of shapes: each is a migration, and what the page says of it holds.
namespace crossfade::test {
namespace {

using Lines = std::vector<std::string>;

/// One section of the page: its blocks by what stands behind their language.
struct Shape {
  std::string title;
  std::map<std::string, std::string> blocks;

  std::string block(const std::string& name) const { return blocks.contains(name) ? blocks.at(name) : ""; }
  bool drafted() const { return blocks.contains("reverse drafted"); }
  std::string reverse() const { return drafted() ? block("reverse drafted") : block("reverse"); }
  /// What does not come over is rejected, and stays in v1.
  bool leaves_rows_out() const { return blocks.contains("rejects"); }
};

std::string page() {
  std::ifstream file(CROSSFADE_SHAPES);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<Shape> shapes() {
  std::vector<Shape> all;
  std::istringstream lines(page());
  std::string* block = nullptr;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("## ")) all.push_back({line.substr(3), {}});
    const bool fence = line.starts_with("```");
    if (fence && block == nullptr) block = &all.back().blocks[line.substr(line.find(' ') + 1)];
    else if (fence) block = nullptr;
    else if (block != nullptr) *block += line + "\n";
  }
  return all;
}

void PrintTo(const Shape& shape, std::ostream* out) { *out << shape.title; }

/// Writes the page anew with this text in a block of the shape.
void rewrite(const Shape& shape, const std::string& block, const std::string& text) {
  auto whole = page();
  const auto section = whole.find("## " + shape.title + "\n");
  const auto fence = whole.find(" " + block + "\n", section) + block.size() + 2;
  whole.replace(fence, whole.find("```", fence) - fence, text);
  std::ofstream(CROSSFADE_SHAPES) << whole;
}

Lines created(const std::string& script) {
  static const std::regex kView(R"(create view \w+\.(\w+))");
  Lines names;
  for (auto each = std::sregex_iterator(script.begin(), script.end(), kView); each != std::sregex_iterator(); ++each) names.push_back((*each)[1]);
  return names;
}

class ShapesTest : public Postgres, public testing::WithParamInterface<Shape> {
 protected:
  ShapesTest() {
    sql.exec(GetParam().block("v1"));
    sql.exec("analyze");
  }

  mapping::MigrationFile file(const std::string& reverse) {
    auto yaml = fmt::format("migration: shape\nschemas: {{shadow: v2, mapping: map{}}}\nsources:\n", reverse.empty() ? "" : ", reverse: unmap");
    for (const auto& table : sql.rows("select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' order by 1")) {
      yaml += fmt::format("  {}: {{}}\n", table);
    }
    yaml += "targets:\n";
    for (const auto& view : created(GetParam().block("mapping"))) yaml += fmt::format("  {}: {{}}\n", view);
    if (!reverse.empty()) yaml += "reverse:\n";
    for (const auto& view : created(reverse)) yaml += fmt::format("  {}: {{}}\n", view);
    mapping::MigrationFile made;
    made.yaml_text = yaml;
    made.yaml = mapping::read_migration_yaml("migration.yaml", yaml);
    made.v2_sql = GetParam().block("v2");
    made.mapping_sql = GetParam().block("mapping");
    made.rejects_sql = GetParam().block("rejects");
    made.reverse_sql = reverse;
    return made;
  }

  boost::asio::awaitable<mapping::Preflight> looked_at(mapping::MigrationFile file) {
    co_await connect();
    co_await setup::install(*connection, file);
    co_await connection->script("savepoint installed");
    auto preflight = co_await mapping::inspect(*connection, file);
    co_await connection->script("rollback to savepoint installed");
    co_return preflight;
  }

  boost::asio::awaitable<void> connect() {
    pg::Endpoint endpoint;
    endpoint.conninfo = database.conninfo();
    connection.reset();
    connection = std::make_unique<pg::Connection>(co_await pg::Connection::open(endpoint));
    co_await connection->script("begin; set local jit = off");
  }

  boost::asio::awaitable<v1::LintReply> linted(mapping::Model model) {
    lint::LintOptions options;
    options.samples = 2;
    const auto scope = co_await lint::prepare_lint(*connection, model, true, options.samples);
    const auto found = co_await lint::lint(*connection, model, scope, options);
    co_await connection->script("rollback to savepoint installed");
    co_return lint::reply_of(model, scope, found);
  }

  /// The reverse view and v1's table, each without the other, after the views have filled v2.
  boost::asio::awaitable<Lines> differences(mapping::Model model) {
    for (const auto& target : model.targets) {
      Lines columns;
      for (const auto& column : target.columns) columns.push_back(column.name);
      const auto list = fmt::format("{}", fmt::join(columns, ", "));
      const auto fill = fmt::format("insert into v2.{0} ({1}) select {1} from map.{0}", target.name, list);
      co_await connection->script(fill);
    }
    Lines found;
    for (const auto& view : created(GetParam().reverse())) {
      const auto of = fmt::format("select string_agg(a.attname, ', ' order by a.attnum) from pg_attribute a where a.attrelid = 'unmap.{}'::regclass and a.attnum > 0", view);
      const auto names = co_await connection->query(of);
      const auto columns = std::string(names.text(0, 0));
      const auto made = fmt::format("select {} from unmap.{}", columns, view);
      const auto had = fmt::format("select {} from public.{}", columns, view);
      const auto differ = fmt::format("select (select count(*) from ({0} except all {1}) x), {2} (select count(*) from ({1} except all {0}) x)", made, had,
                                      GetParam().leaves_rows_out() ? "0 *" : "");
      const auto counts = co_await connection->query(differ);
      if (counts.text(0, 0) != "0" || counts.text(0, 1) != "0") {
        found.push_back(fmt::format("{}: {} rows that v1 has not, {} rows less", view, counts.text(0, 0), counts.text(0, 1)));
      }
    }
    co_return found;
  }

  static std::string rules_of(const mapping::Model& model) {
    std::string text;
    for (const auto& rule : model.rules) {
      const auto& target = model.targets.at(rule.target);
      const auto& locator = target.locators.at(rule.locator);
      text += fmt::format("{}: {} ← {}({}){}\n", target.name, fmt::join(locator.columns, ", "), model.sources.at(rule.source).name, fmt::join(rule.source_columns, ", "),
                          locator.indirect() ? " by select" : "");
    }
    return text;
  }

  /// Without what it says of itself.
  static std::string without_heading(const std::string& script) { return script.substr(script.find("\n\n") + 2); }

  void expect(const std::string& block, const std::string& is) {
    if (std::getenv("CROSSFADE_UPDATE_GOLDEN")) rewrite(GetParam(), block, is);
    EXPECT_EQ(GetParam().block(block), is);
  }

  boost::asio::io_context io;
  std::unique_ptr<pg::Connection> connection;
};

TEST_P(ShapesTest, IsWhatThePageSays) {
  const auto forward = run(io, looked_at(file("")));
  if (GetParam().drafted()) {
    expect("reverse drafted", without_heading(mapping::views::reverse_sql(mapping::views::reverse_views(forward.reading, "unmap"), "unmap")));
  }
  const auto preflight = run(io, looked_at(file(GetParam().reverse())));
  for (const auto& finding : preflight.findings) {
    EXPECT_NE(finding.level, mapping::Finding::Level::kFail) << finding.subject << ": " << finding.message << " → " << finding.fix;
  }
  expect("rules", rules_of(preflight.model));
  const auto reply = run(io, linted(preflight.model));
  EXPECT_EQ(lint::exit_code(reply), ExitCode::kOk) << lint::to_text(reply);
  EXPECT_GT(reply.tried(), reply.refused()) << lint::to_text(reply);
  EXPECT_EQ(run(io, differences(preflight.model)), Lines{});
}

INSTANTIATE_TEST_SUITE_P(Page, ShapesTest, testing::ValuesIn(shapes()), [](const auto& each) {
  const auto& title = each.param.title;
  std::string name;
  for (const char c : title.substr(title.find(' ') + 1)) name += std::isalnum(static_cast<unsigned char>(c)) != 0 ? std::string(1, c) : "";
  return name;
});

TEST(Shapes, AreTwenty) { EXPECT_EQ(shapes().size(), 20U); }

}  // namespace
}  // namespace crossfade::test
