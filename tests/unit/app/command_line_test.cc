#include "app/cli/command_line.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>

#include <cstdlib>
#include <functional>
#include <map>
#include <set>
#include <sstream>

#include "app/cli/context.h"
#include "app/commands/commands.h"
#include "base/error/failure.h"

namespace crossfade::app {
namespace {

using Words = std::vector<std::string>;

Call parsed(Words words, const std::vector<Command>& commands = all_commands()) {
  words.insert(words.begin(), "crossfade");
  std::vector<const char*> argv;
  for (const auto& word : words) argv.push_back(word.c_str());
  const auto call = parse_command_line(commands, static_cast<int>(argv.size()), argv.data());
  EXPECT_TRUE(call) << fmt::format("{}", words);
  return call.value_or(Call{});
}

/// Message and advice of the usage Failure that `words` give.
std::string refusal(const Words& words, const std::vector<Command>& commands = all_commands()) {
  try {
    parsed(words, commands);
  } catch (const Failure& failure) {
    EXPECT_EQ(failure.exit(), ExitCode::kUsage);
    EXPECT_FALSE(failure.advice().empty());
    return failure.what();
  }
  return "taken";
}

std::string advice(const Words& words) {
  try {
    parsed(words, all_commands());
  } catch (const Failure& failure) {
    return failure.advice();
  }
  return "taken";
}

/// What was written to stderr meanwhile.
class Complaints {
 public:
  Complaints() { testing::internal::CaptureStderr(); }
  std::string text() { return testing::internal::GetCapturedStderr(); }
};

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
                                                     {"refresh", {"exercises", "5"}},
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
      {"CROSSFADE_TARGET", {"--target", "dbname=staging_v2", "dbname=production_v2", [](const Options& o) { return o.target; }}},
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

/// CROSSFADE_POSTGRES is `demo`'s own, whose options nobody else sees.
bool is_common(const std::string& environment) { return !environment.empty() && environment != "CROSSFADE_POSTGRES"; }

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

TEST(CommandLineTest, AFlagBeatsTheEnvironmentInEveryCommandWhereverItStands) {
  for (const auto& command : command_texts(all_commands())) {
    for (const auto& option : command.options) {
      if (!is_common(option.environment)) continue;
      ASSERT_TRUE(variables().contains(option.environment)) << option.environment;
      const auto& variable = variables().at(option.environment);
      const Environment set(option.environment, variable.of_environment);
      for (const auto& flag : {Words{option.name, variable.of_flag}, Words{option.name + "=" + variable.of_flag}}) {
        for (const auto& words : ways_to_write(command.name, flag)) {
          const auto call = parsed(words);
          EXPECT_EQ(variable.read(call.options), variable.of_flag) << fmt::format("{}", words);
          EXPECT_EQ(call.command, command.name);
        }
      }
    }
  }
}

TEST(CommandLineTest, TheEnvironmentBeatsTheDefaultInEveryCommand) {
  for (const auto& command : command_texts(all_commands())) {
    for (const auto& option : command.options) {
      if (!is_common(option.environment)) continue;
      const auto& variable = variables().at(option.environment);
      const Environment set(option.environment, variable.of_environment);
      EXPECT_EQ(variable.read(parsed(ways_to_write(command.name, {}).front()).options), variable.of_environment) << command.name;
    }
  }
}

TEST(CommandLineTest, EveryCommandHasEveryVariable) {
  for (const auto& command : command_texts(all_commands())) {
    std::vector<std::string> names;
    for (const auto& option : command.options) {
      if (!option.environment.empty()) names.push_back(option.environment);
    }
    for (const auto& [name, variable] : variables()) {
      // A target of a migration, there.
      if (name == "CROSSFADE_TARGET" && (command.name == "verify" || command.name == "explain")) continue;
      EXPECT_THAT(names, testing::Contains(name)) << command.name;
    }
  }
}

TEST(CommandLineTest, AnOptionThatStandsTwiceIsRefused) {
  EXPECT_NE(refusal({"--migration", "a", "plan", "--migration", "b"}), "taken");
  EXPECT_NE(refusal({"plan", "--migration", "a", "--migration", "b"}), "taken");
}

TEST(CommandLineTest, AnUnknownCommandNamesTheOneThatIsNear) {
  EXPECT_EQ(refusal({"verfy"}), "unknown command verfy: did you mean verify?");
  EXPECT_EQ(refusal({"nonsense"}), "unknown command nonsense");
  EXPECT_EQ(refusal({"--migration", "m", "nonsense"}), "unknown command nonsense");
  EXPECT_EQ(refusal({"cutover", "raeds"}), "unknown command cutover raeds: did you mean reads?");
  EXPECT_EQ(refusal({}).substr(0, 35), "crossfade wants a command: demo, in");
  EXPECT_EQ(refusal({"cutover"}), "crossfade cutover wants a command: reads, writes");
}

TEST(CommandLineTest, AnUnknownOptionNamesTheOneThatIsNear) {
  EXPECT_EQ(refusal({"cutover", "reads", "--persent", "10"}), "unknown option --persent: did you mean --percent?");
  EXPECT_EQ(refusal({"plan", "--migrations=m"}), "unknown option --migrations: did you mean --migration?");
  EXPECT_EQ(refusal({"plan", "--xyzzy"}), "unknown option --xyzzy");
  EXPECT_EQ(refusal({"plan", "status"}), "status is one word too many");
  EXPECT_EQ(advice({"prepare", "."}), "--migration . names the folder of a migration");
  EXPECT_EQ(advice({"cutover", "reads", "./gym"}), "--migration ./gym names the folder of a migration");
}

TEST(CommandLineTest, AnOptionThatStandsElsewhereIsToldWhere) {
  EXPECT_EQ(refusal({"--percent", "10", "cutover", "reads"}), "--percent stands behind its command: crossfade cutover reads --percent");
  EXPECT_EQ(refusal({"--percent=10", "cutover", "reads"}), "--percent stands behind its command: crossfade cutover reads --percent");
  EXPECT_EQ(refusal({"cutover", "--percent", "10", "reads"}), "--percent stands behind its command: crossfade cutover reads --percent");
  EXPECT_EQ(refusal({"--watch", "status"}), "--watch stands behind its command: crossfade status --watch");
  EXPECT_EQ(refusal({"status", "--percent", "5"}), "crossfade status has no --percent; crossfade cutover reads has it");
  EXPECT_EQ(refusal({"status", "--set-aside"}), "crossfade status has no --set-aside; crossfade rollback writes has it");
  EXPECT_EQ(refusal({"status", "--rehearse=1"}), "crossfade status has no --rehearse; crossfade cutover writes, crossfade rollback writes have it");
}

TEST(CommandLineTest, AValueThatIsWrongNamesItsOption) {
  EXPECT_EQ(refusal({"plan", "--log-format", "xml"}), "--log-format: \"xml\" is not text or logfmt or json");
  EXPECT_EQ(refusal({"wait", "--lag", "1e300h"}), "--lag: \"1e300h\" is not a duration");
  EXPECT_EQ(refusal({"throttle", "--retained-wal", "inf"}), "--retained-wal: \"inf\" is not a size");
  EXPECT_EQ(refusal({"run", "--jobs", "0"}), "--jobs: \"0\" is not a whole number from 1 to 64");
  EXPECT_EQ(refusal({"cutover", "reads", "--percent", "nan"}), "--percent: \"nan\" is not a percentage above 0 up to 100");
  EXPECT_EQ(refusal({"cutover", "reads", "--percent", "0"}), "--percent: \"0\" is not a percentage above 0 up to 100");
  EXPECT_EQ(refusal({"wait", "--phase", "folowing"}), "--phase: \"folowing\" is not prepared or backfilling or following or completed");
  const Environment set("CROSSFADE_LOG_LEVEL", "loud");
  EXPECT_EQ(refusal({"plan"}), "--log-level: \"loud\" is not debug or info or warn or error");
}

/// A command that keeps what it was given.
struct Given {
  std::string word;
  std::vector<std::string> more;
  std::optional<int> number;
};

Given given;

std::vector<Command> one_command() {
  const auto declare = [](OptionSet& options, Given& own) {
    options.word("WORD", own.word, "");
    options.words("MORE", own.more, "");
    options.number("--jobs", own.number, {1, 64}, "").once_called("--lanes");
  };
  const auto run = [](const Options&, const Given& own) {
    given = own;
    return ExitCode::kMismatch;
  };
  return {{"take", "Group", "", with_options<Given>(declare, run), false, "seize"}};
}

TEST(CommandLineTest, ACommandRunsWithItsOwnOptions) {
  const auto call = parsed({"take", "status", "--jobs", "3", "a", "--migration", "take", "take"}, one_command());
  EXPECT_EQ(call.run(call.options), ExitCode::kMismatch);
  // What is also the name of a command is a word like others here.
  EXPECT_EQ(given.word, "status");
  EXPECT_THAT(given.more, testing::ElementsAre("a", "take"));
  EXPECT_EQ(given.number, 3);
  EXPECT_EQ(call.options.migration, "take");
}

TEST(CommandLineTest, AFormerNameOfAnOptionIsTakenAndSaysTheNewOne) {
  Complaints complaints;
  const auto call = parsed({"take", "x", "--lanes=5"}, one_command());
  call.run(call.options);
  EXPECT_EQ(complaints.text(), "crossfade: --lanes is called --jobs now\n");
  EXPECT_EQ(given.number, 5);
  EXPECT_NE(refusal({"take", "x", "--lanes", "5", "--jobs", "4"}, one_command()), "taken");
}

TEST(CommandLineTest, AFormerNameOfACommandIsTakenAndSaysTheNewOne) {
  Complaints complaints;
  const auto call = parsed({"seize", "x"}, one_command());
  EXPECT_EQ(complaints.text(), "crossfade: seize is called take now\n");
  EXPECT_EQ(call.command, "take");
  EXPECT_EQ(parsed({"take", "x"}, one_command()).command, "take");
}

TEST(CommandLineTest, FormerNamesStandInNoHelp) {
  for (const auto& command : command_texts(all_commands())) {
    EXPECT_NE(command.name, "pace");
    EXPECT_NE(command.name, "touch");
    for (const auto& option : command.options) EXPECT_NE(option.name, "--lanes") << command.name;
  }
}

TEST(CommandLineTest, ACommandDoesWithTwoServersOrSaysWhatToDoInstead) {
  Options two;
  two.source = "dbname=v1";
  two.target = "host=other dbname=v2";
  const std::set<std::string> done = {"plan", "prepare", "run", "wait", "status", "history", "verify", "account", "quarantine", "throttle", "pause", "resume", "doctor", "cancel", "cutover writes", "rollback writes"};
  const std::set<std::string> beside = {"demo", "dashboards", "completion", "manual", "version"};
  for (const auto& command : all_commands()) {
    if (done.contains(command.name) || beside.contains(command.name)) {
      EXPECT_NO_THROW(expect_across(two, command.name)) << command.name;
      continue;
    }
    try {
      expect_across(two, command.name);
      ADD_FAILURE() << command.name << " is taken";
    } catch (const Failure& failure) {
      EXPECT_EQ(failure.exit(), ExitCode::kUsage);
      EXPECT_NE(failure.advice(), "") << command.name;
    }
  }
  // The same database in both, or none: as ever.
  two.target = two.source;
  EXPECT_FALSE(across(two));
  EXPECT_NO_THROW(expect_across(two, "cutover writes"));
}

TEST(CommandLineTest, TheTargetsServerStandsBeforeACommandThatHasATargetOfItsOwn) {
  const auto call = parsed({"--target", "dbname=v2", "verify", "--target", "plans"}, all_commands());
  EXPECT_EQ(call.options.target, "dbname=v2");
}

}  // namespace
}  // namespace crossfade::app
