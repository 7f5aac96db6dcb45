#include "app/cli/context.h"

#include <embedded_sql.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <iostream>
#include <map>
#include <random>
#include <set>
#include <string_view>

#include "base/error/failure.h"
#include "base/text/sql_text.h"
#include "cutover/inventory/inventory.h"
#include "mapping/catalog/slot_names.h"
#include "mapping/file/canary_schema.h"
#include "mapping/plan/fixes.h"
#include "mapping/preflight/inspect.h"
#include "pg/row.h"
#include "setup/objects/fence.h"
#include "setup/prepare/prepare.h"
#include "setup/state/editions.h"
#include "setup/state/state_schema.h"
#include "sync/state/shape.h"
#include "sync/state/store.h"

namespace crossfade::app {

mapping::MigrationFile load(const Options& options) {
  if (options.migration.empty()) {
    throw usage_failure("no migration is named", "say which with --migration DIR or CROSSFADE_MIGRATION");
  }
  return mapping::load_migration(options.migration);
}

namespace {

/// What is said of a command that would have to look at both servers in one statement.
constexpr std::string_view kNotYetAsked = "it asks v1 and v2 in one statement, and they are on two servers";

struct NotAcross {
  std::string_view command;
  std::string_view because;
  std::string_view instead;
};
constexpr std::array kNotAcross = {
    NotAcross{"cutover reads", "who reads which side is not told across servers yet", "let applications connect to the target; `crossfade wait --lsn` says when it has what they wrote"},
    NotAcross{"rollback reads", "who reads which side is not told across servers yet", "let applications connect to the source"},
    NotAcross{"complete", "once the writes have moved to another server it is completed by that", "before that `crossfade cancel` takes crossfade away from both, with v2 where crossfade made its schema"},
    NotAcross{"amend", "a mapping is not amended on two servers yet", "`crossfade cancel`, and prepare the folder as it is now"},
    NotAcross{"lint", kNotYetAsked, "leave --target out: the rules are tried in the source's database alone"},
    NotAcross{"explain", kNotYetAsked, "`crossfade verify` compares, and names what differs"},
    NotAcross{"check", kNotYetAsked, "run the checks on the source before, on the target afterwards"},
    NotAcross{"compare", kNotYetAsked, "ask each side, and compare"},
    NotAcross{"refresh", kNotYetAsked, "`crossfade verify --repair` offers what differs"},
    NotAcross{"report", kNotYetAsked, "`crossfade status --json` of both, and the daemon's log"},
    NotAcross{"backup", "it is of one server", "leave --target out"},
    NotAcross{"rehearse", "it is of one server", "leave --target out"},
    NotAcross{"import", "it fills tables of v1", "leave --target out"},
    NotAcross{"init", "it reads v1", "leave --target out"},
};

}  // namespace

bool across(const Options& options) { return !options.target.empty() && options.target != options.source; }

void expect_across(const Options& options, std::string_view command) {
  if (!across(options)) return;
  for (const auto& each : kNotAcross) {
    if (each.command != command) continue;
    Failure::Facts facts;
    facts.exit = ExitCode::kUsage;
    facts.message = fmt::format("crossfade {} does nothing with --target naming another server: {}", command, each.because);
    facts.advice = each.instead;
    throw Failure(std::move(facts));
  }
}

pg::Endpoint endpoint(const Options& options, const std::string& purpose) {
  pg::Endpoint endpoint;
  endpoint.conninfo = options.source;
  if (across(options)) {
    endpoint.conninfo = options.target;
    endpoint.source = options.source.empty() ? " " : options.source;
  }
  endpoint.application_name = "crossfade " + purpose;
  return endpoint;
}

asio::awaitable<sync::Settings> engine_settings(pg::Connection& connection, const Options& options, std::string migration,
                                                mapping::Direction direction) {
  const auto slots = co_await mapping::find_slot_names(connection.source(), migration);
  sync::Settings settings;
  settings.endpoint = endpoint(options, migration);
  char host[256] = "";
  gethostname(host, sizeof host - 1);
  // Unique per process, so that one that reconnects is told from one that takes over.
  settings.holder = fmt::format("{}:{}:{:08x}", host, getpid(), std::random_device{}());
  settings.slot = slots.of(direction);
  settings.publication = setup::publication_name(migration, direction);
  co_return settings;
}

namespace {

enum class Wanted { kWhole, kWhatFits, kWhatFitsByNow };

asio::awaitable<mapping::Model> read_model(pg::Connection& connection, const mapping::MigrationFile& file, Wanted wanted) {
  const auto& name = file.yaml.migration();
  co_await setup::require_prepared(connection, name);
  pg::Parameters parameters = {name};
  const auto rows = co_await connection.query(sql::queries::migration_schemas, parameters);
  if (pg::first(rows).text("phase") == "completed") throw precondition_failure(fmt::format("migration {} is completed", name), "there is nothing left to do");
  mapping::Preflight preflight;
  // Before the catalog is read: one that comes in between is seen by whoever works with the model.
  const int edition = co_await setup::edition_now(connection, name);
  const auto installed = co_await setup::as_installed(connection, file);
  auto directed = co_await setup::directed_now(connection, installed);
  for (;;) {
    // Where v2 is on another server the source has a copy of its tables, without rows.
    auto& catalog = connection.source();
    co_await catalog.script("begin");
    if (wanted == Wanted::kWhole) preflight = co_await mapping::inspect_catalog(catalog, directed);
    else preflight = co_await mapping::inspect_what_fits(catalog, directed, wanted == Wanted::kWhatFitsByNow);
    co_await catalog.script("rollback");
    // The catalog is read as it is now, whatever the transaction: a flip in between has the tables elsewhere.
    auto again = co_await setup::directed_now(connection, installed);
    if (again.direction == directed.direction) break;
    directed = std::move(again);
  }
  for (const auto& finding : preflight.findings) {
    if (finding.level != mapping::Finding::Level::kFail) continue;
    Failure::Facts facts;
    facts.exit = finding.exit;
    facts.message = fmt::format("{}: {}", finding.subject, finding.message);
    facts.advice = finding.fix;
    throw Failure(std::move(facts));
  }
  preflight.model.edition = edition;
  preflight.model.apart = connection.apart();
  co_return std::move(preflight.model);
}

}  // namespace

asio::awaitable<mapping::Model> prepared_model(pg::Connection& connection, const mapping::MigrationFile& file) {
  return read_model(connection, file, Wanted::kWhole);
}

asio::awaitable<mapping::Model> fitting_model(pg::Connection& connection, const mapping::MigrationFile& file) {
  return read_model(connection, file, Wanted::kWhatFits);
}

asio::awaitable<mapping::Model> model_that_fits_by_now(pg::Connection& connection, const mapping::MigrationFile& file) {
  return read_model(connection, file, Wanted::kWhatFitsByNow);
}

asio::awaitable<std::vector<std::string>> dumped_without_ours(pg::Connection& connection, const mapping::MigrationFile* file) {
  std::set<std::string> schemas = {"crossfade"};
  if (file != nullptr) {
    const auto& own = file->yaml.schemas();
    for (const auto& schema : {own.shadow(), own.mapping(), own.reverse(), own.stable()}) {
      if (!schema.empty()) schemas.insert(schema);
    }
    if (!own.stable().empty()) schemas.insert(mapping::canary_schema(own.stable()));
  }
  const auto there = co_await connection.query(sql::queries::layout_there);
  if (pg::first(there).truth("migration")) {
    const auto made = co_await connection.query(sql::queries::dump_schemas);
    for (const auto row : pg::rows(made)) schemas.emplace(row.text("schema"));
  }
  std::vector<std::string> arguments = {"--no-publications", "--no-subscriptions"};
  for (const auto& schema : schemas) arguments.push_back("--exclude-schema=" + quote_identifier(schema));
  const std::vector<std::optional<std::string>> names(schemas.begin(), schemas.end());
  pg::Parameters left_out = {array_text(names)};
  const auto views = co_await connection.query(sql::queries::dump_views, std::move(left_out));
  for (const auto row : pg::rows(views)) {
    arguments.push_back("--exclude-table=" + quote_qualified(std::string(row.text("schema")), std::string(row.text("name"))));
  }
  co_return arguments;
}

namespace {

/// Of a migration that is under way: what is not as its targets were made by.
asio::awaitable<void> add_shape(pg::Connection& connection, std::string migration, mapping::Preflight& preflight) {
  const auto changes = co_await sync::shape_changes(connection, std::move(migration));
  for (const auto& change : changes) {
    mapping::Findings found(preflight.findings, change.title);
    if (change.in_the_way) {
      found.fail(change.detail, change.fix);
    } else {
      found.warn(change.detail, change.fix);
    }
  }
}

/// What the cutover of the writes will have to do with; nothing of it is in the way of a beginning.
asio::awaitable<void> add_inventory(pg::Connection& connection, const mapping::MigrationFile& file, mapping::Preflight& preflight) {
  const cutover::Followed followed{file.yaml, preflight.rules, mapping::views::handed_through(preflight.reverse_reading)};
  const auto inventory = co_await cutover::take_inventory(connection, followed, mapping::Direction::kReverse);
  for (const auto& hanging : inventory) {
    mapping::Findings found(preflight.findings, hanging.object);
    auto message = fmt::format("{}; when the writes move it {}", hanging.way, hanging.flip);
    if (hanging.handling == cutover::Hanging::Handling::kBlock) {
      found.warn(message + ". The cutover of the writes will not begin", cutover::mend_of(hanging));
    } else if (hanging.kind == "constraint" || hanging.kind == "unique index") {
      found.warn(fmt::format("{}; {}", hanging.way, hanging.flip), hanging.fix);
    } else if (hanging.kind == "table" && !hanging.fix.empty()) {
      found.warn(message + ", and targets refer to it", hanging.fix);
    } else {
      found.note(std::move(message));
    }
  }
}

/// What v1's team will run into, said before they do.
void add_held_columns(mapping::Preflight& preflight) {
  const auto& model = preflight.model;
  std::map<std::string, std::set<std::string>> held;
  for (const auto& rule : model.rules) {
    const auto& source = model.sources[rule.source];
    held[source.schema + "." + source.name].insert(rule.relevant_columns.begin(), rule.relevant_columns.end());
  }
  std::vector<std::string> tables;
  for (const auto& [table, columns] : held) tables.push_back(fmt::format("{} ({})", table, fmt::join(columns, ", ")));
  if (tables.empty()) return;
  mapping::Findings(preflight.findings, "views of " + model.mapping_schema)
      .note(fmt::format("while they stand PostgreSQL refuses to alter or drop a column that they read: {}. Such a hotfix comes by `crossfade amend --ddl FILE`",
                        fmt::join(tables, ", ")));
}

}  // namespace

asio::awaitable<mapping::Preflight> look(const Options& options, const mapping::MigrationFile& file) {
  pg::Connection connection = co_await pg::Connection::open(endpoint(options, "plan"));
  const setup::Further further = [&](mapping::Preflight& preflight) { return add_inventory(connection, file, preflight); };
  auto preflight = co_await setup::look(connection, file, further);
  if (preflight.ok()) add_held_columns(preflight);
  // Nothing is written here, so an earlier layout stays as it is; it does not know of the shape.
  const int layout = co_await setup::read_layout(connection);
  if (layout != setup::kLayout) {
    preflight.findings = mapping::one_for_each_cause(std::move(preflight.findings));
    co_return preflight;
  }
  const auto prepared = co_await setup::how_prepared(connection, file.yaml.migration());
  if (prepared == setup::Prepared::kWhole) co_await add_shape(connection, file.yaml.migration(), preflight);
  preflight.findings = mapping::one_for_each_cause(std::move(preflight.findings));
  co_return preflight;
}

ExitCode exit_code_of(const mapping::Preflight& preflight) {
  for (const auto& finding : preflight.findings) {
    if (finding.level == mapping::Finding::Level::kFail) return finding.exit;
  }
  return ExitCode::kOk;
}

void confirm(const Options& options, const std::string& migration, const std::string& what) {
  if (options.confirm == migration) return;
  const auto advice = fmt::format("add --confirm {} to do it", migration);
  if (!options.confirm.empty()) {
    throw usage_failure(fmt::format("--confirm names {}, but the migration is {}", options.confirm, migration), advice);
  }
  if (options.no_input || isatty(STDIN_FILENO) == 0) throw usage_failure("not confirmed, nothing was done: " + what, advice);
  std::cerr << what << ". Type the migration's name to go on: ";
  std::string answer;
  std::getline(std::cin, answer);
  if (answer != migration) throw usage_failure("not confirmed; nothing was done", advice);
}

namespace {

std::string_view variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

bool can_redraw() { return isatty(STDOUT_FILENO) == 1 && variable("TERM") != "dumb"; }

Paint paint_of(const Options& options) { return Paint(can_redraw() && !options.no_color && variable("NO_COLOR").empty()); }

std::size_t terminal_width() {
  winsize size{};
  return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

}  // namespace crossfade::app
