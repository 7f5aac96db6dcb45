#include "base/telemetry/process_metrics.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <string>

namespace crossfade {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

/// The fields of /proc/self/stat that follow the program's name, by their number in proc(5).
class Stat {
 public:
  Stat() {
    std::ifstream file("/proc/self/stat");
    std::string text(std::istreambuf_iterator<char>(file), {});
    // The name stands in parentheses and may itself contain blanks and parentheses; the last one ends it.
    std::istringstream rest(text.substr(std::min(text.size(), text.rfind(')') + 1)));
    fields_.assign(std::istream_iterator<std::string>(rest), {});
  }

  bool read() const { return fields_.size() > 24; }
  double field(std::size_t number) const { return std::stod(fields_.at(number - 3)); }

 private:
  std::vector<std::string> fields_;
};

/// When the machine started, in seconds since 1970.
std::optional<double> boot_time() {
  std::ifstream file("/proc/stat");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("btime ")) return std::stod(line.substr(6));
  }
  return std::nullopt;
}

double open_files() {
  std::error_code failed;
  const auto folder = std::filesystem::directory_iterator("/proc/self/fd", failed);
  // One of them is the one that counts them.
  return failed ? 0 : static_cast<double>(std::distance(begin(folder), end(folder)) - 1);
}

MetricFamily family(const std::string& name, const std::string& help, MetricType type, double value) {
  ClientMetric metric;
  (type == MetricType::Counter ? metric.counter.value : metric.gauge.value) = value;
  return {name, help, type, {metric}};
}

}  // namespace

std::vector<MetricFamily> process_metrics() {
  std::vector<MetricFamily> families;
  families.push_back(family("process_open_fds", "Open file descriptors", MetricType::Gauge, open_files()));
  const Stat stat;
  if (!stat.read()) return families;
  const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  const auto page = static_cast<double>(sysconf(_SC_PAGESIZE));
  families.push_back(family("process_cpu_seconds_total", "CPU time used, user and system", MetricType::Counter,
                            (stat.field(14) + stat.field(15)) / ticks));
  families.push_back(
      family("process_resident_memory_bytes", "Resident memory", MetricType::Gauge, stat.field(24) * page));
  families.push_back(family("process_virtual_memory_bytes", "Virtual memory", MetricType::Gauge, stat.field(23)));
  if (const auto boot = boot_time()) {
    families.push_back(family("process_start_time_seconds", "When the program started, in seconds since 1970",
                              MetricType::Gauge, *boot + stat.field(22) / ticks));
  }
  return families;
}

}  // namespace crossfade
