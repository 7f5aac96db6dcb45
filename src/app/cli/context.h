#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/cli/options.h"
#include "base/text/paint.h"
#include "mapping/file/migration_file.h"
#include "mapping/model/model.h"
#include "mapping/preflight/preflight.h"
#include "pg/connection.h"
#include "sync/state/runtime.h"

namespace crossfade::app {

namespace asio = boost::asio;

/// Runs a coroutine to its end and gives what it returns.
template <typename T>
T run_to_end(asio::io_context& io, asio::awaitable<T> coroutine) {
  std::exception_ptr thrown;
  std::optional<T> result;
  asio::co_spawn(io, std::move(coroutine), [&](std::exception_ptr error, T value) {
    thrown = std::move(error);
    if (!thrown) result.emplace(std::move(value));
  });
  io.run();
  if (thrown) std::rethrow_exception(thrown);
  return std::move(*result);
}

/// The migration's folder as the options name it; throws a usage Failure where they do not.
mapping::MigrationFile load(const Options& options);

/// Two servers are named: v1's, and another one for v2.
bool across(const Options& options);

/// Throws where that is so, and `command` ("cutover writes") is none of those that can do with it yet.
void expect_across(const Options& options, std::string_view command);

/// How a command connects.
pg::Endpoint endpoint(const Options& options, const std::string& purpose);

/// What the engine needs to know from the options, for one direction of the migration in the database of `connection`.
asio::awaitable<sync::Settings> engine_settings(pg::Connection& connection, const Options& options, std::string migration,
                                                mapping::Direction direction);

/// The checked model of a migration that is prepared, in the direction that it goes, as the database says it: the folder may have
/// been edited since. Throws where it is not prepared, or no
/// longer fits the database.
asio::awaitable<mapping::Model> prepared_model(pg::Connection& connection, const mapping::MigrationFile& file);

/// The same of what fits still; the rest is left out of the model, which says why. Throws where nothing fits.
asio::awaitable<mapping::Model> fitting_model(pg::Connection& connection, const mapping::MigrationFile& file);
/// The same for who was at work with it: it waits for what is gone, were that every target.
asio::awaitable<mapping::Model> model_that_fits_by_now(pg::Connection& connection, const mapping::MigrationFile& file);

/// What pg_dump leaves out: what is crossfade's, and what this migration made, null where it has made nothing yet; and what others of the
/// same database have, with the views that hang on any of it.
asio::awaitable<std::vector<std::string>> dumped_without_ours(pg::Connection& connection, const mapping::MigrationFile* file);

/// All that `plan` looks at; nothing is written.
asio::awaitable<mapping::Preflight> look(const Options& options, const mapping::MigrationFile& file);

/// What the process ends with after a look at the database: the first fault's code.
ExitCode exit_code_of(const mapping::Preflight& preflight);

/// A question of yes or no that a script answers by --confirm NAME.
void confirm(const Options& options, const std::string& migration, const std::string& what);

/// Colours where results go to a terminal and nobody asked for none: by --no-color, by NO_COLOR, or with a terminal that says it
/// is dumb.
Paint paint_of(const Options& options);

/// Results go to a terminal that can be told to go back: a line may change, a screen be cleared.
bool can_redraw();

/// How wide the terminal is that results go to; 0: they go to none, or it does not say.
std::size_t terminal_width();

}  // namespace crossfade::app
