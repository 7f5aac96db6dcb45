#include <google/protobuf/util/json_util.h>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <optional>

#include "api/client.h"
#include "app/cli/context.h"
#include "app/cli/daemon_socket.h"
#include "app/cli/show_reply.h"
#include "app/commands/commands.h"
#include "app/daemon/observers.h"
#include "app/status/long_work.h"
#include "async/when_all.h"
#include "base/error/failure.h"
#include "crossfade/v1/control.pb.h"
#include "sync/refresh/bring.h"
#include "verify/diff/verifier.h"
#include "verify/reply.h"

namespace crossfade::app {
namespace {

/// Between two looks at a row that differs, with no daemon to ask.
constexpr auto kBetweenLooks = std::chrono::milliseconds(500);

struct VerifyOptions {
  bool repair = false;
  std::vector<std::string> targets;
};

void declare(OptionSet& options, VerifyOptions& own) {
  options.flag("--repair", own.repair, "Refresh what drifted");
  options.texts("--target", own.targets, "TARGET", "Only this target; may be given several times");
}

asio::awaitable<void> verify_without_daemon(const Options& options, const VerifyOptions& own, const mapping::MigrationFile& file, LongWork& work,
                                            v1::VerifyReply& reply) {
  pg::Connection connection = co_await pg::Connection::open(endpoint(options, "verify"));
  EndsOnServer work_there(connection);
  const auto model = co_await prepared_model(connection, file);
  const auto stand_ins = sync::create_stand_ins(model);
  if (connection.apart()) co_await connection.script(stand_ins);
  verify::VerifierOptions how;
  how.repair = own.repair;
  how.targets = target_numbers(model, own.targets);
  how.progress = &work;
  verify::PollingRechecker rechecker(connection, model, kBetweenLooks);
  verify::Verifier verifier(connection, model, rechecker, how);
  const auto found = co_await verifier.run();
  co_await verify::record(connection, model, found);
  reply = verify::reply_of(model, found);
  work_there.done();
}

/// A question to the daemon that takes long, and what it tells meanwhile.
class Asking {
 public:
  Asking(DaemonAddress daemon, LongWork& work) : daemon_(std::move(daemon)), work_(work) {}

  asio::awaitable<void> verify(std::string request, v1::VerifyReply& reply) {
    // Of the loop that runs this, and gone before it.
    asio::steady_timer timer(co_await asio::this_coro::executor);
    timer_ = &timer;
    std::vector<asio::awaitable<void>> both;
    both.push_back(ask(std::move(request), reply));
    both.push_back(listen());
    co_await async::when_all(std::move(both));
  }

 private:
  asio::awaitable<void> ask(std::string body, v1::VerifyReply& reply) {
    api::Request request{"POST", "/v1/verify", std::move(body)};
    request.database = daemon_.database;
    const auto answer = co_await api::ask_in_turn(daemon_.socket, request);
    (void)google::protobuf::util::JsonStringToMessage(answer.body, &reply, lenient());
    answered_ = true;
    timer_->cancel();
  }

  asio::awaitable<void> listen() {
    constexpr auto kBetweenQuestions = std::chrono::milliseconds(500);
    bool understood = true;
    while (understood && !answered_) {
      boost::system::error_code over;
      timer_->expires_after(kBetweenQuestions);
      co_await timer_->async_wait(asio::redirect_error(asio::use_awaitable, over));
      if (answered_) break;
      understood = co_await hear();
    }
  }

  /// False: this daemon does not tell.
  asio::awaitable<bool> hear() {
    api::Request request{"GET", "/v1/verify", ""};
    request.database = daemon_.database;
    try {
      const auto answer = co_await api::ask_in_turn(daemon_.socket, request);
      v1::VerifyProgress progress;
      if (!google::protobuf::util::JsonStringToMessage(answer.body, &progress, lenient()).ok()) co_return false;
      for (; told_ < progress.found_size(); ++told_) work_.found(progress.found(told_));
      work_.at({progress.what(), progress.done(), progress.all()});
    } catch (const Failure&) {
      co_return false;
    }
    co_return true;
  }

  static google::protobuf::util::JsonParseOptions lenient() {
    google::protobuf::util::JsonParseOptions options;
    options.ignore_unknown_fields = true;
    return options;
  }

  const DaemonAddress daemon_;
  LongWork& work_;
  asio::steady_timer* timer_ = nullptr;
  bool answered_ = false;
  int told_ = 0;  ///< of what was found
};

/// The daemon decides exactly, because it can look at a consistent cut; without one, rows are looked at twice.
ExitCode verify(const Options& options, const VerifyOptions& own) {
  const auto file = load(options);
  v1::VerifyRequest request;
  for (const auto& target : own.targets) request.add_targets(target);
  request.set_repair(own.repair);
  std::string body;
  (void)google::protobuf::util::MessageToJsonString(request, &body);
  v1::VerifyReply reply;
  LongWork work(options, "verify");
  std::optional<LongWork::Ended> ended;
  try {
    Asking asking(find_daemon(options, file.yaml.migration()), work);
    ended = work.to_end(asking.verify(body, reply));
  } catch (const Failure& failure) {
    if (failure.exit() != ExitCode::kNotReady) throw;
  }
  if (!ended) ended = work.to_end(verify_without_daemon(options, own, file, work, reply));
  return *ended == LongWork::Ended::kByItself ? show_reply(options, reply) : work.show_known(*ended);
}

}  // namespace

Command verify_command() { return {"verify", "Prove", "Compare v2 with the views; 4 if they drifted apart", with_options(declare, verify)}; }

}  // namespace crossfade::app
