#include "app/demo/audience.h"

#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <sstream>

#include "base/text/human.h"

namespace crossfade::app {

void print_sentence(const std::string& sentence) { std::cout << "\n» " << sentence << std::endl; }

void print_answer(const std::string& answer) {
  std::istringstream lines(answer);
  for (std::string line; std::getline(lines, line);) std::cout << "  " << line << "\n";
  std::cout << std::flush;
}

std::string progress_of(const v1::Status& status, bool done) {
  const auto& backfill = status.backfill();
  const double share = done ? 100 : backfill.estimated_rows() > 0 ? std::min(99.0, 100 * backfill.done_rows() / backfill.estimated_rows()) : 0;
  return fmt::format("  {:<12} {:>3.0f} %  {:>10} rows  {:>9} rows/s{}  lag {}", status.phase(), share, human_count(backfill.done_rows()),
                     human_count(backfill.rows_per_second()),
                     backfill.has_eta_seconds() ? "  " + human_seconds(backfill.eta_seconds()) + " left" : "",
                     status.lag().has_seconds() ? human_seconds(status.lag().seconds()) : "not known yet");
}

}  // namespace crossfade::app
