#include "base/telemetry/log.h"

#include <fmt/chrono.h>
#include <fmt/ranges.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <chrono>
#include <deque>
#include <memory>
#include <mutex>

#include "base/text/json.h"

namespace crossfade::log {
namespace {

struct Settings {
  Format format = Format::kText;
  std::shared_ptr<spdlog::logger> sink = [] {
    auto logger = std::make_shared<spdlog::logger>("crossfade", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    logger->set_pattern("%v");
    return logger;
  }();
};

Settings& settings() {
  static Settings instance;
  return instance;
}

constexpr std::array kLevelNames = {"debug", "info", "warn", "error"};
constexpr std::array kSinkLevels = {spdlog::level::debug, spdlog::level::info, spdlog::level::warn, spdlog::level::err};

/// Enough to see what led to a trouble, little enough to be read and sent.
constexpr std::size_t kRecentEvents = 400;
constexpr std::size_t kRecentLine = 1000;  // bytes

/// The live writer of a demo logs in a thread of its own.
struct Recent {
  std::mutex mutex;
  std::deque<std::string> lines;
};

Recent& recent_events() {
  static Recent instance;
  return instance;
}

void remember(Level level, std::string_view at, std::string_view event, std::vector<Field> fields) {
  for (auto& field : fields) {
    if (field.quotes_rows) field.value = "…";
  }
  auto text = line(Format::kText, level, at, event, fields);
  if (text.size() > kRecentLine) text.resize(kRecentLine);
  auto& [mutex, lines] = recent_events();
  const std::lock_guard guard(mutex);
  lines.push_back(std::move(text));
  if (lines.size() > kRecentEvents) lines.pop_front();
}

std::size_t index(Level level) { return static_cast<std::size_t>(level); }

std::string logfmt_value(std::string_view text) {
  const bool plain = !text.empty() && text.find_first_of(" \"=\n\t\\") == std::string_view::npos;
  return plain ? std::string(text) : json_string(text);
}

constexpr std::string_view kBlanks = " \t\r\n";
constexpr std::string_view kBlot = "***";

/// scheme://user:PASSWORD@host. The last @ of the word counts, because an @ in a password is often left unescaped.
std::string without_uri_passwords(std::string text) {
  constexpr std::string_view kAfterScheme = "://";
  for (auto at = text.find(kAfterScheme); at != std::string::npos; at = text.find(kAfterScheme, at)) {
    at += kAfterScheme.size();
    const auto user_end = text.find_first_of(":/@ \t\r\n", at);
    if (user_end == std::string::npos || text[user_end] != ':') continue;
    const auto host = text.rfind('@', text.find_first_of(kBlanks, at));
    if (host != std::string::npos && host > user_end) text.replace(user_end + 1, host - user_end - 1, kBlot);
  }
  return text;
}

/// The $tag$ that begins at `at`; "" where there is none.
std::string_view dollar_tag(std::string_view text, std::size_t at) {
  auto end = at + 1;
  while (end < text.size() && (std::isalnum(static_cast<unsigned char>(text[end])) != 0 || text[end] == '_')) ++end;
  return end < text.size() && text[end] == '$' ? text.substr(at, end + 1 - at) : std::string_view{};
}

/// Where a value ends: 'in quotes' of any kind, or at a blank, a quote or the & of a URI.
std::size_t end_of_value(std::string_view text, std::size_t at) {
  // E'…', N'…', U&'…'
  const auto quote = text.find('\'', at);
  if (quote != std::string_view::npos && quote - at <= 2 && text.substr(at, quote - at).find_first_not_of("eEnNuU&") == std::string_view::npos) at = quote;
  const char first = at < text.size() ? text[at] : ' ';
  if (const auto tag = first == '$' ? dollar_tag(text, at) : std::string_view{}; !tag.empty()) {
    const auto closing = text.find(tag, at + tag.size());
    return closing == std::string_view::npos ? text.size() : closing + tag.size();
  }
  if (first != '\'' && first != '"') return std::min(text.find_first_of(" \t\r\n&'\"", at), text.size());
  for (++at; at < text.size() && text[at] != first; ++at) {
    if (text[at] == '\\') ++at;
  }
  return std::min(at + 1, text.size());
}

/// Where the value of a word that ended at `at` begins: behind a =, as a literal, or as the value of a JSON member. npos: it has none.
std::size_t begin_of_value(std::string_view text, std::size_t at) {
  const auto after_blanks = [&](std::size_t from) { return std::min(text.find_first_not_of(kBlanks, from), text.size()); };
  const auto after = after_blanks(at);
  const auto rest = text.substr(after);
  if (rest.starts_with('=')) return after_blanks(after + 1);
  if (rest.starts_with('"')) {
    const auto colon = after_blanks(after + 1);
    return colon < text.size() && text[colon] == ':' ? after_blanks(colon + 1) : std::string_view::npos;
  }
  const auto literal = rest.find_first_not_of("eEnNuU&");
  const bool quoted = literal != std::string_view::npos && literal <= 2 && rest[literal] == '\'';
  return quoted || (rest.starts_with('$') && !dollar_tag(text, after).empty()) ? after : std::string_view::npos;
}

/// password = VALUE as in a connection string, password 'VALUE' as in a statement, "password": VALUE as in JSON, however it is spelled.
std::string without_password_words(std::string_view text) {
  constexpr std::string_view kWord = "password";
  const auto same = [](char a, char b) { return std::tolower(static_cast<unsigned char>(a)) == b; };
  std::string out;
  std::size_t copied = 0;
  for (auto from = text.begin();;) {
    const auto word = std::search(from, text.end(), kWord.begin(), kWord.end(), same);
    if (word == text.end()) break;
    from = word + kWord.size();
    const auto value = begin_of_value(text, static_cast<std::size_t>(from - text.begin()));
    if (value == std::string_view::npos) continue;
    const auto end = end_of_value(text, value);
    out.append(text, copied, value - copied);
    if (end > value) out.append(kBlot);
    copied = end;
    from = text.begin() + static_cast<std::ptrdiff_t>(end);
  }
  return out.append(text, copied);
}

}  // namespace

void configure(Format format, Level level) {
  settings().format = format;
  settings().sink->set_level(kSinkLevels[index(level)]);
}

// Not with std::regex, which recurses once a character and ends the process on a long line.
std::string redact(std::string_view text) { return without_password_words(without_uri_passwords(std::string(text))); }

std::string line(Format format, Level level, std::string_view at, std::string_view named,
                 const std::vector<Field>& fields) {
  std::string out;
  // Before anything is escaped: an escaped quote would end a password too early.
  const auto event = redact(named);
  switch (format) {
    case Format::kText:
      out = fmt::format("{} {:5} {}", at, kLevelNames[index(level)], event);
      for (const auto& field : fields) out += fmt::format(" {}={}", field.name, logfmt_value(redact(field.value)));
      break;
    case Format::kLogfmt:
      out = fmt::format("time={} level={} event={}", at, kLevelNames[index(level)], logfmt_value(event));
      for (const auto& field : fields) out += fmt::format(" {}={}", field.name, logfmt_value(redact(field.value)));
      break;
    case Format::kJson:
      out = fmt::format(R"({{"time":"{}","level":"{}","event":{})", at, kLevelNames[index(level)], json_string(event));
      for (const auto& field : fields)
        out += fmt::format(",{}:{}", json_string(field.name), json_string(redact(field.value)));
      out += "}";
      break;
  }
  return out;
}

void write(Level level, std::string_view event, const std::vector<Field>& fields) {
  const auto& [format, sink] = settings();
  if (!sink->should_log(kSinkLevels[index(level)])) return;
  const auto now = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  const auto millis = now.time_since_epoch().count() % 1000;
  const auto at =
      fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(std::chrono::system_clock::to_time_t(now)), millis);
  sink->log(kSinkLevels[index(level)], "{}", line(format, level, at, event, fields));
  sink->flush();
  remember(level, at, event, fields);
}

std::string recent() {
  auto& [mutex, lines] = recent_events();
  const std::lock_guard guard(mutex);
  return fmt::format("{}{}", fmt::join(lines, "\n"), lines.empty() ? "" : "\n");
}

}  // namespace crossfade::log
