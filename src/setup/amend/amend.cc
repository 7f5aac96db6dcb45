#include "setup/amend/amend.h"

#include <embedded_sql.h>
#include <fmt/format.h>
#include <google/protobuf/util/time_util.h>

#include <algorithm>
#include <utility>

#include "async/sleep.h"
#include "base/error/failure.h"
#include "mapping/file/yaml_tree.h"
#include "pg/row.h"
#include "setup/amend/amend_run.h"
#include "setup/prepare/prepare.h"
#include "setup/state/editions.h"

namespace crossfade::setup {

namespace queries = sql::queries;

namespace {

/// A daemon looks once a second.
constexpr auto kTimeToTakeOn = std::chrono::seconds(15);
constexpr auto kBetweenLooks = std::chrono::milliseconds(50);

}  // namespace

AmendLimits limits_of(const mapping::MigrationFile& file) {
  using google::protobuf::util::TimeUtil;
  const auto milliseconds = [](const google::protobuf::Duration& duration) { return std::chrono::milliseconds(TimeUtil::DurationToMilliseconds(duration)); };
  AmendLimits limits;
  limits.lock_timeout = milliseconds(file.yaml.cutover().lock_timeout());
  // Read, it always has one: a second, which whoever reads is not to wait for each hotfix.
  const auto root = mapping::parse_yaml("migration.yaml", file.yaml_text);
  const auto value_of = [](const mapping::YamlNode& node, std::string_view key) -> const mapping::YamlNode* {
    const auto found = std::find_if(node.keys.begin(), node.keys.end(), [&](const mapping::YamlNode& each) { return each.text == key; });
    return found == node.keys.end() ? nullptr : &node.values[static_cast<std::size_t>(found - node.keys.begin())];
  };
  const auto* cutover = value_of(root, "cutover");
  const auto hold_limit = milliseconds(file.yaml.cutover().hold_limit());
  if (cutover != nullptr && value_of(*cutover, "hold_limit") != nullptr) limits.hold = hold_limit;
  else limits.at_last = hold_limit;
  return limits;
}

asio::awaitable<Amended> plan_amend(pg::Connection& connection, Amend amend) {
  AmendRun run(connection, std::move(amend));
  co_return co_await run.to_end(true);
}

asio::awaitable<Amended> perform_amend(pg::Connection& connection, Amend amend) {
  AmendRun run(connection, std::move(amend));
  co_return co_await run.to_end(false);
}

asio::awaitable<void> until_taken_on(pg::Connection& connection, std::string migration) {
  const std::string taken_on(queries::amend_taken_on);
  pg::Parameters name = {std::move(migration)};
  for (const auto give_up = pg::Clock::now() + kTimeToTakeOn; pg::Clock::now() < give_up;) {
    const auto rows = co_await connection.query(taken_on, name);
    if (rows.empty() || rows.truth(0, 0)) co_return;
    co_await async::sleep_for(kBetweenLooks);
  }
}

asio::awaitable<Amend> undo_of_last(pg::Connection& connection, const mapping::MigrationFile& folder) {
  co_await require_prepared(connection, folder.yaml.migration());
  const auto editions = co_await read_editions(connection, folder.yaml.migration());
  if (editions.size() < 2) throw precondition_failure("nothing was amended", "crossfade history says what was");
  const auto& before = editions[editions.size() - 2];
  if (before.texts.empty()) {
    throw precondition_failure(fmt::format("what edition {} said is not known: an earlier version of crossfade prepared it", before.number),
                               "write the files as they shall be, and crossfade amend");
  }
  Amend amend{mapping::with_texts(folder, before.texts)};
  amend.how = "undone";
  co_return amend;
}

}  // namespace crossfade::setup
