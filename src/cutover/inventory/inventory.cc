#include "cutover/inventory/inventory.h"

#include <embedded_sql.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "base/text/sql_text.h"
#include "cutover/layout/links.h"
#include "mapping/file/canary_schema.h"
#include "pg/row.h"

namespace crossfade::cutover {
namespace {

namespace asio = boost::asio;
namespace queries = sql::queries;
using Handling = Hanging::Handling;
using mapping::Direction;

/// Every kind that a query names an object by, the longer before one that it begins with.
constexpr std::array<std::string_view, 38> kKinds = {
    "foreign key", "reference", "materialized view", "view",     "rule",   "policy",     "function",   "column",
    "publication", "owner",             "grant",    "row security", "type", "domain",     "collation",
    "text search configuration", "text search dictionary", "statistics", "sequence", "event trigger", "trigger", "constraint", "unique index", "index",
    "code", "rights", "access", "comment", "security label", "default privileges", "default", "subscription",
    "inheritance", "job", "schema", "settings", "table", "extension"};

/// How a query names what goes along with v2's tables.
constexpr std::string_view kInShadowSchema = "stands in the shadow schema";

std::string kind_of(std::string_view object) {
  const auto found = std::find_if(kKinds.begin(), kKinds.end(), [&](std::string_view kind) { return object.starts_with(kind); });
  return std::string(found == kKinds.end() ? object : *found);
}

Handling handling_of(std::string_view word) {
  if (word == "carry") return Handling::kCarry;
  return word == "block" ? Handling::kBlock : Handling::kSaid;
}

/// The object's own entry goes before its kind's.
v1::Handling told(const v1::Migration& file, const Hanging& hanging) {
  const auto& entries = file.cutover().inventory();
  for (const auto& name : {hanging.object, hanging.kind}) {
    const auto entry = entries.find(name);
    if (entry != entries.end()) return entry->second;
  }
  return v1::HANDLING_UNSPECIFIED;
}

void apply(v1::Handling told, Hanging& hanging) {
  switch (told) {
    case v1::HANDLING_KEEP:
    case v1::HANDLING_ACCEPT:
      // What nobody would touch anyway needs no leave, nor what goes along with its schema, which is there for nobody's sake afterwards.
      if (hanging.handling == Handling::kSaid || hanging.way == kInShadowSchema) return;
      hanging.handling = told == v1::HANDLING_KEEP ? Handling::kKeep : Handling::kAccept;
      if (!hanging.sql.empty() && hanging.kind == "foreign key") hanging.flip = "keeps to the old table, which is kept true until complete";
      if (!hanging.sql.empty() && hanging.kind == "default") hanging.flip = hanging.rollback = "goes on drawing from it";
      if (!hanging.sql.empty() && hanging.kind == "reference") hanging.flip = "is not made again";
      hanging.sql.clear();
      return;
    case v1::HANDLING_CARRY:
      if (hanging.sql.empty()) return;
      hanging.handling = Handling::kCarry;
      if (hanging.kind == "comment") hanging.flip = "goes along";
      if (hanging.kind == "settings") hanging.flip = "goes along, but for what no statement gives another table";
      if (hanging.kind == "constraint") {
        hanging.flip = "v2 demands it too, for as long as it is written";
        hanging.rollback = "goes, since v1 demands it";
      }
      return;
    default:
      return;
  }
}

std::optional<mapping::TableName> table(std::string_view parts) {
  if (parts.empty()) return std::nullopt;
  const auto names = parse_array(parts);
  return mapping::TableName{names.at(0).value_or(""), names.at(1).value_or("")};
}

Hanging read(const pg::Row& row) {
  Hanging hanging;
  hanging.object = row.text("object");
  hanging.kind = kind_of(hanging.object);
  hanging.way = row.text("way");
  hanging.handling = handling_of(row.text("handling"));
  hanging.flip = row.text("flip");
  hanging.rollback = row.text("rollback");
  hanging.fix = row.text("fix");
  hanging.sql = row.text("sql");
  hanging.locked = table(row.text("locked"));
  hanging.referred = table(row.text("referred"));
  return hanging;
}

class Stocktaking {
 public:
  Stocktaking(pg::Connection& connection, const v1::Migration& file) : connection_(connection), file_(file) {}

  asio::awaitable<void> ask(std::string_view query, pg::Parameters parameters) {
    const auto rows = co_await connection_.query(std::string(query), parameters);
    for (const auto row : pg::rows(rows)) {
      auto hanging = read(row);
      apply(told(file_, hanging), hanging);
      if (hanging.handling != Handling::kCarry) {
        hanging.locked.reset();
        hanging.referred.reset();
      }
      found_.push_back(std::move(hanging));
    }
  }
  std::vector<Hanging> take() { return std::move(found_); }

 private:
  pg::Connection& connection_;
  const v1::Migration& file_;
  std::vector<Hanging> found_;
};

std::string own_schemas(const v1::Migration& file) {
  std::vector<std::optional<std::string>> schemas = {"crossfade", file.schemas().mapping()};
  if (!file.schemas().reverse().empty()) schemas.emplace_back(file.schemas().reverse());
  const auto& stable = file.schemas().stable();
  if (!stable.empty()) schemas.insert(schemas.end(), {stable, mapping::canary_schema(stable)});
  return array_text(schemas);
}

std::vector<mapping::TableName> named(const std::vector<Hanging>& inventory, std::optional<mapping::TableName> Hanging::*which) {
  std::vector<mapping::TableName> tables;
  for (const auto& hanging : inventory) {
    const auto& table = hanging.*which;
    if (table && std::find(tables.begin(), tables.end(), *table) == tables.end()) tables.push_back(*table);
  }
  return tables;
}

}  // namespace

std::string mend_of(const Hanging& hanging) {
  return fmt::format("{}; or say in migration.yaml that it stays as it is: cutover: {{inventory: {{\"{}\": keep}}}}", hanging.fix, hanging.object);
}

asio::awaitable<std::vector<Hanging>> take_inventory(pg::Connection& connection, Followed followed, Direction to) {
  const auto& file = followed.file;
  Stocktaking stock(connection, file);
  const auto links = json_of(links_of(followed, to));
  const auto ours = own_schemas(file);
  const pg::Parameters of_links = {links};
  const pg::Parameters with_migration = {links, file.migration()};
  const pg::Parameters with_schemas = {links, ours, file.migration()};
  std::vector<std::optional<std::string>> targets;
  for (const auto& [name, target] : file.targets()) targets.emplace_back(name);
  const pg::Parameters of_references = {file.schemas().shadow(), file.schemas().source(), file.migration(), array_text(targets),
                                        to == Direction::kForward ? "true" : "false", links};
  co_await stock.ask(queries::inventory_foreign_keys, with_migration);
  co_await stock.ask(queries::inventory_references, of_references);
  co_await stock.ask(queries::inventory_readers, with_schemas);
  co_await stock.ask(queries::inventory_subscriptions, of_links);
  co_await stock.ask(queries::inventory_inheritance, of_links);
  const auto pairs = json_of(column_pairs(followed, to, naming_of(opposite(to))));
  const pg::Parameters of_draws = {links, pairs};
  co_await stock.ask(queries::inventory_draws, of_draws);
  const pg::Parameters nothing;
  co_await stock.ask(queries::inventory_event_triggers, nothing);
  const pg::Parameters of_stable = {file.schemas().stable(), array_text(targets), file.migration()};
  if (!file.schemas().stable().empty()) co_await stock.ask(queries::inventory_stable_views, of_stable);
  if (to == Direction::kForward) {
    const pg::Parameters of_migration = {file.migration()};
    co_await stock.ask(queries::inventory_carried_keys, of_migration);
    // v2's tables follow from then on; the next move gives them to v1's owner again.
    const pg::Parameters of_v2 = {links, file.migration(), "false"};
    co_await stock.ask(queries::inventory_lent, of_v2);
    co_await stock.ask(queries::inventory_rights_back, of_links);
    auto found = stock.take();
    for (auto& hanging : found) {
      if (hanging.handling == Handling::kBlock) hanging.handling = Handling::kSaid;
    }
    co_return found;
  }
  const pg::Parameters with_shadow = {links, ours, file.schemas().shadow()};
  const pg::Parameters of_shadow = {file.schemas().shadow(), file.schemas().source(), file.migration(), array_text(targets), links};
  const pg::Parameters of_columns = {pairs, file.schemas().source(), links};
  const pg::Parameters of_way_back = {json_of(way_back_links(followed)), file.migration(), json_of(way_back_pairs(followed))};
  co_await stock.ask(queries::inventory_functions, with_shadow);
  co_await stock.ask(queries::inventory_triggers, of_links);
  co_await stock.ask(queries::inventory_rights, of_links);
  co_await stock.ask(queries::inventory_row_security, of_links);
  co_await stock.ask(queries::inventory_code, of_links);
  co_await stock.ask(queries::inventory_fits, of_links);
  const pg::Parameters of_schemas = {links, file.schemas().source(), file.schemas().shadow(), file.migration()};
  co_await stock.ask(queries::inventory_beside, of_schemas);
  const pg::Parameters of_v1 = {links, file.migration(), "true"};
  co_await stock.ask(queries::inventory_lent, of_v1);
  co_await stock.ask(queries::inventory_shadow_schema, of_shadow);
  co_await stock.ask(queries::inventory_sequences, of_columns);
  co_await stock.ask(queries::inventory_demands, of_way_back);
  co_return stock.take();
}

asio::awaitable<std::vector<Hanging>> kept_by_old_tables(pg::Connection& connection, const v1::Migration& file, const std::vector<mapping::TableName>& old_tables) {
  std::vector<Link> links;
  links.reserve(old_tables.size());
  for (const auto& table : old_tables) links.push_back({table, std::nullopt, {}, false});
  const auto owners = json_of(links);
  Stocktaking stock(connection, file);
  const pg::Parameters of_migration = {owners, file.migration()};
  const pg::Parameters with_schemas = {owners, own_schemas(file), file.migration()};
  co_await stock.ask(queries::inventory_foreign_keys, of_migration);
  co_await stock.ask(queries::inventory_readers, with_schemas);
  co_return stock.take();
}

std::vector<Condition> conditions_of(const std::vector<Hanging>& inventory) {
  std::vector<Condition> conditions;
  std::size_t carried = 0;
  for (const auto& hanging : inventory) {
    if (hanging.handling == Handling::kCarry) ++carried;
    if (hanging.handling != Handling::kBlock) continue;
    auto detail = fmt::format("{} ({}) {}", hanging.object, hanging.way, hanging.flip);
    conditions.push_back({"inventory", std::move(detail), mend_of(hanging)});
  }
  if (conditions.empty()) {
    const auto detail = carried == 0 ? std::string("nothing that hangs on the tables is left behind unsaid")
                                     : fmt::format("nothing that hangs on the tables is left behind unsaid; {} things are carried", carried);
    conditions.push_back({"inventory", detail, "", true});
  }
  return conditions;
}

SwapStep carry_step(const v1::Migration& file, const std::vector<Hanging>& inventory, Direction to) {
  SwapStep step{"carry", "", ""};
  if (to == Direction::kForward) {
    step.sql = fmt::format("select crossfade.move_back({}, {});\n", quote_literal(file.migration()), quote_literal(file.schemas().shadow()));
  } else {
    // Of v2's tables, since a rollback.
    step.sql = fmt::format("select crossfade.allow_again({});\n", quote_literal(file.migration()));
  }
  for (const auto& hanging : inventory) {
    if (hanging.handling != Handling::kCarry || hanging.sql.empty()) continue;
    step.sql += hanging.sql + ";\n";
    step.says += (step.says.empty() ? "" : "; ") + hanging.object;
  }
  if (step.says.empty()) step.says = to == Direction::kReverse ? "nothing hangs on the tables that has to go along" : "what had gone along goes back";
  return step;
}

std::vector<mapping::TableName> locked_outside(const std::vector<Hanging>& inventory) { return named(inventory, &Hanging::locked); }
std::vector<mapping::TableName> referred_outside(const std::vector<Hanging>& inventory) { return named(inventory, &Hanging::referred); }

std::vector<std::string> inventory_columns(const std::vector<Hanging>& inventory) {
  std::vector<std::optional<std::string>> objects, ways, handlings, flips, rollbacks;
  for (const auto& hanging : inventory) {
    objects.emplace_back(hanging.object);
    ways.emplace_back(hanging.way);
    handlings.emplace_back(to_text(hanging.handling));
    flips.emplace_back(hanging.flip);
    rollbacks.emplace_back(hanging.rollback);
  }
  return {array_text(objects), array_text(ways), array_text(handlings), array_text(flips), array_text(rollbacks)};
}

const char* to_text(Handling handling) {
  switch (handling) {
    case Handling::kSaid: return "to know";
    case Handling::kCarry: return "carried";
    case Handling::kKeep: return "kept, as migration.yaml says";
    case Handling::kAccept: return "accepted, as migration.yaml says";
    case Handling::kBlock: return "in the way";
  }
  return "";
}

std::string line_of(const Hanging& hanging) {
  return fmt::format("{}, {} · {} · in the flip: {} · in a rollback: {}", hanging.object, hanging.way, to_text(hanging.handling), hanging.flip, hanging.rollback);
}

}  // namespace crossfade::cutover
