#include "support/flip.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <yaml-cpp/yaml.h>

namespace crossfade::test {
namespace {

/// What the migration's file says, as far as a flip needs it.
struct Sides {
  explicit Sides(const std::filesystem::path& folder) {
    const auto file = YAML::LoadFile(folder / "migration.yaml");
    const auto schemas = file["schemas"];
    source = schemas["source"].as<std::string>("public");
    shadow = schemas["shadow"].as<std::string>();
    mapping = schemas["mapping"].as<std::string>();
    reverse = schemas["reverse"].as<std::string>();
    for (const auto& target : file["targets"]) new_tables.push_back(target.first.as<std::string>());
    for (const auto& target : file["reverse"]) old_tables.push_back(target.first.as<std::string>());
  }

  std::string source, shadow, mapping, reverse;
  std::vector<std::string> new_tables, old_tables;
};

/// Two indexes of one schema cannot have one name.
void rename_indexes(Sql& sql, const std::string& schema, const std::string& table) {
  const auto renames = sql.rows(fmt::format(
      "select format('alter index %I.%I rename to %I', schemaname, indexname, indexname || '_v1') from pg_indexes "
      "where schemaname = '{}' and tablename = '{}'", schema, table));
  for (const auto& rename : renames) sql.exec(rename);
}

std::string listed(const std::string& schema, const std::vector<std::string>& tables) {
  std::vector<std::string> names;
  for (const auto& table : tables) names.push_back(fmt::format("\"{}\".\"{}\"", schema, table));
  return fmt::format("{}", fmt::join(names, ", "));
}

}  // namespace

void flip_writes(Move& move) {
  const Sides sides(move.folder());
  const auto& name = move.name();
  auto& sql = move.sql();
  sql.exec(fmt::format("create publication crossfade_{}_reverse for table {}", name, listed(sides.shadow, sides.new_tables)));
  const auto created = sql.value(fmt::format("select lsn from pg_create_logical_replication_slot('crossfade_{}_reverse', 'pgoutput')", name));
  sql.exec(fmt::format("begin; lock table {} in share row exclusive mode", listed(sides.source, sides.old_tables)));
  Sql other(move.conninfo());
  const auto barrier = other.value("select pg_logical_emit_message(true, 'test', 'barrier')");
  ASSERT_EQ(other.value(fmt::format("select crossfade.wait_for('{}', '30s')", barrier)), "t") << "v1's last writes did not come over";
  for (const auto& table : sides.new_tables) sql.exec(fmt::format("drop trigger crossfade_fence on \"{}\".\"{}\"", sides.shadow, table));
  for (const auto& table : sides.old_tables) {
    rename_indexes(sql, sides.source, table);
    sql.exec(fmt::format("alter table \"{0}\".\"{1}\" rename to \"{1}_v1\"; "
                         "create trigger crossfade_fence before insert or update or delete or truncate on \"{0}\".\"{1}_v1\" "
                         "for each statement execute function crossfade.fence('{2}', 'v2')", sides.source, table, name));
  }
  for (const auto& table : sides.new_tables) sql.exec(fmt::format("alter table \"{}\".\"{}\" set schema \"{}\"", sides.shadow, table, sides.source));
  sql.exec(fmt::format(
      "update crossfade.migration set direction = 'reverse' where name = '{0}'; update crossfade.lease set epoch = epoch + 1 where migration = '{0}'; "
      "update crossfade.checkpoint set slot = 'crossfade_{0}_reverse', slot_created_lsn = '{1}', settled_lsn = pg_current_wal_insert_lsn(), "
      "consistent_lsn = pg_current_wal_insert_lsn() where migration = '{0}'; "
      "delete from crossfade.dirty where migration = '{0}'; delete from crossfade.chunk where migration = '{0}'; "
      "delete from crossfade.account where migration = '{0}'; delete from crossfade.backfill where migration = '{0}'", name, created));
  for (const auto& table : sides.old_tables) {
    sql.exec(fmt::format("insert into crossfade.backfill (migration, target, bulk, finished_at) values ('{}', '{}', false, now())", name, table));
  }
  sql.exec("commit");
}

std::vector<std::string> differences_to_reverse_views(Sql& sql, const std::filesystem::path& folder) {
  const Sides sides(folder);
  std::vector<std::string> differences;
  sql.exec("begin isolation level repeatable read read only");
  for (const auto& table : sides.old_tables) {
    const auto columns = sql.value(fmt::format(
        "select string_agg(quote_ident(attname), ', ' order by attnum) from pg_attribute where attrelid = '\"{}\".\"{}\"'::regclass and attnum > 0",
        sides.reverse, table));
    const auto same = sql.value(fmt::format(
        "select string_agg(format('k.%1$I = t.%1$I', attname), ' and ') from pg_index join pg_attribute on attrelid = indrelid and attnum = any(indkey) "
        "where indisprimary and indrelid = '\"{}\".\"{}_v1\"'::regclass", sides.source, table));
    const auto rejects = fmt::format("\"{}\".\"rejected_{}\"", sides.mapping, table);
    const bool some_stay = !sql.value(fmt::format("select to_regclass('{}')", rejects)).empty();
    const auto old_rows = fmt::format("select {} from \"{}\".\"{}_v1\" t {}", columns, sides.source, table,
                                      some_stay ? fmt::format("where not exists (select from {} k where {})", rejects, same) : "");
    const auto view = fmt::format("select {} from \"{}\".\"{}\"", columns, sides.reverse, table);
    const auto missing = [&](const char* where, const std::string& left, const std::string& right) {
      for (auto& row : sql.rows(fmt::format("select format('{}: only in the {}: %s', line) from (select r::text as line from ({}) r except all "
                                            "select r::text from ({}) r limit 5) x", table, where, left, right))) {
        differences.push_back(std::move(row));
      }
    };
    missing("view", view, old_rows);
    missing("table", old_rows, view);
  }
  sql.exec("commit");
  return differences;
}

void expect_v1_follows(Move& move) {
  auto& sql = move.sql();
  // crossfade.wait_for() speaks of v2, which is up to date by itself now.
  const auto lsn = sql.value("select pg_current_wal_insert_lsn()");
  const auto there = [&] {
    return sql.value(fmt::format("select consistent_lsn >= '{}' from crossfade.checkpoint where migration = '{}'", lsn, move.name())) == "t";
  };
  ASSERT_TRUE(eventually([&] { return there() || !move.daemon().running(); }, kLimit)) << "v1 has not caught up with " << lsn;
  ASSERT_TRUE(move.daemon().running()) << "the daemon has ended by itself";
  const auto differences = differences_to_reverse_views(sql, move.folder());
  EXPECT_TRUE(differences.empty()) << fmt::format("{}", fmt::join(differences, "\n"));
  const auto refused = sql.rows("select target, key, sqlstate, message from crossfade.quarantine limit 5");
  EXPECT_TRUE(refused.empty()) << fmt::format("in quarantine:\n{}", fmt::join(refused, "\n"));
}

std::string change_gym_v2(Random& random, int ids) {
  const int a = draw(random, 1, ids);
  const int b = draw(random, 1, ids);
  const int plan = draw(random, 1, ids / 10);
  const int other = draw(random, 1, ids / 10);
  switch (draw(random, 0, 9)) {
    case 0:
      return fmt::format("with p as (insert into plans values ({0}, 'new {1}') on conflict do nothing returning id) "
                         "insert into weeks select id, n from p, generate_series(1, {2}) n", plan, a, draw(random, 0, 4));
    case 1:
      return fmt::format("insert into exercises select {}, id, owner, 'new' from plans where id = {} on conflict (id) do update set plan_id = excluded.plan_id", a, plan);
    case 2:
    case 3:
      return fmt::format("update exercises set title = 'title {1}' where id = {0}", a, b);
    case 4:
      return fmt::format("update plans set owner = 'owner {1}' where id = {0}", plan, a % 50);
    case 5:
      return fmt::format("insert into weeks select id, {1} from plans where id = {0} on conflict do nothing", plan, draw(random, 1, 6));
    case 6:
      return fmt::format("update weeks set plan_id = p.id from plans p where weeks.plan_id = {} and p.id = {} and number = {}", plan, other, draw(random, 1, 4));
    case 7:
      return fmt::format("delete from exercises where id = {}", a);
    case 8:
      return fmt::format("begin; delete from weeks where plan_id = {0}; delete from exercises where plan_id = {0}; delete from plans where id = {0}; commit", plan);
    default:
      return fmt::format("begin; update plans set owner = 'first' where id = {0}; savepoint s; delete from weeks where plan_id = {0}; rollback to s; "
                         "update exercises set id = {1} where id = {2} and not exists (select from exercises where id = {1}); "
                         "delete from weeks where plan_id = {3} and number > 2; commit", plan, a, b, other);
  }
}

}  // namespace crossfade::test
