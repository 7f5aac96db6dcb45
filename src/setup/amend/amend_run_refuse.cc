#include <fmt/format.h>
#include <fmt/ranges.h>
#include <google/protobuf/util/message_differencer.h>

#include <functional>
#include <iterator>
#include <set>

#include "base/text/sql_text.h"
#include "pg/savepoint.h"
#include "setup/amend/amend_run.h"
#include "setup/state/ids_taken.h"
#include "setup/state/run_script.h"

/// What an amend does not do, and what is to be done instead.
namespace crossfade::setup {

using google::protobuf::util::MessageDifferencer;
using mapping::Direction;

namespace {

/// What the migration was prepared in is called what it was: "schemas.shadow was gym_v2". A way back may come, and go, as long as v1
/// owns the data.
std::vector<std::string> renamed_schemas(const v1::Schemas& before, const v1::Schemas& now, Direction direction) {
  std::vector<std::string> renamed;
  const auto& fields = *before.GetDescriptor();
  for (int n = 0; n < fields.field_count(); ++n) {
    const auto& field = *fields.field(n);
    const auto was = before.GetReflection()->GetString(before, &field);
    const auto is = now.GetReflection()->GetString(now, &field);
    const bool comes_or_goes = field.name() == "reverse" && direction == Direction::kForward && (was.empty() || is.empty());
    if (was != is && !comes_or_goes) renamed.push_back(was.empty() ? fmt::format("schemas.{} was none", field.name()) : fmt::format("schemas.{} was {}", field.name(), was));
  }
  return renamed;
}

/// What two files say otherwise of how v2 comes from v1: "targets.plans".
std::vector<std::string> other_ways_forward(const v1::Migration& before, const v1::Migration& now) {
  std::set<std::string> others;
  const auto compare = [&](const char* section, const auto& was, const auto& is) {
    const auto look = [&](const auto& of) {
      for (const auto& [name, each] : of) {
        const auto one = was.find(name);
        const auto other = is.find(name);
        if (one == was.end() || other == is.end() || !MessageDifferencer::Equals(one->second, other->second)) others.insert(fmt::format("{}.{}", section, name));
      }
    };
    look(was);
    look(is);
  };
  compare("sources", before.sources(), now.sources());
  compare("surrogates", before.surrogates(), now.surrogates());
  compare("targets", before.targets(), now.targets());
  return {others.begin(), others.end()};
}

}  // namespace

void AmendRun::refuse_what_cannot_be() {
  mapping::Findings found(result_.preflight.findings, "migration.yaml");
  const auto renamed = before_ ? renamed_schemas(before_->yaml.schemas(), yaml_.schemas(), direction_) : std::vector<std::string>{};
  if (!renamed.empty()) {
    found.fail(fmt::format("its schemas are others than those the migration was prepared with: {}", fmt::join(renamed, ", ")),
               "Keep their names; a migration in other schemas is another migration.");
  }
  if (direction_ == Direction::kForward) return;
  for (const auto& other : before_ ? other_ways_forward(before_->yaml, yaml_) : std::vector<std::string>{}) {
    found.fail(fmt::format("v2 owns the data: {} is what v2 is made by, and cannot be amended now", other), "Put it back for now; or first `crossfade rollback writes`.");
  }
  for (const auto* file : {"mapping.sql", "rejects.sql", "surrogates.sql"}) {
    if (!changed(file)) continue;
    mapping::Findings(result_.preflight.findings, file)
        .fail("v2 owns the data: what makes v2 of v1 cannot be amended now", "Put the file back for now; or first `crossfade rollback writes`.");
  }
}

asio::awaitable<void> AmendRun::refuse_taken_ids() {
  if (!before_) co_return;
  std::set<std::string> there;
  for (const auto& [name, surrogate] : before_->yaml.surrogates()) there.insert(name);
  auto taken = co_await taken_ids(connection_, amend_.file, there);
  auto& findings = result_.preflight.findings;
  findings.insert(findings.end(), std::make_move_iterator(taken.begin()), std::make_move_iterator(taken.end()));
}

/// Its tables are whoever's who made them: what they lack is to be brought, not made.
void AmendRun::hold_v2_of_others(const mapping::Side& there) {
  if (!wanted_) return;
  auto change = against(yaml_.schemas().shadow(), there, *wanted_, said_);
  for (auto& says : change.says) change.refused.push_back(says.substr(0, says.find(", once ")));
  v2_ = {};
  v2_.refused = std::move(change.refused);
}

/// A schema that was there before is not ours to make anew. What a file says of it is in force once somebody has made it there.
asio::awaitable<void> AmendRun::refuse_what_others_have_not_made() {
  for (const auto& schema : of_others_) {
    const bool back = schema == yaml_.schemas().reverse();
    std::set<std::string> ids;
    for (const auto& [name, surrogate] : before_ ? before_->yaml.surrogates() : yaml_.surrogates()) ids.insert(name);
    const std::function<asio::awaitable<std::string>()> look = [&]() -> asio::awaitable<std::string> {
      auto rename = fmt::format("alter schema {} rename to {}_others", quote_identifier(schema), kAside);
      co_await connection_.script(std::move(rename));
      for (const auto& script : mapping::install_scripts(amend_.file, ids)) {
        if (script.schema != schema) continue;
        if (back && direction_ == Direction::kReverse) co_await run_reverse(script);
        else co_await run_script(connection_, script.file, script.sql);
      }
      pg::Parameters both = {schema, fmt::format("{}_others", kAside)};
      const auto apart = co_await connection_.query("select crossfade.said_otherwise($1, $2)", both);
      co_return std::string(apart.text(0, 0));
    };
    const auto apart = co_await pg::look_in_savepoint(connection_, look);
    if (apart.empty()) continue;
    mapping::Findings(result_.preflight.findings, back ? "reverse.sql" : "mapping.sql")
        .fail(fmt::format("schema {} was there before the migration was prepared, so amend makes nothing in it, and what is in it is not what the file says now: {}", schema, apart),
              "Make it so, with --ddl FILE: that runs in the same transaction. Such as: create or replace view …");
  }
}

void AmendRun::refuse_what_v2_lacks() {
  const auto why = v2_of_others_ ? fmt::format("and schema {} was there before the migration was prepared, so amend makes nothing in it", yaml_.schemas().shadow())
                                 : fmt::format("which amend does not carry over{}", hold_v2_ ? " while v2 owns the data" : "");
  for (const auto& refused : v2_.refused) {
    const auto mends = v2_.mends.find(refused);
    const auto ddl = mends == v2_.mends.end() ? "" : " Such as: " + mends->second;
    mapping::Findings(result_.preflight.findings, "v2.sql")
        .fail(fmt::format("{}, {}", refused, why), "Bring it with --ddl FILE: that runs in the same transaction, before v2 is compared." + ddl);
  }
}

}  // namespace crossfade::setup
