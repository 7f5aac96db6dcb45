#include "setup/objects/fence.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/text/sql_text.h"

namespace crossfade::setup {
namespace {

const char* owner(mapping::Direction direction) { return direction == mapping::Direction::kForward ? "v1" : "v2"; }

}  // namespace

std::string publication_name(const std::string& migration, mapping::Direction direction) {
  return "crossfade_" + migration + (direction == mapping::Direction::kForward ? "" : "_reverse");
}

ByTarget<std::string> create_fences(const mapping::Model& model) {
  ByTarget<std::string> statements;
  for (const auto& target : model.targets) {
    statements.push_back(fmt::format("select crossfade.put_fences({}, {}, {})", quote_literal(model.name), quote_literal(target.table.quoted()),
                                     quote_literal(owner(model.direction))));
  }
  return statements;
}

std::vector<std::string> drop_fences(const mapping::Model& model) {
  std::vector<std::string> statements;
  for (const auto& target : model.targets) statements.push_back(fmt::format("select crossfade.take_fences({})", quote_literal(target.table.quoted())));
  return statements;
}

ByTarget<std::string> disable_triggers(const mapping::Model& model) {
  ByTarget<std::string> statements;
  for (const auto& target : model.targets) {
    statements.push_back(fmt::format("select crossfade.disable_triggers({}, {})", quote_literal(model.name), quote_literal(target.table.quoted())));
  }
  return statements;
}

std::vector<std::string> enable_triggers(const mapping::Model& model) {
  std::vector<std::string> statements;
  for (const auto& target : model.targets) {
    statements.push_back(fmt::format("select crossfade.enable_triggers({}, {})", quote_literal(model.name), quote_literal(target.table.quoted())));
  }
  return statements;
}

std::vector<std::string> followed_sources(const mapping::Model& model) {
  std::vector<std::string> tables;
  for (const auto& source : model.sources) {
    const bool followed = std::any_of(model.rules.begin(), model.rules.end(), [&](const mapping::FollowRule& rule) {
      return &model.sources[rule.source] == &source;
    });
    if (followed) tables.push_back(quote_qualified(source.schema, source.name));
  }
  return tables;
}

std::string create_publication(const mapping::Model& model) {
  // Without them the server would refuse updates of a table whose replica identity they are part of.
  const auto* generated = model.streams_generated ? ", publish_generated_columns = stored" : "";
  return fmt::format("create publication {} for table {} with (publish_via_partition_root = true{})",
                     quote_identifier(publication_name(model.name, model.direction)), fmt::join(followed_sources(model), ", "), generated);
}

}  // namespace crossfade::setup
