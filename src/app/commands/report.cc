#include <embedded_sql.h>
#include <fmt/format.h>

#include <chrono>
#include <iostream>

#include "app/cli/context.h"
#include "app/cli/daemon_socket.h"
#include "app/cli/tell_script.h"
#include "app/cli/version.h"
#include "app/commands/commands.h"
#include "app/status/current_status.h"
#include "app/status/status_text.h"
#include "base/error/failure.h"
#include "base/telemetry/log.h"
#include "mapping/plan/plan_text.h"

namespace crossfade::app {
namespace {

namespace queries = sql::queries;

std::string table(const pg::Result& rows) {
  std::string text;
  for (std::size_t column = 0; column < rows.columns(); ++column) text += fmt::format("{}{}", column > 0 ? " | " : "", rows.column_name(column));
  text += '\n';
  for (std::size_t row = 0; row < rows.size(); ++row) {
    for (std::size_t column = 0; column < rows.columns(); ++column) text += fmt::format("{}{}", column > 0 ? " | " : "", rows.text(row, column));
    text += '\n';
  }
  return text;
}

/// A mapping that no longer fits the database is what help is often asked for: it is part of the report and not its end.
asio::awaitable<std::string> plan_now(const Options& options, const mapping::MigrationFile& file) {
  std::string text;
  try {
    const auto preflight = co_await look(options, file);
    text = mapping::plan_text(preflight);
  } catch (const Failure& failure) {
    text = fmt::format("cannot be told: {}\n", failure.what());
  }
  co_return text;
}

/// Of the daemon on this machine.
std::string daemon_log(const Options& options, const std::string& migration) {
  try {
    return ask_daemon(options, migration, {"GET", "/v1/log", ""}).body;
  } catch (const Failure& failure) {
    return fmt::format("cannot be told: {}; what it wrote is where its standard error goes\n", failure.what());
  }
}

asio::awaitable<std::string> read_report(const Options& options, const mapping::MigrationFile& file, const v1::Status& status) {
  pg::Connection connection = co_await pg::Connection::open(endpoint(options, "report"));
  const auto& name = file.yaml.migration();
  const double now = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  std::string text = "# " + version_line() + "\n\n# Status\n" + status_block(status, now) + "\n" + status_json(status) + "\n";
  struct Part {
    std::string_view title;
    std::string_view sql;
    bool of_migration;
  };
  const Part parts[] = {{"Server", queries::report_server, false},
                        {"Verifications", queries::report_verification, true},
                        {"Quarantine", queries::report_quarantine, true},
                        {"Step log", queries::report_step_log, true},
                        {"Who did what", queries::report_audit, true}};
  for (const auto& part : parts) {
    pg::Parameters parameters;
    if (part.of_migration) parameters.emplace_back(name);
    const auto rows = co_await connection.query(part.sql, parameters);
    text += fmt::format("\n# {}\n{}", part.title, table(rows));
  }
  const auto plan = co_await plan_now(options, file);
  text += "\n# Plan\n" + plan;
  text += "\n# The daemon's log\n" + daemon_log(options, name);
  co_return text;
}

ExitCode report(const Options& options) {
  const auto file = load(options);
  const auto status = current_status(options, file.yaml.migration());
  asio::io_context io;
  const auto text = run_to_end(io, read_report(options, file, status));
  v1::Report reply;
  reply.set_text(log::redact(text));
  if (options.json) tell_script(options, reply);
  else std::cout << reply.text();
  return ExitCode::kOk;
}

}  // namespace

Command report_command() {
  return {"report", "Look", "Everything that helps somebody else to help, in one text without secrets and data", without_options(report)};
}

}  // namespace crossfade::app
