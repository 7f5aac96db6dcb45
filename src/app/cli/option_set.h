#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace crossfade::app {

/// Declares options, and hides which library reads the command line. Each call says the option's name, the variable that it sets
/// if it is given, and the sentence of the help. Whatever is wrong with a value is a usage Failure that names the option.
class OptionSet {
 public:
  /// What was declared, for more to be said of it.
  class Declared {
   public:
    Declared(CLI::App& app, CLI::Option* option) : app_(app), option_(option) {}

    Declared required();
    Declared optional();
    /// Read where the option is not given.
    Declared environment(const char* variable);
    /// Its name until now is still taken, and says the new one.
    Declared once_called(const char* name);
    /// Taken, and shown nowhere.
    Declared hidden();

   private:
    CLI::App& app_;
    CLI::Option* option_;
  };

  explicit OptionSet(CLI::App& app) : app_(app) {}

  Declared flag(const char* name, bool& value, const char* help);
  /// `kind` stands for the value in the help: FILE, CONNINFO.
  Declared text(const char* name, std::string& value, const char* kind, const char* help);
  Declared path(const char* name, std::filesystem::path& value, const char* kind, const char* help);
  /// May be given several times.
  Declared texts(const char* name, std::vector<std::string>& values, const char* kind, const char* help);
  /// One of `words`.
  Declared choice(const char* name, std::vector<std::string> words, const char* help, std::function<void(const std::string&)> set);
  Declared choice(const char* name, std::string& value, std::vector<std::string> words, const char* help);
  struct Range {
    int least;
    int most;
  };
  Declared number(const char* name, std::optional<int>& value, Range range, const char* help);
  Declared number(const char* name, int& value, Range range, const char* help);
  Declared percent(const char* name, std::optional<double>& value, const char* help);
  Declared duration(const char* name, std::optional<std::chrono::milliseconds>& value, const char* help);
  Declared duration(const char* name, std::chrono::milliseconds& value, const char* help);
  /// In bytes.
  Declared size(const char* name, std::optional<std::uint64_t>& value, const char* help);

  /// Given by their place, without a name; `what` stands for them in the help.
  Declared word(const char* what, std::string& value, const char* help);
  Declared words(const char* what, std::vector<std::string>& values, const char* help);

 private:
  Declared read(const char* name, const std::string& kind, const char* help, std::function<void(const std::string&)> set);

  CLI::App& app_;
};

/// One line on stderr: that `former` is called `name` now.
void say_renamed(const std::string& former, const std::string& name);

}  // namespace crossfade::app
