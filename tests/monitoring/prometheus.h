#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "support/program.h"

namespace crossfade::test {

/// A port on 127.0.0.1 that nobody uses just now.
int free_port();

/// A real Prometheus with the project's own configuration, made quick: it scrapes one daemon and evaluates the rules four
/// times a second. Stopped with the object; its files are in `directory`.
class Prometheus {
 public:
  /// Scrapes 127.0.0.1:`port`; `rules` is the text of its rule file.
  Prometheus(std::filesystem::path directory, int port, const std::string& rules);

  /// What an instant query finds now, each sample as its value. Fails the test for a query that cannot be evaluated.
  std::vector<double> query(const std::string& expression) const;
  bool fires(const std::string& alert) const;
  /// The names of all alerts that fire.
  std::vector<std::string> firing() const;

 private:
  int port_;
  std::unique_ptr<Program> program_;
};

}  // namespace crossfade::test
