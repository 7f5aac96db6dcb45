#include "sync/apply/cut_job.h"

#include <utility>

#include "pg/savepoint.h"

namespace crossfade::sync {
namespace {

/// Takes a job back whose requester is gone.
struct TakeBack {
  std::deque<std::shared_ptr<CutJob>>& jobs;
  const std::shared_ptr<CutJob>& job;
  ~TakeBack() { std::erase(jobs, job); }
};

}  // namespace

asio::awaitable<void> read_at_cut(Runtime& run, std::function<asio::awaitable<void>(pg::Connection&)> read) {
  const auto job = std::make_shared<CutJob>();
  job->read = std::move(read);
  run.at_cut.push_back(job);
  const TakeBack take_back{run.at_cut, job};
  run.queue_changed.notify_all();
  while (!job->done) {
    if (run.control.stopping) {
      Failure::Facts facts;
      facts.exit = ExitCode::kNotReady;
      facts.message = "the daemon stops before what was asked could be looked at";
      facts.advice = "ask again once it runs";
      throw Failure(std::move(facts));
    }
    co_await run.progress_made.wait(std::chrono::seconds(1));
  }
  if (job->failure) throw *job->failure;
}

asio::awaitable<void> run_cut_jobs(Runtime& run, pg::Connection& connection) {
  auto jobs = std::exchange(run.at_cut, {});
  for (const auto& job : jobs) {
    const pg::Work read = [&]() -> asio::awaitable<void> {
      co_await connection.script("set local plan_cache_mode = auto");
      co_await job->read(connection);
    };
    job->failure = co_await pg::in_savepoint(connection, read, pg::Leaves::kNothing);
    job->done = true;
  }
}

}  // namespace crossfade::sync
