#include "app/daemon/pipeline.h"

#include <optional>

#include "app/cli/context.h"
#include "app/cli/version.h"
#include "base/error/failure.h"
#include "base/telemetry/log.h"
#include "mapping/catalog/slot_names.h"
#include "setup/objects/fence.h"
#include "setup/state/editions.h"
#include "sync/refresh/bring.h"
#include "sync/state/store.h"
#include "wal/slot.h"

namespace crossfade::app {
namespace {

/// Those that are left out last.
std::vector<std::string> target_names(const mapping::Model& model) {
  std::vector<std::string> names;
  for (const auto& target : model.targets) names.push_back(target.name);
  for (const auto& left_out : model.left_out) names.push_back(left_out.target);
  return names;
}

std::vector<std::string> names_of(const auto& things) {
  std::vector<std::string> names;
  for (const auto& thing : things) names.push_back(thing.name);
  return names;
}

sync::Settings for_model(sync::Settings settings, const mapping::Model& model) {
  settings.stand_ins = sync::create_stand_ins(model);
  return settings;
}

}  // namespace

Pipeline::Pipeline(mapping::Model the_model, sync::Settings the_settings, const Pipeline* last)
    : model(std::move(the_model)), settings(for_model(std::move(the_settings), model)),
      metrics(model.name, target_names(model), names_of(model.sources), last ? &last->metrics : nullptr),
      engine(model, settings, metrics, last != nullptr) {
  metrics.runs(version(), commit());
  for (std::size_t n = 0; n < model.left_out.size(); ++n) metrics.parked(TargetId(model.targets.size() + n), true);
}

asio::awaitable<std::shared_ptr<Pipeline>> next_pipeline(const mapping::MigrationFile& file, const Pipeline& last, bool reshaped) {
  pg::Connection connection = co_await pg::Connection::open(last.settings.endpoint);
  const bool completed = co_await sync::store::is_completed(connection, last.model.name);
  if (completed) {
    co_await wal::drop_slot(connection.source(), last.settings.slot, wal::kSlotPatience);
    throw Completed{};
  }
  const auto direction = co_await sync::store::read_direction(connection, last.model.name);
  const bool turned = direction && *direction != last.model.direction;
  const int edition = co_await setup::edition_now(connection, last.model.name);
  if (!turned && !reshaped && edition == last.model.edition) co_return nullptr;
  auto model = co_await model_that_fits_by_now(connection, file);
  if (!turned) {
    log::info("goes on with what the mapping says now", {{"migration", last.model.name}});
    co_return std::make_shared<Pipeline>(std::move(model), last.settings, &last);
  }
  co_await wal::drop_slot(connection.source(), last.settings.slot, wal::kSlotPatience);
  auto settings = last.settings;
  const auto slots = co_await mapping::find_slot_names(connection.source(), model.name);
  settings.slot = slots.of(model.direction);
  settings.publication = setup::publication_name(model.name, model.direction);
  log::info("direction has turned", {{"migration", model.name}, {"follows", model.direction == mapping::Direction::kReverse ? "v2" : "v1"}});
  co_return std::make_shared<Pipeline>(std::move(model), std::move(settings), &last);
}

}  // namespace crossfade::app
