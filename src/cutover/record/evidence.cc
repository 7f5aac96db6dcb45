#include "cutover/record/evidence.h"

#include <embedded_sql.h>
#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>

#include "base/error/failure.h"
#include "pg/row.h"

namespace crossfade::cutover {
namespace {

/// For its owner alone: who else shall read it is his to say.
void write_file(const std::filesystem::path& path, std::string_view text) {
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  bool written = file >= 0;
  while (written && !text.empty()) {
    const auto count = write(file, text.data(), text.size());
    written = count > 0;
    if (written) text.remove_prefix(static_cast<std::size_t>(count));
  }
  if (file >= 0 && close(file) != 0) written = false;
  if (!written) throw usage_failure(fmt::format("{} cannot be written", path.string()), "the flip has happened; name another folder with --evidence next time");
}

}  // namespace

boost::asio::awaitable<std::filesystem::path> write_evidence(pg::Connection& connection, EvidenceOf of) {
  pg::Parameters parameters = {of.migration, of.flip, fmt::format("{:.3f}", of.hold_milliseconds)};
  const auto rows = co_await connection.query(sql::queries::evidence, parameters);
  const auto row = pg::first(rows);
  std::replace(of.action.begin(), of.action.end(), ' ', '-');
  const auto name = fmt::format("crossfade-{}-{}-{:%Y%m%dT%H%M%SZ}", of.migration, of.action, fmt::gmtime(std::time(nullptr)));
  std::error_code ignored;
  std::filesystem::create_directories(of.directory, ignored);
  write_file(of.directory / (name + ".json"), row.text("json"));
  const auto page = of.directory / (name + ".md");
  write_file(page, row.text("page"));
  co_return page;
}

}  // namespace crossfade::cutover
