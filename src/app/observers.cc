#include "app/observers.h"

#include "api/status_text.h"
#include "app/status.h"
#include "base/failure.h"

namespace crossfade::app {
namespace {

namespace asio = boost::asio;
using api::Request;
using api::Response;
using api::Surface;

asio::awaitable<Response> metrics_text(Observed o) {
  co_return Response{200, "text/plain; version=0.0.4; charset=utf-8", o.metrics.text()};
}

asio::awaitable<Response> live() { co_return Response{200, "text/plain", "alive\n"}; }

asio::awaitable<Response> ready(Observed o) {
  const auto* run = o.engine.runtime();
  const bool leads = run && run->epoch != 0;
  co_return Response{leads ? 200 : 503, "text/plain", leads ? "leading\n" : "no connection, or not the leader\n"};
}

asio::awaitable<Response> status(Observed o) {
  auto endpoint = o.settings.endpoint;
  endpoint.application_name = "crossfade " + o.model.name + " status";
  pg::Connection connection = co_await pg::Connection::open(endpoint);
  v1::Status status = co_await read_status(connection, o.model.name);
  if (const auto* run = o.engine.runtime()) add_runtime(status, *run);
  co_return Response{200, "application/json", api::status_json(status)};
}

asio::awaitable<Response> hold(Observed o, bool held) {
  auto* run = o.engine.runtime();
  if (!run) throw precondition_failure("the daemon has no connection just now", "try again in a moment");
  run->paused = held;
  run->metrics.throttled("hand", held, std::chrono::seconds(0));
  run->steer.raise();
  run->offered.raise();
  co_return Response{200, "application/json", held ? R"({"message":"paused; changes are set down meanwhile"})" : R"({"message":"going on"})"};
}

}  // namespace

std::vector<api::Endpoint> endpoints(Observed o) {
  return {
      {"GET", "/metrics", Surface::kObserver, [o](Request) { return metrics_text(o); }},
      {"GET", "/livez", Surface::kObserver, [](Request) { return live(); }},
      {"GET", "/readyz", Surface::kObserver, [o](Request) { return ready(o); }},
      {"GET", "/status", Surface::kObserver, [o](Request) { return status(o); }},
      {"POST", "/v1/pause", Surface::kControl, [o](Request) { return hold(o, true); }},
      {"POST", "/v1/resume", Surface::kControl, [o](Request) { return hold(o, false); }},
  };
}

}  // namespace crossfade::app
