#include "base/log.h"

#include <fmt/chrono.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <array>
#include <chrono>
#include <memory>
#include <regex>

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

std::size_t index(Level level) { return static_cast<std::size_t>(level); }

std::string json_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(c);
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out.push_back(c);
    }
  }
  return out + "\"";
}

std::string logfmt_value(std::string_view text) {
  const bool plain = !text.empty() && text.find_first_of(" \"=\n\t\\") == std::string_view::npos;
  return plain ? std::string(text) : json_string(text);
}

}  // namespace

void configure(Format format, Level level) {
  settings().format = format;
  settings().sink->set_level(kSinkLevels[index(level)]);
}

std::string redact(std::string_view text) {
  static const std::regex conninfo(R"((password\s*=\s*)('(?:[^'\\]|\\.)*'|[^\s&'"]+))", std::regex::icase);
  static const std::regex uri(R"((postgres(?:ql)?://[^:/@\s]*:)([^@\s]+)(@))");
  return std::regex_replace(std::regex_replace(std::string(text), conninfo, "$1***"), uri, "$1***$3");
}

std::string line(Format format, Level level, std::string_view at, std::string_view event,
                 const std::vector<Field>& fields) {
  std::string out;
  switch (format) {
    case Format::kText:
      out = fmt::format("{} {:5} {}", at, kLevelNames[index(level)], event);
      for (const auto& field : fields) out += fmt::format(" {}={}", field.name, logfmt_value(field.value));
      break;
    case Format::kLogfmt:
      out = fmt::format("time={} level={} event={}", at, kLevelNames[index(level)], logfmt_value(event));
      for (const auto& field : fields) out += fmt::format(" {}={}", field.name, logfmt_value(field.value));
      break;
    case Format::kJson:
      out = fmt::format(R"({{"time":"{}","level":"{}","event":{})", at, kLevelNames[index(level)], json_string(event));
      for (const auto& field : fields) out += fmt::format(",{}:{}", json_string(field.name), json_string(field.value));
      out += "}";
      break;
  }
  return redact(out);
}

void write(Level level, std::string_view event, const std::vector<Field>& fields) {
  const auto& [format, sink] = settings();
  if (!sink->should_log(kSinkLevels[index(level)])) return;
  const auto now = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  const auto millis = now.time_since_epoch().count() % 1000;
  const auto at = fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(std::chrono::system_clock::to_time_t(now)), millis);
  sink->log(kSinkLevels[index(level)], "{}", line(format, level, at, event, fields));
  sink->flush();
}

}  // namespace crossfade::log
