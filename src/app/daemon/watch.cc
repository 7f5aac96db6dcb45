#include "app/daemon/watch.h"

#include <embedded_sql.h>
#include <fmt/format.h>

#include <algorithm>

#include "api/message.h"
#include "app/status/read_status.h"
#include "async/when_all.h"
#include "base/error/failure.h"
#include "base/telemetry/log.h"
#include "base/text/sql_text.h"
#include "base/value/unix_time.h"
#include "pg/row.h"

namespace crossfade::app {
namespace {

namespace queries = sql::queries;
using namespace std::chrono_literals;

/// An hour in steps that a graph as wide as a screen can show.
constexpr double kStepSeconds = 5;
constexpr std::size_t kSamples = 720;

/// A session that nobody needs just now: a command that looks once a second need not open one each time.
constexpr auto kKeepSession = 5s;


/// Messages and queries are other people's texts; a password in one is blotted out.
std::string shown(std::string_view text) { return log::redact(text); }

asio::awaitable<void> add_quarantine(v1::Page& page, pg::Connection& connection) {
  pg::Parameters name = {page.status().migration()};
  const auto rows = co_await connection.execute(queries::page_quarantine, name);
  for (const auto row : pg::rows(rows)) {
    auto& key = *page.add_quarantine();
    key.set_target(std::string(row.text("target")));
    key.set_locator(std::string(row.text("locator")));
    key.set_key(shown(row.text("key")));
    key.set_sqlstate(std::string(row.text("sqlstate")));
    key.set_constraint(std::string(row.text("constraint_name")));
    key.set_message(shown(row.text("message")));
    key.set_attempts(row.real("attempts"));
    key.set_since(row.real("since"));
    key.set_accepted_by(std::string(row.text("accepted_by")));
  }
}

asio::awaitable<void> add_accounts(v1::Page& page, pg::Connection& connection) {
  pg::Parameters name = {page.status().migration()};
  const auto rows = co_await connection.execute(queries::page_accounts, name);
  for (const auto row : pg::rows(rows)) {
    auto& account = *page.add_accounts();
    account.set_source(std::string(row.text("source")));
    account.set_total(row.real("total_rows"));
    account.set_mapped(row.real("mapped_rows"));
    account.set_rejected(row.real("rejected_rows"));
    account.set_unaccounted(row.real("unaccounted_rows"));
  }
}

asio::awaitable<void> add_step_log(v1::Page& page, pg::Connection& connection) {
  pg::Parameters name = {page.status().migration()};
  const auto rows = co_await connection.execute(queries::page_step_log, name);
  for (const auto row : pg::rows(rows)) {
    auto& step = *page.add_step_log();
    step.set_step(std::string(row.text("step")));
    step.set_attempt(row.real("attempt"));
    step.set_milliseconds(row.real("milliseconds"));
    step.set_outcome(shown(row.text("outcome")));
    step.set_holders(shown(row.text("holders")));
    step.set_held(row.truth("held"));
  }
}

asio::awaitable<void> add_audit(v1::Page& page, pg::Connection& connection) {
  pg::Parameters name = {page.status().migration()};
  const auto rows = co_await connection.execute(queries::page_audit, name);
  for (const auto row : pg::rows(rows)) {
    auto& deed = *page.add_audit();
    deed.set_at(row.real("at"));
    deed.set_who(std::string(row.text("who")));
    deed.set_action(shown(row.text("action")));
    deed.set_lsn(std::string(row.text("lsn")));
  }
}

}  // namespace

asio::awaitable<void> Watch::loop() {
  std::vector<asio::awaitable<void>> parts;
  parts.push_back(sample());
  parts.push_back(keep_history());
  parts.push_back(read());
  co_await async::when_all(std::move(parts));
}

api::Response Watch::events() {
  auto viewer = std::make_shared<Viewer>(*this);
  // The first event must not show what was read before somebody looked.
  viewer->seen = next_look() - 1;
  api::Response response{200, "text/event-stream", "retry: 1000\n\n"};
  response.more = [this, viewer] { return next(viewer); };
  return response;
}

/// Asks the engine alone, so that the curve goes on while the database is away. The worst of a step is what is kept: a short
/// peak must not fall between two looks.
asio::awaitable<void> Watch::sample() {
  const auto executor = co_await asio::this_coro::executor;
  async::Notify never(executor);
  for (v1::Page::Sample step;;) {
    if (const auto run = now_().engine.runtime()) {
      const auto lag = run->lag.seconds(sync::Clock::now());
      if (lag) step.set_lag_seconds(std::max(*lag, step.lag_seconds()));
      step.set_phase(run->sampled.phase);
    }
    const double now = unix_seconds();
    if (samples_.empty() || now - samples_.back().at() >= kStepSeconds) {
      step.set_at(now);
      samples_.push_back(step);
      step.Clear();
      if (samples_.size() > kSamples) {
        samples_.pop_front();
        ++samples_gone_;
      }
    }
    co_await never.wait(1s);
  }
}

/// What an earlier daemon knew comes first; then what this one samples is written down now and then, by whoever leads.
asio::awaitable<void> Watch::keep_history() {
  constexpr auto kBetween = 10s;
  const auto executor = co_await asio::this_coro::executor;
  async::Notify never(executor);
  std::optional<pg::Connection> connection;
  for (bool restored = false;;) {
    const auto observed = now_();
    const auto run = observed.engine.runtime();
    const bool leads = run && run->epoch != 0 && !run->control.stopping;
    try {
      if (leads && !connection) {
        auto endpoint = observed.settings.endpoint;
        endpoint.application_name = "crossfade " + observed.model.name + " history";
        endpoint.source.clear();  // which has nothing of it
        connection = co_await pg::Connection::open(endpoint);
      }
      auto name = observed.model.name;
      if (leads && restored) co_await keep(*connection, std::move(name));
      else if (leads) co_await restore(*connection, std::move(name));
      restored = restored || leads;
    } catch (const Failure& failure) {
      log::debug("the history of the lag is not kept just now", {{"because", failure.what()}});
      connection.reset();
    }
    if (!leads) connection.reset();
    co_await never.wait(restored ? kBetween : 1s);
  }
}

asio::awaitable<void> Watch::restore(pg::Connection& connection, std::string migration) {
  pg::Parameters name = {std::move(migration)};
  const auto rows = co_await connection.query(queries::lag_read, std::move(name));
  for (auto left = rows.size(); left > 0 && samples_.size() < kSamples; --left) {
    const pg::Row row(rows, left - 1);
    v1::Page::Sample sample;
    sample.set_at(row.real("sampled_at"));
    if (const auto seconds = row.optional_real("lag_seconds")) sample.set_lag_seconds(*seconds);
    sample.set_phase(std::string(row.text("phase")));
    samples_.push_front(std::move(sample));
    --samples_gone_;
  }
  ++restored_;
}

asio::awaitable<void> Watch::keep(pg::Connection& connection, std::string migration) {
  std::vector<std::optional<std::string>> at, lag, phase;
  const auto end = samples_gone_ + samples_.size();
  for (auto n = std::max(kept_up_to_, samples_gone_); n < end; ++n) {
    const auto& sample = samples_[n - samples_gone_];
    at.emplace_back(fmt::format("{:.3f}", sample.at()));
    lag.push_back(sample.has_lag_seconds() ? std::optional(fmt::format("{}", sample.lag_seconds())) : std::nullopt);
    phase.emplace_back(sample.phase());
  }
  if (at.empty()) co_return;
  pg::Parameters parameters = {std::move(migration), array_text(at), array_text(lag), array_text(phase)};
  co_await connection.query(queries::lag_keep, std::move(parameters));
  kept_up_to_ = end;
}

std::uint64_t Watch::next_look() {
  wanted_ = begun_ + 1;
  look_.notify_all();
  return wanted_;
}

asio::awaitable<v1::Status> Watch::status() {
  const Asking asking(*this);
  const auto wanted = next_look();
  while (edition_ < wanted) co_await news_.wait(1s);
  if (failure_) throw *failure_;
  co_return page_.status();
}

asio::awaitable<void> Watch::read() {
  std::optional<pg::Connection> connection;
  for (auto keep_until = sync::Clock::now();;) {
    if (viewers_ == 0 && asking_ == 0) {
      if (sync::Clock::now() >= keep_until) connection.reset();
      co_await look_.wait(connection ? keep_until : sync::Clock::now() + 1h);
      continue;
    }
    keep_until = sync::Clock::now() + kKeepSession;
    co_await look(connection);
    news_.notify_all();
    if (edition_ >= wanted_) co_await look_.wait(1s);
  }
}

asio::awaitable<void> Watch::look(std::optional<pg::Connection>& connection) {
  const auto number = ++begun_;
  std::optional<Failure> failure;
  try {
    const auto observed = now_();
    if (!connection || !connection->usable()) {
      auto endpoint = observed.settings.endpoint;
      endpoint.application_name = "crossfade " + observed.model.name + " page";
      connection.reset();
      connection = co_await pg::Connection::open(endpoint);
    }
    if (viewers_ > 0) {
      page_ = co_await read_page(*connection);
    } else {
      auto status = co_await read_status(*connection, observed.model.name, observed.engine.runtime());
      say_of_folder(status, folder_());
      *page_.mutable_status() = std::move(status);
    }
  } catch (const Failure& caught) {
    failure = caught;
  }
  failure_ = failure;
  edition_ = number;
  if (!failure) co_return;
  connection.reset();
  page_.set_trouble(shown(failure->what()));
  page_.set_now(unix_seconds());
}

asio::awaitable<v1::Page> Watch::read_page(pg::Connection& connection) {
  v1::Page page;
  page.set_now(unix_seconds());
  const auto observed = now_();
  auto status = co_await read_status(connection, observed.model.name, observed.engine.runtime());
  say_of_folder(status, folder_());
  *page.mutable_status() = std::move(status);
  co_await add_quarantine(page, connection);
  co_await add_accounts(page, connection);
  co_await add_step_log(page, connection);
  co_await add_audit(page, connection);
  co_return page;
}

asio::awaitable<std::string> Watch::next(std::shared_ptr<Viewer> viewer) {
  if (viewer->seen >= edition_) co_await news_.wait(5s);
  // A comment: nobody sees it, but a client that has left is noticed by it.
  if (viewer->seen >= edition_) co_return ":\n\n";
  viewer->seen = edition_;
  auto page = page_;
  // Whoever looked before the earlier hour was restored has not seen it: its numbers are below those that were told.
  if (viewer->restored != restored_) viewer->next_sample = 0;
  viewer->restored = restored_;
  for (auto n = std::max(viewer->next_sample, samples_gone_); n < samples_gone_ + samples_.size(); ++n) {
    *page.add_samples() = samples_[n - samples_gone_];
  }
  viewer->next_sample = samples_gone_ + samples_.size();
  co_return fmt::format("data: {}\n\n", api::json_of(page));
}

}  // namespace crossfade::app
