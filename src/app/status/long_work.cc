#include "app/status/long_work.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/system/system_error.hpp>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <functional>
#include <iostream>
#include <string_view>

#include "api/message.h"
#include "base/error/failure.h"
#include "base/text/human.h"
#include "crossfade/v1/reply.pb.h"

namespace crossfade::app {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;

/// Of a shell: 128 and the signal.
constexpr ExitCode kInterrupted{128 + SIGINT};

constexpr milliseconds kTick{200};
/// What is over before that needs no word of how far it is.
constexpr milliseconds kFirstEvent{1'000};
constexpr milliseconds kBetweenLines{60'000};

/// Set by Ctrl-C, or by whoever ends a service. A second one ends the process as it always does.
volatile std::sig_atomic_t ended_by_hand = 0;

void remember(int) { ended_by_hand = 1; }

bool is_terminal() {
  const char* name = std::getenv("TERM");
  return isatty(STDERR_FILENO) == 1 && std::string_view(name == nullptr ? "" : name) != "dumb";
}

std::size_t width() {
  winsize size{};
  constexpr std::size_t kUsual = 80;
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : kUsual;
}

/// So many characters, none cut in two.
std::string shortened(std::string text, std::size_t most) {
  std::size_t characters = 0;
  for (std::size_t n = 0; n < text.size(); ++n) {
    const bool begins = (static_cast<unsigned char>(text[n]) & 0xC0) != 0x80;
    if (begins && ++characters > most) return text.substr(0, n);
  }
  return text;
}

double share_of(const Progress::Step& step) { return step.all > 0 ? std::clamp(step.done / step.all, 0.0, 1.0) : 0; }

/// Nothing until it means something.
std::optional<double> seconds_left(const Progress::Step& step, double seconds) {
  constexpr double kMeaningfulShare = 0.02;
  constexpr double kMeaningfulSeconds = 3;
  const auto share = share_of(step);
  if (share < kMeaningfulShare || seconds < kMeaningfulSeconds || share >= 1) return std::nullopt;
  return seconds * (1 - share) / share;
}

}  // namespace

Ears::Ears() {
  ended_by_hand = 0;
  struct sigaction hear {};
  hear.sa_handler = remember;
  hear.sa_flags = static_cast<int>(SA_RESETHAND);
  for (std::size_t n = 0; n < kSignals.size(); ++n) sigaction(kSignals[n], &hear, &before_[n]);
}

Ears::~Ears() {
  for (std::size_t n = 0; n < kSignals.size(); ++n) sigaction(kSignals[n], &before_[n], nullptr);
}

void Ears::go_on() const {
  if (ended_by_hand != 0) throw boost::system::system_error(asio::error::operation_aborted);
}

std::string progress_line(const std::string& name, const Progress::Step& step, double seconds) {
  auto text = name;
  if (step.all > 0) text += fmt::format(" {:.0f} %", 100 * share_of(step));
  if (!step.what.empty()) text += ", " + step.what;
  text += ", " + human_seconds(seconds);
  if (const auto left = seconds_left(step, seconds)) text += fmt::format(", about {} left", human_seconds(*left));
  return text;
}

std::string progress_event(const std::string& name, const Progress::Step& step, double seconds) {
  v1::ProgressEvent event;
  event.set_event("progress");
  event.set_command(name);
  event.set_what(step.what);
  event.set_done(step.done);
  if (step.all > 0) event.set_all(step.all);
  event.set_seconds(seconds);
  if (const auto left = seconds_left(step, seconds)) event.set_eta_seconds(*left);
  return api::json_of(event);
}

LongWork::LongWork(const Options& options, std::string name, std::optional<milliseconds> most)
    : json_(options.json), name_(std::move(name)), most_(most), listener_(options.json ? Listener::kScript : is_terminal() ? Listener::kTerminal : Listener::kNobody) {}

double LongWork::seconds() const { return std::chrono::duration<double>(Clock::now() - began_).count(); }

bool LongWork::is_over() {
  if (ended_ == Ended::kByItself && ended_by_hand != 0) ended_ = Ended::kByHand;
  if (ended_ == Ended::kByItself && most_ && Clock::now() - began_ > *most_) ended_ = Ended::kTimeOver;
  return ended_ != Ended::kByItself;
}

LongWork::Ended LongWork::to_end(asio::awaitable<void> work) {
  const Ears ears;
  asio::io_context io;
  asio::cancellation_signal stop;
  asio::steady_timer timer(io);
  bool done = false;
  std::exception_ptr thrown;
  std::function<void(const boost::system::error_code&)> every_tick = [&](const boost::system::error_code& error) {
    if (error || done) return;
    tick();
    if (is_over()) return stop.emit(asio::cancellation_type::terminal);
    timer.expires_after(kTick);
    timer.async_wait(every_tick);
  };
  timer.expires_after(kTick);
  timer.async_wait(every_tick);
  auto finished = [&](const std::exception_ptr& error) {
    thrown = error;
    done = true;
    timer.cancel();
  };
  asio::co_spawn(io, std::move(work), asio::bind_cancellation_slot(stop.slot(), std::move(finished)));
  io.run();
  clear();
  return ended_by(thrown);
}

LongWork::Ended LongWork::to_end(const std::function<void()>& work) {
  const Ears ears;
  std::exception_ptr thrown;
  try {
    work();
  } catch (const Failure&) {
    // A child hears the same Ctrl-C, and may be the first to say so.
    if (!is_over()) thrown = std::current_exception();
  } catch (...) {
    thrown = std::current_exception();
  }
  clear();
  return thrown ? ended_by(thrown) : ended_;
}

LongWork::Ended LongWork::ended_by(const std::exception_ptr& thrown) const {
  if (!thrown) return Ended::kByItself;
  if (ended_ == Ended::kByItself) std::rethrow_exception(thrown);
  try {
    std::rethrow_exception(thrown);
  } catch (const boost::system::system_error& aborted) {
    if (aborted.code() != asio::error::operation_aborted) throw;
  }
  return ended_;
}

void LongWork::go_on() {
  tick();
  if (is_over()) throw boost::system::system_error(asio::error::operation_aborted);
}

ExitCode LongWork::show_known(Ended ended) const {
  v1::Partial known;
  known.set_command(name_);
  known.set_ended_by(ended == Ended::kTimeOver ? "time" : "hand");
  known.set_what(step_.what);
  known.set_done(step_.done);
  if (step_.all > 0) known.set_all(step_.all);
  for (const auto& one : found_) known.add_found(one);
  known.set_seconds(seconds());
  known.add_next_steps(fmt::format("crossfade {}: it was ended before it was done", name_));
  if (json_) {
    std::cout << api::json_of(known) << "\n";
  } else {
    for (const auto& one : found_) std::cout << one << "\n";
    std::cout << fmt::format("ended before it was done: {}\n", progress_line(name_, step_, known.seconds()));
  }
  return found_.empty() ? exit_code(ended) : ExitCode::kMismatch;
}

void LongWork::at(Step step) {
  step_ = std::move(step);
  tick();
}

void LongWork::found(std::string what) {
  constexpr std::size_t kMostKept = 1000;
  if (found_.size() < kMostKept) found_.push_back(what);
  clear();
  if (listener_ == Listener::kTerminal) std::cerr << "found: " << what << std::endl;
  if (listener_ != Listener::kScript) return;
  v1::FindingEvent event;
  event.set_event("finding");
  event.set_command(name_);
  event.set_what(what);
  event.set_seconds(seconds());
  std::cerr << api::json_of(event) << std::endl;
}

/// How long whoever listens is left alone.
milliseconds LongWork::pause() const {
  switch (listener_) {
    case Listener::kTerminal: return kTick / 2;
    case Listener::kScript: return kFirstEvent;
    case Listener::kNobody: return kBetweenLines;
  }
  return kBetweenLines;
}

void LongWork::tick() {
  const auto now = Clock::now();
  if (now - shown_ < pause()) return;
  shown_ = now;
  show();
}

void LongWork::show() {
  switch (listener_) {
    case Listener::kTerminal: std::cerr << "\r\033[K" << shortened(progress_line(name_, step_, seconds()), width() - 1) << std::flush; break;
    case Listener::kScript: std::cerr << progress_event(name_, step_, seconds()) << std::endl; break;
    case Listener::kNobody: std::cerr << progress_line(name_, step_, seconds()) << std::endl; break;
  }
}

void LongWork::clear() {
  if (listener_ == Listener::kTerminal) std::cerr << "\r\033[K" << std::flush;
}

ExitCode exit_code(LongWork::Ended ended) {
  switch (ended) {
    case LongWork::Ended::kByItself: return ExitCode::kOk;
    case LongWork::Ended::kTimeOver: return ExitCode::kTimeout;
    case LongWork::Ended::kByHand: return kInterrupted;
  }
  return ExitCode::kInternal;
}

}  // namespace crossfade::app
