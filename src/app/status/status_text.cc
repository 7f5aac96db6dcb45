#include "app/status/status_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <string_view>

#include "api/message.h"
#include "base/text/fold.h"
#include "base/text/human.h"

namespace crossfade::app {
namespace {

/// The estimate can be wrong: until the target is finished, no estimate makes it more than 99 % done.
double share_of(double done, double estimated, bool finished) {
  if (finished) return 1;
  return estimated > 0 ? std::clamp(done / estimated, 0.0, 0.99) : 0;
}

bool is_filling(const v1::Status& status) {
  const auto& targets = status.backfill().targets();
  return std::any_of(targets.begin(), targets.end(), [](const auto& target) { return !target.finished(); });
}

double since(double then, double now) { return std::max(0.0, now - then); }

/// Seconds of a refresh below which nobody looks for what is slow.
constexpr double kWorthTelling = 0.05;

std::string bar(double share, std::size_t width) {
  const auto full = static_cast<std::size_t>(std::floor(share * static_cast<double>(width)));
  return std::string(full, '#') + std::string(width - full, '.');
}

/// In `width` columns, where the bar can be as much shorter as it takes.
std::string progress(const v1::Backfill::Target& target, std::size_t width) {
  constexpr std::size_t kBar = 24;
  constexpr std::size_t kLeastBar = 4;
  const auto share = share_of(target.done_rows(), target.estimated_rows(), target.finished());
  auto rest = fmt::format("{:>3.0f} %  {} rows", std::floor(share * 100), human_count(target.done_rows()));
  if (target.has_eta_seconds()) rest += fmt::format(", about {} left", human_seconds(target.eta_seconds()));
  const auto name = fmt::format("{:<26}", target.name());
  const auto whole = name.size() + 1 + kBar + 1 + rest.size();
  const auto over = whole > width ? whole - width : 0;
  return fmt::format("{} {} {}", name, bar(share, std::max(kLeastBar, kBar - std::min(over, kBar))), rest);
}

std::string pace(const v1::Backfill& backfill) {
  auto text = fmt::format("{} rows/s", human_count(backfill.rows_per_second()));
  if (backfill.has_eta_seconds()) text += fmt::format(", about {} left", human_seconds(backfill.eta_seconds()));
  return text;
}

std::string phase(const v1::Status& status) {
  return status.phase() + (status.catching_up() ? ", catching up" : "") + (status.paused() ? ", paused" : "");
}

std::string paint_phase(const v1::Status& status, const Paint& paint) {
  const auto text = phase(status);
  if (status.leader().empty() || status.paused()) return paint.warn(text);
  return status.phase() == "following" && !status.catching_up() ? paint.good(text) : paint.strong(text);
}

std::string lag_seconds(const v1::Lag& lag) {
  return lag.has_seconds() ? human_seconds(lag.seconds()) : "not known yet";
}

std::string lag_bytes(const v1::Lag::Bytes& bytes) {
  return fmt::format("to receive {}, to apply {}, to confirm {}", human_bytes(bytes.received()),
                     human_bytes(bytes.applied()), human_bytes(bytes.confirmed()));
}

std::string slot(const v1::Slot& slot, const Paint& paint) {
  auto text = fmt::format("{}, {}, {}, keeps {}", slot.name(), slot.active() ? "active" : paint.bad("not active"),
                          slot.wal_status() == "reserved" ? slot.wal_status() : paint.warn(slot.wal_status()),
                          human_bytes(slot.retained_bytes()));
  if (slot.has_safe_bytes()) text += fmt::format(", safe for {} more", human_bytes(slot.safe_bytes()));
  return text;
}

std::string throttled(const v1::Throttled& throttled, double now) {
  return fmt::format("by {}, for {}", throttled.by(), human_seconds(since(throttled.since(), now)));
}

std::string parked(const v1::Parked& target, double now) {
  auto text = fmt::format("{}, for {}: {}; {} keys wait", target.target(), human_seconds(since(target.since(), now)), target.because(), human_count(target.keys()));
  if (target.samples_size() > 0) text += fmt::format(", such as {}", fmt::join(target.samples(), " "));
  return text + (target.next_try() > now ? fmt::format("; tried again in {}", human_seconds(target.next_try() - now)) : "; on trial now");
}

std::string database(const v1::Database& database, const Paint& paint) {
  auto text = fmt::format("{} at {}, PostgreSQL {}", database.name(), database.server(), database.version());
  if (!database.environment().empty()) text += ", " + paint.strong(database.environment());
  return text;
}

std::string slowest(const v1::Slowest& slowest) {
  const auto seconds = slowest.refresh_seconds();
  const auto time = seconds < 1 ? fmt::format("{:.0f} ms", seconds * 1000) : human_seconds(seconds);
  return fmt::format("{}, {} a refresh, {} keys waiting", slowest.target(), time, human_count(slowest.keys()));
}

/// What was proved of something else than is there now.
bool counts_no_more(const v1::Status& status) {
  const auto& all = status.blockers();
  return std::any_of(all.begin(), all.end(), [](const auto& blocker) { return blocker.reason() == "verification"; });
}

std::string verification(const v1::Verification& last, const Paint& paint) {
  const auto drifted = human_count(last.drifted_rows()) + " drifted";
  return fmt::format("{} ago at {}: {} rows compared, {}", human_seconds(last.age_seconds()), last.lsn(),
                     human_count(last.compared_rows()), last.drifted_rows() > 0 ? paint.bad(drifted) : paint.good(drifted));
}

/// How much of what the next flip wants is met.
std::string readiness(const v1::Status& status, const Paint& paint) {
  const auto& all = status.checklist();
  const auto met = std::count_if(all.begin(), all.end(), [](const auto& condition) { return condition.met(); });
  if (met == all.size()) return paint.good(fmt::format("ready: all {} conditions are met", met));
  return paint.warn(fmt::format("{} of {} conditions are met", met, all.size()));
}

}  // namespace

std::string status_json(const v1::Status& status) { return api::json_of(status); }

std::string status_block(const v1::Status& status, double now, const Paint& paint, std::size_t width) {
  std::string text;
  constexpr std::size_t kName = 13;
  const auto fits = [&](const std::string& value) { return width < 2 * kName || kName + columns_of(value) <= width; };
  const auto as_it_is = [&](std::string_view name, const std::string& value) { text += fmt::format("{:<{}}{}\n", name, kName, value); };
  const auto line = [&](std::string_view name, const std::string& value) { as_it_is(name, fits(value) ? value : folded(value, width - kName, kName)); };
  line("migration", status.migration());
  if (status.has_database()) line("database", database(status.database(), paint));
  line("phase", fmt::format("{}, for {}", paint_phase(status, paint), human_seconds(since(status.phase_since(), now))));
  if (status.behind_size() > 0) {
    std::vector<std::string> others;
    for (const auto& target : status.backfill().targets()) {
      if (std::find(status.behind().begin(), status.behind().end(), target.name()) == status.behind().end()) others.push_back(target.name());
    }
    line("behind", paint.strong(fmt::format("{}; the others follow: {}", fmt::join(status.behind(), ", "), fmt::join(others, ", "))));
  }
  if (is_filling(status)) {
    for (const auto& target : status.backfill().targets()) as_it_is("", progress(target, width < 2 * kName ? std::string::npos : width - kName));
    line("backfill", fmt::format("{} rows, {}", human_count(status.backfill().done_rows()), pace(status.backfill())));
  }
  if (status.has_throttled()) line("held back", paint.warn(throttled(status.throttled(), now)));
  for (const auto& wait : status.lock_waits()) {
    line("waits", paint.warn(fmt::format("{}, for {}, for {}", wait.session(), human_seconds(since(wait.since(), now)), wait.holders())));
  }
  if (status.has_trying()) {
    const auto& trying = status.trying();
    line("daemon", paint.bad(fmt::format("{} is there and cannot follow, for {}: {}", trying.daemon(), human_seconds(since(trying.since(), now)), trying.because())));
  }
  for (const auto& standby : status.standbys()) line("standby", standby);
  line("reads", fmt::format("{} ({:g} % of keys on v2)", status.reads().side(), status.reads().percent()));
  line("writes", status.writes().side());
  // Once it has ended nothing is followed.
  if (status.phase() != "completed") {
    line("lag", fmt::format("{}; {}", lag_seconds(status.lag()), lag_bytes(status.lag().bytes())));
    line("slot", slot(status.slot(), paint));
    line("waiting", fmt::format("{} keys in memory, {} spilled", human_count(status.pending_keys()),
                                human_count(status.dirty_keys())));
  }
  if (status.has_slowest() && status.slowest().refresh_seconds() >= kWorthTelling) line("slowest", slowest(status.slowest()));
  line("quarantine", status.quarantined() > 0 ? paint.bad(human_count(status.quarantined()) + " keys") : paint.good("empty"));
  if (status.quarantined() > 0 && status.writes().side() == "v2") line("way back", paint.bad("rows that v1 cannot take: " + human_count(status.quarantined())));
  for (const auto& target : status.parked()) line("parked", paint.bad(parked(target, now)));
  auto verified = status.has_verification() ? verification(status.verification(), paint) : paint.warn("never");
  if (status.has_verification() && counts_no_more(status)) verified += paint.warn("; it counts no more");
  line("verified", verified);
  if (status.has_unaccounted_rows()) {
    const auto rows = human_count(status.unaccounted_rows()) + " source rows";
    line("unaccounted", status.unaccounted_rows() > 0 ? paint.bad(rows) : paint.good(rows));
  }
  // Before that, the one reason is that it is not there yet.
  if (status.phase() == "following") {
    line(status.writes().side() == "v2" ? "way back" : "cutover", readiness(status, paint));
    for (const auto& blocker : status.blockers()) {
      const auto what = fmt::format("{}: {}", paint.bad(blocker.reason()), blocker.detail());
      const auto all = fmt::format("{}; {}", what, blocker.fix());
      line("in the way", fits(all) ? all : what);
      if (!fits(all)) as_it_is("", "→ " + blocker.fix());
    }
  }
  // A command that is copied stays in one piece.
  for (const auto& step : status.next_steps()) as_it_is("next", step);
  return text;
}

std::string status_line(const v1::Status& status, double now) {
  auto text = phase(status);
  if (is_filling(status)) {
    const auto& backfill = status.backfill();
    text +=
        fmt::format(" {:.0f} %, {}", std::floor(100 * share_of(backfill.done_rows(), backfill.estimated_rows(), false)),
                    pace(backfill));
  }
  if (status.has_throttled()) text += "; held back " + throttled(status.throttled(), now);
  if (status.phase() == "completed") return text;
  text += fmt::format("; lag {}, {} to apply; {} keys waiting", lag_seconds(status.lag()),
                      human_bytes(status.lag().bytes().applied()),
                      human_count(status.pending_keys() + status.dirty_keys()));
  if (status.quarantined() > 0) text += fmt::format("; {} keys in quarantine", human_count(status.quarantined()));
  return text;
}

std::string shell_word(const std::string& text) {
  constexpr std::string_view kPlain = "-_.:/@%+=";
  const auto plain = [&](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || kPlain.find(c) != std::string_view::npos; };
  if (!text.empty() && std::all_of(text.begin(), text.end(), plain)) return text;
  std::string word = "'";
  for (const char c : text) word += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return word + "'";
}

}  // namespace crossfade::app
