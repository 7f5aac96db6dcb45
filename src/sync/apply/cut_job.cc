#include "sync/apply/cut_job.h"

#include <utility>

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
  run.offered.notify_all();
  while (!job->done) {
    if (run.stopping) {
      Failure::Facts facts;
      facts.exit = ExitCode::kNotReady;
      facts.message = "the daemon stops before what was asked could be looked at";
      facts.advice = "ask again once it runs";
      throw Failure(std::move(facts));
    }
    co_await run.applied.wait(std::chrono::seconds(1));
  }
  if (job->failure) throw *job->failure;
}

asio::awaitable<void> run_cut_jobs(Runtime& run, pg::Connection& connection) {
  auto jobs = std::exchange(run.at_cut, {});
  for (const auto& job : jobs) {
    co_await connection.script("savepoint crossfade_job; set local plan_cache_mode = auto");
    try {
      co_await job->read(connection);
    } catch (const Failure& failure) {
      if (failure.connection_lost()) throw;
      job->failure = failure;
    }
    co_await connection.script("rollback to savepoint crossfade_job; release savepoint crossfade_job");
    job->done = true;
  }
}

}  // namespace crossfade::sync
