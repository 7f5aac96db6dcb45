#include "verify/explain/cost.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/text/sql_text.h"
#include "mapping/sql/statements.h"
#include "pg/reading.h"
#include "pg/savepoint.h"
#include "sync/refresh/refresh.h"
#include "verify/explain/explain.h"

namespace crossfade::verify {
namespace {

namespace asio = boost::asio;

/// Keys of each locator that are tried.
constexpr std::size_t kSamples = 5;
/// Below that nobody looks for what is slow.
constexpr double kSlowMilliseconds = 50;

class Cost {
 public:
  Cost(pg::Connection& connection, const mapping::Model& model, TargetId target)
      : connection_(connection), model_(model), number_(target), target_(model.targets.at(target)), statements_(model, target) {}

  asio::awaitable<v1::ExplainCostReply> read() {
    reply_.set_migration(model_.name);
    reply_.set_target(target_.name);
    pg::Reading reading{model_.relations_read({number_}), true, "set local statement_timeout = '10s'"};
    co_await pg::await_reading(connection_, std::move(reading));
    co_await sample_first();
    for (const auto locator : target_.locators.ids()) {
      if (locator != mapping::kChunkKey) co_await sample_beside(locator);
    }
    for (const auto& rule : model_.rules) {
      if (rule.target == number_ && target_.locators[rule.locator].indirect()) co_await sample_source(rule);
    }
    for (const auto& key : keys_) co_await take_time(key);
    std::stable_sort(tried_.begin(), tried_.end(), [](const Tried& a, const Tried& b) { return a.milliseconds > b.milliseconds; });
    double sum = 0;
    for (const auto& tried : tried_) {
      auto& sample = *reply_.add_samples();
      sample.set_key(name_of(tried.key));
      sample.set_milliseconds(tried.milliseconds);
      sample.set_rows(tried.rows);
      sum += tried.milliseconds;
    }
    if (!tried_.empty()) reply_.set_mean_milliseconds(sum / static_cast<double>(tried_.size()));
    if (!tried_.empty()) co_await read_plan(tried_.front().key);
    co_await connection_.script("commit");
    add_next_steps();
    co_return std::move(reply_);
  }

 private:
  struct Tried {
    Key key;
    double milliseconds;
    double rows;
  };

  std::string name_of(const Key& key) const { return key_text(target_.locators[key.locator()].name(), key.values()); }

  /// Of the table where it has the columns: the view would have to be computed first.
  asio::awaitable<void> sample_first() {
    const auto& locator = target_.locators.front();
    if (locator.indirect()) co_return;
    std::vector<std::string> texts;
    for (const auto& column : locator.columns) texts.push_back(fmt::format("t.{}::text", quote_identifier(column)));
    const auto from = [&](const std::string& relation) {
      return fmt::format("select distinct array[{}]::text from (select * from {} limit 1000) t limit {}", fmt::join(texts, ", "), relation, kSamples);
    };
    const bool in_table = std::all_of(locator.columns.begin(), locator.columns.end(), [&](const std::string& name) {
      return std::any_of(target_.columns.begin(), target_.columns.end(), [&](const mapping::Column& column) { return column.name == name; });
    });
    pg::Tried found;
    if (in_table) {
      auto sql = from(target_.table.quoted());
      found = co_await pg::try_in_savepoint(connection_, std::move(sql));
    }
    // Not filled yet, or located along a parent.
    if (!in_table || found.refused || found.result.empty()) {
      auto sql = from(quote_qualified(model_.mapping_schema, target_.name));
      found = co_await pg::try_in_savepoint(connection_, std::move(sql));
    }
    for (std::size_t row = 0; !found.refused && row < found.result.size(); ++row) {
      keys_.emplace_back(number_, mapping::kChunkKey, parse_array(found.result.text(row, 0)));
    }
  }

  /// Keys of another locator: what the rows of the first one's have in its columns.
  asio::awaitable<void> sample_beside(LocatorId locator) {
    if (keys_.empty() || target_.locators[locator].indirect()) co_return;
    const std::vector<Key> first(keys_.begin(), keys_.begin() + static_cast<std::ptrdiff_t>(std::min(keys_.size(), kSamples)));
    auto selection = std::move(sync::select_keys(model_, first).at(number_));
    auto sql = statements_.values(locator, selection.filters) + fmt::format(" limit {}", kSamples);
    const auto found = co_await pg::try_in_savepoint(connection_, std::move(sql), std::move(selection.parameters));
    for (std::size_t row = 0; !found.refused && row < found.result.size(); ++row) keys_.emplace_back(number_, locator, parse_array(found.result.text(row, 0)));
  }

  /// Keys whose rows a select finds: what rows of the source would offer.
  asio::awaitable<void> sample_source(const mapping::FollowRule& rule) {
    const auto& source = model_.sources[rule.source];
    std::vector<std::string> texts;
    for (const auto& column : rule.source_columns) texts.push_back(fmt::format("t.{}::text", quote_identifier(column)));
    auto sql = fmt::format("select distinct array[{}]::text from (select * from {} limit 1000) t limit {}", fmt::join(texts, ", "),
                           quote_qualified(source.schema, source.name), kSamples);
    const auto found = co_await pg::try_in_savepoint(connection_, std::move(sql));
    for (std::size_t row = 0; !found.refused && row < found.result.size(); ++row) keys_.emplace_back(number_, rule.locator, parse_array(found.result.text(row, 0)));
  }

  asio::awaitable<void> take_time(Key key) {
    auto selection = std::move(sync::select_keys(model_, {key}).at(number_));
    auto sql = statements_.compare(selection.filters);
    const auto began = pg::Clock::now();
    const auto found = co_await pg::try_in_savepoint(connection_, std::move(sql), std::move(selection.parameters));
    const auto took = std::chrono::duration<double, std::milli>(pg::Clock::now() - began).count();
    if (!found.refused) tried_.push_back({std::move(key), took, found.result.real(0, 0)});
  }

  asio::awaitable<void> read_plan(Key key) {
    auto selection = std::move(sync::select_keys(model_, {key}).at(number_));
    auto sql = "explain (analyze, buffers) " + statements_.compare(selection.filters);
    const auto found = co_await pg::try_in_savepoint(connection_, std::move(sql), std::move(selection.parameters));
    std::string plan;
    for (std::size_t row = 0; !found.refused && row < found.result.size(); ++row) plan += std::string(found.result.text(row, 0)) + "\n";
    reply_.set_plan(plan);
  }

  void add_next_steps() {
    if (reply_.samples().empty() || reply_.samples(0).milliseconds() < kSlowMilliseconds) return;
    if (reply_.plan().find("Seq Scan on ") != std::string::npos) {
      reply_.add_next_steps("look for Seq Scan in the plan: an index on the columns of its Filter or Join Filter lets a key be found without reading the whole table");
    }
  }

  pg::Connection& connection_;
  const mapping::Model& model_;
  const TargetId number_;
  const mapping::Target& target_;
  const mapping::Statements statements_;
  std::vector<Key> keys_;
  std::vector<Tried> tried_;
  v1::ExplainCostReply reply_;
};

}  // namespace

asio::awaitable<v1::ExplainCostReply> explain_cost(pg::Connection& connection, const mapping::Model& model, TargetId target) {
  Cost cost(connection, model, target);
  co_return co_await cost.read();
}

std::string to_text(const v1::ExplainCostReply& reply) {
  if (reply.samples().empty()) return fmt::format("{}: no key of it could be tried: neither its table nor its view has a row\n", reply.target());
  auto text = fmt::format("{}: {} keys tried, one by one; {:.1f} ms on average, {:.1f} ms at most\n", reply.target(), reply.samples_size(), reply.mean_milliseconds(),
                          reply.samples(0).milliseconds());
  for (const auto& sample : reply.samples()) text += fmt::format("  {:>10.1f} ms  {:>6.0f} rows  {}\n", sample.milliseconds(), sample.rows(), sample.key());
  if (!reply.plan().empty()) text += fmt::format("how the rows of {} are computed\n{}", reply.samples(0).key(), reply.plan());
  for (const auto& step : reply.next_steps()) text += fmt::format("→ {}\n", step);
  return text;
}

}  // namespace crossfade::verify
