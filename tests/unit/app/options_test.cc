#include "app/cli/options.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>

#include <cstdlib>
#include <functional>
#include <map>
#include <sstream>

#include "base/failure.h"

namespace crossfade::app {
namespace {

using Words = std::vector<std::string>;

Options parsed(Words words) {
  words.insert(words.begin(), "crossfade");
  std::vector<char*> argv;
  for (auto& word : words) argv.push_back(word.data());
  const auto options = parse_options(static_cast<int>(argv.size()), argv.data());
  EXPECT_TRUE(options) << fmt::format("{}", words);
  return options.value_or(Options{});
}

/// A variable of the environment for the time of a test.
class Environment {
 public:
  Environment(std::string name, const std::string& value) : name_(std::move(name)) { setenv(name_.c_str(), value.c_str(), 1); }
  ~Environment() { unsetenv(name_.c_str()); }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

 private:
  const std::string name_;
};

/// What has to follow a command so that it is whole.
Words needed_by(const std::string& command) {
  static const std::map<std::string, Words> needs = {{"init", {"name", "--from-schema", "public"}},
                                                     {"compare", {"--query", "page.sql"}},
                                                     {"touch", {"exercises", "5"}},
                                                     {"explain", {"exercises", "5"}},
                                                     {"import", {"exports", "a.json"}},
                                                     {"completion", {"bash"}}};
  const auto found = needs.find(command);
  return found == needs.end() ? Words{} : found->second;
}

struct Variable {
  std::string option;
  std::string of_flag;         ///< two values that differ from each other and from the default
  std::string of_environment;
  std::function<std::string(const Options&)> read;
};

const std::map<std::string, Variable>& variables() {
  static const std::map<std::string, Variable> all = {
      {"CROSSFADE_MIGRATION", {"--migration", "staging", "production", [](const Options& o) { return o.migration.string(); }}},
      {"CROSSFADE_SOURCE", {"--source", "dbname=staging", "dbname=production", [](const Options& o) { return o.source; }}},
      {"CROSSFADE_TARGET", {"--target", "dbname=staging", "dbname=production", [](const Options& o) { return o.target; }}},
      {"CROSSFADE_CONTROL", {"--control", "staging.sock", "production.sock", [](const Options& o) { return o.control; }}},
      {"CROSSFADE_LOG_FORMAT", {"--log-format", "json", "logfmt", [](const Options& o) {
                                  return std::string(o.log_format == log::Format::kJson ? "json" : o.log_format == log::Format::kText ? "text" : "logfmt");
                                }}},
      {"CROSSFADE_LOG_LEVEL", {"--log-level", "debug", "error", [](const Options& o) {
                                 return std::string(o.log_level == log::Level::kDebug ? "debug" : o.log_level == log::Level::kInfo ? "info" : "error");
                               }}},
  };
  return all;
}

/// The command's words with `flag` before the command, behind it, and at the end.
std::vector<Words> ways_to_write(const std::string& command, const Words& flag) {
  Words name;
  std::istringstream split(command);
  for (std::string word; split >> word;) name.push_back(word);
  const auto needed = needed_by(command);
  const auto joined = [](std::initializer_list<Words> parts) {
    Words all;
    for (const auto& part : parts) all.insert(all.end(), part.begin(), part.end());
    return all;
  };
  std::vector<Words> ways = {joined({flag, name, needed}), joined({name, flag, needed}), joined({name, needed, flag})};
  if (name.size() == 2) ways.push_back(joined({{name[0]}, flag, {name[1]}, needed}));
  return ways;
}

TEST(OptionsTest, AFlagBeatsTheEnvironmentInEveryCommandWhereverItStands) {
  for (const auto& command : command_texts()) {
    for (const auto& option : command.options) {
      if (option.environment.empty()) continue;
      ASSERT_TRUE(variables().contains(option.environment)) << option.environment;
      const auto& variable = variables().at(option.environment);
      const Environment set(option.environment, variable.of_environment);
      for (const auto& flag : {Words{option.name, variable.of_flag}, Words{option.name + "=" + variable.of_flag}}) {
        for (const auto& words : ways_to_write(command.name, flag)) {
          const auto options = parsed(words);
          EXPECT_EQ(variable.read(options), variable.of_flag) << fmt::format("{}", words);
          EXPECT_EQ(options.command, command.name);
        }
      }
    }
  }
}

TEST(OptionsTest, TheEnvironmentBeatsTheDefaultInEveryCommand) {
  for (const auto& command : command_texts()) {
    for (const auto& option : command.options) {
      if (option.environment.empty()) continue;
      const auto& variable = variables().at(option.environment);
      const Environment set(option.environment, variable.of_environment);
      EXPECT_EQ(variable.read(parsed(ways_to_write(command.name, {}).front())), variable.of_environment) << command.name;
    }
  }
}

TEST(OptionsTest, EveryCommandHasEveryVariable) {
  for (const auto& command : command_texts()) {
    std::vector<std::string> names;
    for (const auto& option : command.options) {
      if (!option.environment.empty()) names.push_back(option.environment);
    }
    for (const auto& [name, variable] : variables()) {
      if (command.name == "verify" && name == "CROSSFADE_TARGET") continue;
      EXPECT_THAT(names, testing::Contains(name)) << command.name;
    }
  }
}

TEST(OptionsTest, AnOptionThatStandsTwiceIsRefused) {
  EXPECT_THROW(parsed({"--migration", "a", "plan", "--migration", "b"}), Failure);
  EXPECT_THROW(parsed({"plan", "--migration", "a", "--migration", "b"}), Failure);
}

TEST(OptionsTest, AWordThatIsAlsoACommandIsTakenForAKey) {
  EXPECT_THAT(parsed({"explain", "plan", "status", "--migration", "m"}).words, testing::ElementsAre("plan", "status"));
  EXPECT_EQ(parsed({"--migration", "plan", "plan"}).migration, "plan");
  EXPECT_THROW(parsed({"plan", "status"}), Failure);
}

}  // namespace
}  // namespace crossfade::app
