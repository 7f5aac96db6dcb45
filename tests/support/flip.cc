#include "support/flip.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <yaml-cpp/yaml.h>

#include <set>

namespace crossfade::test {
namespace {

/// The schemas are those of the file; the tables those that the database has views of, whatever the program takes them for.
struct Sides {
  Sides(Sql& sql, const std::filesystem::path& folder) {
    const auto file = YAML::LoadFile(folder / "migration.yaml");
    const auto schemas = file["schemas"];
    source = schemas["source"].as<std::string>("public");
    shadow = schemas["shadow"].as<std::string>();
    mapping = schemas["mapping"].as<std::string>();
    reverse = schemas["reverse"].as<std::string>("");
    new_tables = tables_of_views(sql, mapping, fmt::format("t.relname = v.relname and t.relnamespace in (to_regnamespace('\"{}\"'), to_regnamespace('\"{}\"'))", shadow, source));
    old_tables = tables_of_views(sql, reverse, fmt::format("t.relname in (v.relname, v.relname || '_v1') and t.relnamespace = to_regnamespace('\"{}\"')", source));
    for (const auto& each : file["sources"]) {
      const auto written = each.first.as<std::string>();
      if (each.second["shared"].as<bool>(false)) shared.insert(written.find('.') == std::string::npos ? source + "." + written : written);
    }
  }

  static std::vector<std::string> tables_of_views(Sql& sql, const std::string& schema, const std::string& table) {
    return sql.rows(fmt::format("select distinct v.relname from pg_class v join pg_class t on t.relkind in ('r', 'p') and {} "
                                "where v.relkind = 'v' and v.relnamespace = to_regnamespace('\"{}\"') order by 1", table, schema));
  }

  std::string source, shadow, mapping, reverse;
  std::vector<std::string> new_tables, old_tables;
  std::set<std::string> shared;  ///< tables that both sides use, with their schemas
};

std::string listed(const std::string& schema, const std::vector<std::string>& tables, const std::string& suffix = "") {
  std::vector<std::string> names;
  for (const auto& table : tables) names.push_back(fmt::format("\"{}\".\"{}{}\"", schema, table, suffix));
  return fmt::format("{}", fmt::join(names, ", "));
}

/// Two indexes of one schema cannot have one name. `to` is an expression over indexname.
void rename_indexes(Sql& sql, const std::string& schema, const std::string& table, const std::string& to) {
  const auto renames = sql.rows(fmt::format(
      "select format('alter index %I.%I rename to %I', schemaname, indexname, {}) from pg_indexes where schemaname = '{}' and tablename = '{}'",
      to, schema, table));
  for (const auto& rename : renames) sql.exec(rename);
}

void fence(Sql& sql, const std::string& migration, const std::string& table, const std::string& owner) {
  sql.exec(fmt::format("create trigger crossfade_fence before insert or update or delete or truncate on {} for each statement "
                       "execute function crossfade.fence('{}', '{}')", table, migration, owner));
}

/// The triggers of the table's own rest while the engine writes it, and wake again.
void rest(Sql& sql, const std::string& migration, const std::string& table) { sql.exec(fmt::format("select crossfade.disable_triggers('{}', '{}')", migration, table)); }
void wake(Sql& sql, const std::string& migration, const std::string& table) { sql.exec(fmt::format("select crossfade.enable_triggers('{}', '{}')", migration, table)); }

/// Locks the side that is written and returns once all it wrote has come over.
void hold_and_drain(Move& move, const std::string& tables) {
  auto& sql = move.sql();
  sql.exec(fmt::format("begin; lock table {} in share row exclusive mode", tables));
  Sql other(move.conninfo());
  const auto barrier = other.value("select pg_logical_emit_message(true, 'test', 'barrier')");
  const auto drained = fmt::format("select consistent_lsn >= '{}' from crossfade.checkpoint where migration = '{}'", barrier, move.name());
  ASSERT_TRUE(eventually([&] { return other.value(drained) == "t"; }, kLimit)) << "the last writes did not come over";
}

/// What the flip writes down: which way it goes now, from where, and that the engine of the old direction is to be refused.
void turn(Move& move, const std::string& direction, const std::string& slot, const std::string& created) {
  move.sql().exec(fmt::format(
      "update crossfade.migration set direction = '{1}' where name = '{0}'; update crossfade.lease set epoch = epoch + 1 where migration = '{0}'; "
      "update crossfade.checkpoint set slot = '{2}', slot_created_lsn = '{3}', settled_lsn = pg_current_wal_insert_lsn(), "
      "consistent_lsn = pg_current_wal_insert_lsn() where migration = '{0}'; "
      "delete from crossfade.dirty where migration = '{0}'; delete from crossfade.chunk where migration = '{0}'; "
      "delete from crossfade.account where migration = '{0}'; delete from crossfade.backfill where migration = '{0}'",
      move.name(), direction, slot, created));
}

void expect_targets(Move& move, const std::vector<std::string>& targets, const std::string& finished_at) {
  for (const auto& target : targets) {
    move.sql().exec(fmt::format("insert into crossfade.backfill (migration, target, bulk, finished_at) values ('{}', '{}', false, {})", move.name(),
                                target, finished_at));
  }
}

std::string make_slot(Move& move, const std::string& name) {
  return move.sql().value(fmt::format("select lsn from pg_create_logical_replication_slot('{}', 'pgoutput')", name));
}

/// A table that a view of the schema reads.
bool is_read(Sql& sql, const std::string& schema, const std::string& table) {
  return sql.value(fmt::format("select exists (select from pg_rewrite r join pg_class v on v.oid = r.ev_class join pg_depend d on d.objid = r.oid "
                               "where v.relnamespace = '{}'::regnamespace and d.refobjid = '{}'::regclass)", schema, table)) == "t";
}

}  // namespace

void flip_writes(Move& move) {
  const Sides sides(move.sql(), move.folder());
  const auto& name = move.name();
  auto& sql = move.sql();
  const auto slot = move.slot() + "_reverse";
  sql.exec(fmt::format("drop publication if exists crossfade_{0}_reverse; create publication crossfade_{0}_reverse for table {1}", name,
                       listed(sides.shadow, sides.new_tables)));
  for (const auto& table : sides.shared) {
    if (is_read(sql, sides.reverse, table)) sql.exec(fmt::format("alter publication crossfade_{}_reverse add table {}", name, table));
  }
  const auto created = make_slot(move, slot);
  hold_and_drain(move, listed(sides.source, sides.old_tables));
  for (const auto& table : sides.new_tables) {
    sql.exec(fmt::format("drop trigger crossfade_fence on \"{}\".\"{}\"", sides.shadow, table));
    wake(sql, name, fmt::format("\"{}\".\"{}\"", sides.shadow, table));
  }
  for (const auto& table : sides.old_tables) {
    rename_indexes(sql, sides.source, table, "indexname || '_v1'");
    sql.exec(fmt::format("alter table \"{0}\".\"{1}\" rename to \"{1}_v1\"", sides.source, table));
    fence(sql, name, fmt::format("\"{}\".\"{}_v1\"", sides.source, table), "v2");
    rest(sql, name, fmt::format("\"{}\".\"{}_v1\"", sides.source, table));
  }
  for (const auto& table : sides.new_tables) sql.exec(fmt::format("alter table \"{}\".\"{}\" set schema \"{}\"", sides.shadow, table, sides.source));
  turn(move, "reverse", slot, created);
  expect_targets(move, sides.old_tables, "now()");
  sql.exec("commit");
}

void flip_writes_back(Move& move) {
  const Sides sides(move.sql(), move.folder());
  const auto& name = move.name();
  auto& sql = move.sql();
  const auto slot = move.slot();
  const auto created = make_slot(move, slot);
  hold_and_drain(move, listed(sides.source, sides.new_tables));
  for (const auto& table : sides.new_tables) {
    sql.exec(fmt::format("alter table \"{}\".\"{}\" set schema \"{}\"", sides.source, table, sides.shadow));
    fence(sql, name, fmt::format("\"{}\".\"{}\"", sides.shadow, table), "v1");
    rest(sql, name, fmt::format("\"{}\".\"{}\"", sides.shadow, table));
  }
  for (const auto& table : sides.old_tables) {
    sql.exec(fmt::format("drop trigger crossfade_fence on \"{0}\".\"{1}_v1\"; alter table \"{0}\".\"{1}_v1\" rename to \"{1}\"", sides.source, table));
    rename_indexes(sql, sides.source, table, "regexp_replace(indexname, '_v1$', '')");
    wake(sql, name, fmt::format("\"{}\".\"{}\"", sides.source, table));
  }
  turn(move, "forward", slot, created);
  expect_targets(move, sides.new_tables, "null");
  sql.exec(fmt::format("update crossfade.migration set phase = 'backfilling' where name = '{}'; commit", name));
}

std::vector<std::string> differences_to_reverse_views(Sql& sql, const std::filesystem::path& folder) {
  const Sides sides(sql, folder);
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
