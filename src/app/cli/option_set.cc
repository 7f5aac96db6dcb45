#include "app/cli/option_set.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <iostream>

#include "base/error/failure.h"
#include "base/text/nearest_word.h"
#include "base/value/duration.h"

namespace crossfade::app {
namespace {

int whole_number(const std::string& text, OptionSet::Range range) {
  int number = 0;
  const auto* const end = text.data() + text.size();
  const auto [read, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || read != end || number < range.least || number > range.most) {
    throw usage_failure(fmt::format("\"{}\" is not a whole number from {} to {}", text, range.least, range.most), "write such a number");
  }
  return number;
}

double percentage(const std::string& text) {
  double number = 0;
  const auto* const end = text.data() + text.size();
  const auto [read, error] = std::from_chars(text.data(), end, number, std::chars_format::fixed);
  if (error != std::errc() || read != end || !(number > 0 && number <= 100)) {
    throw usage_failure(fmt::format("\"{}\" is not a percentage above 0 up to 100", text), "write e.g. 10; all keys go back with `crossfade rollback reads`");
  }
  return number;
}

void require_one_of(const std::string& text, const std::vector<std::string>& words) {
  if (std::find(words.begin(), words.end(), text) != words.end()) return;
  const auto near = nearest_word(text, words);
  throw usage_failure(fmt::format("\"{}\" is not {}", text, fmt::join(words, " or ")), near ? fmt::format("did you mean {}?", *near) : "write one of these words");
}

}  // namespace

void say_renamed(const std::string& former, const std::string& name) { std::cerr << fmt::format("crossfade: {} is called {} now\n", former, name); }

OptionSet::Declared OptionSet::Declared::required() {
  option_->required();
  return *this;
}

OptionSet::Declared OptionSet::Declared::optional() {
  option_->required(false);
  return *this;
}

OptionSet::Declared OptionSet::Declared::environment(const char* variable) {
  option_->envname(variable);
  return *this;
}

OptionSet::Declared OptionSet::Declared::hidden() {
  option_->group("");
  return *this;
}

OptionSet::Declared OptionSet::Declared::once_called(const char* name) {
  auto* option = option_;
  // It hands over what it is given, so that the two are one option to every check.
  app_.add_option_function<std::string>(name, [option, name](const std::string& value) {
        say_renamed(name, option->get_name());
        option->add_result(value);
        option->run_callback();
      })
      ->group("");
  return *this;
}

OptionSet::Declared OptionSet::read(const char* name, const std::string& kind, const char* help, std::function<void(const std::string&)> set) {
  const auto named = [set = std::move(set), name](const std::string& text) {
    try {
      set(text);
    } catch (const Failure& failure) {
      throw usage_failure(fmt::format("{}: {}", name, failure.what()), failure.advice());
    }
  };
  auto* option = app_.add_option_function<std::string>(name, named, help);
  option->type_name(kind);
  return {app_, option};
}

OptionSet::Declared OptionSet::flag(const char* name, bool& value, const char* help) { return {app_, app_.add_flag(name, value, help)}; }

OptionSet::Declared OptionSet::text(const char* name, std::string& value, const char* kind, const char* help) {
  return read(name, kind, help, [&value](const std::string& text) { value = text; });
}

OptionSet::Declared OptionSet::path(const char* name, std::filesystem::path& value, const char* kind, const char* help) {
  return read(name, kind, help, [&value](const std::string& text) { value = text; });
}

OptionSet::Declared OptionSet::texts(const char* name, std::vector<std::string>& values, const char* kind, const char* help) {
  auto* option = app_.add_option(name, values, help);
  option->type_name(kind);
  // One a time: what follows may be given by its place.
  option->allow_extra_args(false);
  return {app_, option};
}

OptionSet::Declared OptionSet::choice(const char* name, std::vector<std::string> words, const char* help, std::function<void(const std::string&)> set) {
  const auto kind = fmt::format("{}", fmt::join(words, "|"));
  return read(name, kind, help, [words = std::move(words), set = std::move(set)](const std::string& text) {
    require_one_of(text, words);
    set(text);
  });
}

OptionSet::Declared OptionSet::choice(const char* name, std::string& value, std::vector<std::string> words, const char* help) {
  return choice(name, std::move(words), help, [&value](const std::string& text) { value = text; });
}

OptionSet::Declared OptionSet::number(const char* name, std::optional<int>& value, Range range, const char* help) {
  return read(name, "N", help, [&value, range](const std::string& text) { value = whole_number(text, range); });
}

OptionSet::Declared OptionSet::number(const char* name, int& value, Range range, const char* help) {
  return read(name, "N", help, [&value, range](const std::string& text) { value = whole_number(text, range); });
}

OptionSet::Declared OptionSet::percent(const char* name, std::optional<double>& value, const char* help) {
  return read(name, "PERCENT", help, [&value](const std::string& text) { value = percentage(text); });
}

OptionSet::Declared OptionSet::duration(const char* name, std::optional<std::chrono::milliseconds>& value, const char* help) {
  return read(name, "DURATION", help, [&value](const std::string& text) { value = parse_duration(text); });
}

OptionSet::Declared OptionSet::duration(const char* name, std::chrono::milliseconds& value, const char* help) {
  return read(name, "DURATION", help, [&value](const std::string& text) { value = parse_duration(text); });
}

OptionSet::Declared OptionSet::size(const char* name, std::optional<std::uint64_t>& value, const char* help) {
  return read(name, "SIZE", help, [&value](const std::string& text) { value = parse_size(text); });
}

OptionSet::Declared OptionSet::word(const char* what, std::string& value, const char* help) {
  auto* option = app_.add_option(what, value, help);
  option->type_name("")->required();
  return {app_, option};
}

OptionSet::Declared OptionSet::words(const char* what, std::vector<std::string>& values, const char* help) {
  auto* option = app_.add_option(what, values, help);
  option->type_name("");
  return {app_, option};
}

}  // namespace crossfade::app
