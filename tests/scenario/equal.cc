#include "scenario/equal.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

namespace crossfade::test {
namespace {

/// Columns of table {0} that view {1} gives, each cast to the table's type: the view's may be wider. One that was added to v2 while it
/// was written is no view's.
constexpr auto kColumns = R"(
select string_agg(format('%I::%s', c.attname, format_type(c.atttypid, c.atttypmod)), ', ' order by c.attnum)
from pg_attribute c join pg_attribute v on v.attrelid = '{1}'::regclass and v.attname = c.attname
where c.attrelid = '{0}'::regclass and c.attnum > 0 and not c.attisdropped and c.attgenerated = '')";

/// Rows as text, because not every type can be compared.
constexpr auto kMissing = R"(
select format('{0}: only in the {1}: %s', line) from (
  select r::text as line from (select {2} from {3}) r except all select r::text from (select {2} from {4}) r limit 5) x)";

}  // namespace

std::vector<std::string> differences_to_views(Sql& sql, const std::filesystem::path& folder) {
  const auto file = YAML::LoadFile(folder / "migration.yaml");
  const auto shadow = file["schemas"]["shadow"].as<std::string>();
  const auto mapping = file["schemas"]["mapping"].as<std::string>();
  std::vector<std::string> differences;
  sql.exec("begin isolation level repeatable read read only");
  // Not what the program takes for a target, but what the database has.
  const auto targets = sql.rows(fmt::format("select v.relname from pg_class v join pg_class t on t.relname = v.relname and t.relnamespace = to_regnamespace('\"{}\"') and t.relkind in ('r', 'p') "
                                            "where v.relnamespace = to_regnamespace('\"{}\"') and v.relkind = 'v' order by 1", shadow, mapping));
  for (const auto& target : targets) {
    const auto table = fmt::format(R"("{}"."{}")", shadow, target);
    const auto view = fmt::format(R"("{}"."{}")", mapping, target);
    const auto columns = sql.value(fmt::format(kColumns, table, view));
    for (auto& row : sql.rows(fmt::format(kMissing, target, "view", columns, view, table))) differences.push_back(row);
    for (auto& row : sql.rows(fmt::format(kMissing, target, "table", columns, table, view))) differences.push_back(row);
  }
  sql.exec("commit");
  return differences;
}

}  // namespace crossfade::test
