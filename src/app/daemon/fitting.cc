#include "app/daemon/fitting.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "app/cli/context.h"
#include "async/failure_of.h"
#include "async/sleep.h"
#include "base/error/failure.h"
#include "base/telemetry/log.h"
#include "mapping/plan/plan_text.h"
#include "setup/state/editions.h"

namespace crossfade::app {
namespace {

constexpr std::chrono::seconds kEvery{2};
/// What waits for a person is looked into again, and so is the folder.
constexpr std::chrono::seconds kAgain{20};

/// A target that is parked may be written by statements that name what has another name by now, or that know a column as it was.
bool has_parked(const Observed& observed) {
  const auto run = observed.engine.runtime();
  return run && !run->control.stopping && !run->applied.parked.empty();
}

/// A column that is gone is waited for, and not done without.
bool same_columns(const mapping::Model& one, const mapping::Model& other) {
  const auto alike = [](const mapping::Target& a, const mapping::Target& b) {
    const auto named = [](const mapping::Column& left, const mapping::Column& right) { return left.name == right.name; };
    return a.name == b.name && std::equal(a.columns.begin(), a.columns.end(), b.columns.begin(), b.columns.end(), named);
  };
  return std::equal(one.targets.begin(), one.targets.end(), other.targets.begin(), other.targets.end(), alike);
}

/// Whether what would be left out now is not what was, or what rests would be written by other statements.
asio::awaitable<bool> fits_otherwise(pg::Connection& connection, mapping::MigrationFile file, Observed o) {
  const auto model = co_await model_that_fits_by_now(connection, file);
  if (model.direction != o.model.direction) co_return false;
  // What does not fit the model that works is parked as it is.
  if (model.left_out != o.model.left_out) co_return !o.model.left_out.empty();
  co_return has_parked(o) && same_columns(model, o.model) && mapping::refresh_sql(model) != mapping::refresh_sql(o.model);
}

/// The folder as it is by now; false where it cannot be read, as while somebody edits it.
bool read_again(Kept& kept) {
  try {
    auto file = mapping::load_migration(kept.file->folder);
    if (file.yaml.migration() != kept.file->yaml.migration()) return false;
    const bool same = file.yaml.SerializeAsString() == kept.file->yaml.SerializeAsString() && mapping::texts_of(file) == mapping::texts_of(*kept.file);
    if (same) return false;
    kept.file = std::make_shared<const mapping::MigrationFile>(std::move(file));
    return true;
  } catch (const Failure& failure) {
    log::debug("the folder cannot be read just now", {log::quoting("because", failure.what())});
    return false;
  }
}

asio::awaitable<void> look_at_folder(pg::Connection& connection, Kept& kept) {
  const auto file = kept.file;
  auto changes = co_await setup::script_changes(connection, *file);
  const auto names = [](const std::vector<setup::ScriptChange>& of) {
    std::vector<std::string> files;
    for (const auto& change : of) files.push_back(change.file);
    return files;
  };
  const auto before = names(std::exchange(kept.changed, std::move(changes)));
  const auto changed = names(kept.changed);
  if (changed == before) co_return;
  if (changed.empty()) log::info("the folder says what the database has", {{"folder", file->folder.string()}});
  else log::warn("the folder is not what the database was made after", {{"files", fmt::format("{}", fmt::join(changed, ", "))}, {"mend", "crossfade amend --dry-run"}});
}

/// Everything that is due; `folder`: that is.
asio::awaitable<void> look(Kept& kept, Observed observed, bool folder) {
  auto endpoint = observed.settings.endpoint;
  endpoint.application_name = "crossfade " + observed.model.name + " fit";
  const bool models = !observed.model.left_out.empty() || has_parked(observed);
  const bool apart = !endpoint.source.empty();
  // What the folder was is known on the target alone.
  if (!models) endpoint.source.clear();
  pg::Connection connection = co_await pg::Connection::open(endpoint);
  if (folder) co_await look_at_folder(connection, kept);
  const auto run = observed.engine.runtime();
  const bool leads = run && run->epoch != 0 && !run->control.stopping;
  if (leads && !apart) co_await follow_v1(connection, observed.settings.endpoint, kept);
  if (!models) co_return;
  auto file = *kept.file;
  const bool otherwise = co_await fits_otherwise(connection, std::move(file), observed);
  if (otherwise) observed.engine.begin_with_another_model();
}

}  // namespace

asio::awaitable<void> follow_v1(pg::Connection& connection, pg::Endpoint endpoint, Kept& kept) {
  endpoint.application_name = "crossfade amend";
  auto last = kept.followed;
  if (async::Clock::now() - kept.at > kAgain) last = {};
  std::optional<Failure> failure;
  setup::FollowedV1 now;
  auto file = *kept.file;
  try {
    now = co_await setup::follow_v1(connection, std::move(endpoint), std::move(file), last);
  } catch (const Failure& caught) {
    failure = caught;
  }
  if (failure) {
    log::info("what v1 has become is followed the next time", {log::quoting("because", failure->what())});
    co_return;
  }
  const auto differences = fmt::format("{}", fmt::join(now.differences, "; "));
  const bool new_wait = !now.waits.empty() && (now.waits != kept.followed.waits || now.differences != kept.followed.differences);
  if (now.edition != 0) log::info("v1 is followed by itself", {{"edition", now.edition}, log::quoting("because", differences)});
  if (new_wait) log::warn("v1 is not what the views were made for, and waits for crossfade amend", {log::quoting("because", differences), log::quoting("waits", now.waits)});
  if (now.waits.empty() || last.waits.empty()) kept.at = async::Clock::now();
  kept.followed = std::move(now);
}

asio::awaitable<void> keep_fitting(Kept& kept, std::function<Observed()> now) {
  auto folder_due = async::Clock::now();
  for (;;) {
    co_await async::sleep_for(kEvery);
    const auto observed = now();
    const bool folder = read_again(kept) || async::Clock::now() >= folder_due;
    const bool follows = kept.file->yaml.amend() == v1::Migration::AMEND_AUTO;
    if (!folder && !follows && observed.model.left_out.empty() && !has_parked(observed)) continue;
    if (folder) folder_due = async::Clock::now() + kAgain;
    auto looking = look(kept, observed, folder);
    const auto failure = co_await async::failure_of(std::move(looking));
    if (failure) log::debug("it cannot be seen whether all targets fit", {log::quoting("because", failure->what())});
  }
}

}  // namespace crossfade::app
