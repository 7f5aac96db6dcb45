#include <embedded_sql.h>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>

#include "api/message.h"
#include "app/cli/context.h"
#include "app/commands/commands.h"
#include "app/status/long_work.h"
#include "base/error/failure.h"
#include "base/text/human.h"
#include "base/text/line_reader.h"
#include "base/text/sql_text.h"
#include "crossfade/v1/import.pb.h"
#include "pg/row.h"

namespace crossfade::app {
namespace {

namespace fs = std::filesystem;
namespace queries = sql::queries;

struct ImportOptions {
  std::string table;
  std::vector<std::string> files;
};

void declare(OptionSet& options, ImportOptions& own) {
  options.word("TABLE", own.table, "The landing table");
  options.words("FILE", own.files, "NDJSON; - is standard input").required();
}

/// Where lines go: a table with one jsonb column; columns file and line get where a line came from.
struct Landing {
  std::string table;   ///< quoted as needed
  std::string column;
  bool has_origin = false;
  bool repeatable = false;  ///< a unique key tells lines that are there already
};

/// Told before anything is written: a file that cannot be read must not stop an import half way.
void require_readable(const std::vector<std::string>& files) {
  for (const auto& file : files) {
    if (file == "-") continue;
    if (fs::is_directory(file)) throw usage_failure(file + " is a folder", "name the files in it");
    if (!std::ifstream(file)) throw usage_failure("cannot read " + file, "nothing was imported; look at the name and its rights");
  }
}

asio::awaitable<Landing> find_landing(pg::Connection& connection, const std::string& name) {
  const std::string sql(queries::import_table);
  pg::Parameters parameters = {name.find('.') == std::string::npos ? "public." + name : name};
  const auto rows = co_await connection.query(sql, std::move(parameters));
  if (rows.empty()) {
    throw precondition_failure(fmt::format("there is no table {}", name), "name it as in SQL: exports, other.exports, '\"Exports\"'");
  }
  const auto row = pg::first(rows);
  const std::string table(row.text("table_name"));
  if (const auto key = row.optional_text("deferrable_key")) {
    throw precondition_failure(fmt::format("key {} is deferrable: the server does not leave out what the table has already", *key),
                               "drop it, and add it again without deferrable");
  }
  const auto columns = parse_array(row.text("json_columns"));
  if (columns.size() != 1) {
    throw precondition_failure(fmt::format("table {} has {} columns of type jsonb", table, columns.size()),
                               "a landing table has one, and defaults for the others");
  }
  co_return Landing{table, columns[0].value(), row.truth("has_origin"), row.truth("repeatable")};
}

/// One statement takes a file's good lines and names its bad ones. What a unique key of the table has already is left out, so
/// an import may be repeated. Rows are written in the order in which they were copied; to sort them once more would cost a third.
std::string write_statement(const Landing& landing) {
  const auto column = quote_identifier(landing.column);
  return fmt::format(
      "with read as materialized (\n"
      "  select l.line, r.value, r.problem from pg_temp.crossfade_import l cross join lateral pg_temp.crossfade_read_line(l.bytes) r\n"
      "), written as (\n"
      "  insert into {} ({}{})\n  select value{} from read where problem is null\n"
      "  on conflict do nothing returning 1\n"
      ")\nselect (select count(*) from written) as imported, bad.line, bad.problem\n"
      "from (values (1)) one left join (select line, problem from read where problem is not null) bad on true order by bad.line",
      landing.table, column, landing.has_origin ? ", file, line" : "", landing.has_origin ? ", $1, line" : "");
}

/// How far a file is, told now and then while it is read.
class Reading {
 public:
  Reading(LongWork& work, const std::string& name, std::string which) : work_(work), which_(std::move(which)), size_(size_of(name)) {}

  void at(const LineReader& lines) {
    if (pg::Clock::now() < next_) return;
    next_ = pg::Clock::now() + std::chrono::milliseconds(100);
    work_.at({fmt::format("{}: {} lines", which_, human_count(static_cast<double>(lines.number()))), static_cast<double>(lines.bytes()), size_});
    work_.go_on();
  }
  /// An end that Ctrl-C made is none.
  void at_end() { work_.go_on(); }
  void all_sent() { work_.at({which_ + ": all lines sent, now checked and written", size_, size_}); }

 private:
  /// 0 where nobody knows.
  static double size_of(const std::string& name) { return name != "-" && fs::is_regular_file(name) ? static_cast<double>(fs::file_size(name)) : 0; }

  LongWork& work_;
  const std::string which_;
  const double size_;
  pg::Clock::time_point next_ = pg::Clock::now();
};

/// A line of COPY: its number and its bytes in hex, which needs no escapes and lets nothing be misread.
void append(std::string& buffer, const LineReader& line) {
  static constexpr char kDigits[] = "0123456789abcdef";
  buffer += fmt::format("{}\t\\\\x", line.number());
  for (const char c : line.text()) {
    const auto byte = static_cast<unsigned char>(c);
    buffer += kDigits[byte >> 4];
    buffer += kDigits[byte & 15];
  }
  buffer += '\n';
}

/// A file is one transaction: all its good lines, or none.
asio::awaitable<v1::Import::File> import_file(pg::Connection& connection, const Landing& landing, const std::string& name, Reading& reading) {
  v1::Import::File result;
  result.set_file(name);
  std::ifstream opened;
  if (name != "-") opened.open(name, std::ios::binary);
  LineReader lines(name == "-" ? std::cin : opened);
  std::uint64_t count = 0;
  std::function<bool(std::string&)> next = [&](std::string& buffer) {
    while (lines.next()) {
      ++count;
      reading.at(lines);
      if (!lines.too_long()) {
        append(buffer, lines);
        return true;
      }
      auto& bad = *result.add_bad();
      bad.set_line(static_cast<double>(lines.number()));
      bad.set_reason(fmt::format("longer than {}", human_bytes(static_cast<double>(LineReader::kLongest))));
    }
    reading.at_end();
    return false;
  };
  co_await connection.script("begin");
  co_await connection.query(queries::import_stage);
  co_await connection.copy_in("copy pg_temp.crossfade_import from stdin", std::move(next));
  reading.all_sent();
  pg::Parameters parameters;
  if (landing.has_origin) parameters.push_back(name);
  auto statement = write_statement(landing);
  const auto rows = co_await connection.query(std::move(statement), std::move(parameters));
  co_await connection.script("commit");
  for (const auto row : pg::rows(rows)) {
    if (row.is_null("line")) break;
    auto& bad = *result.add_bad();
    bad.set_line(row.real("line"));
    bad.set_reason(std::string(row.text("problem")));
  }
  result.set_lines(static_cast<double>(count));
  result.set_imported(pg::first(rows).real("imported"));
  result.set_already_there(result.lines() - result.imported() - result.bad_size());
  co_return result;
}

void tell(const v1::Import::File& file) {
  for (const auto& bad : file.bad()) std::cerr << fmt::format("{}:{}: {}\n", file.file(), bad.line(), bad.reason());
  std::cout << fmt::format("{}: {} lines, {} imported, {} already there, {} bad\n", file.file(), file.lines(), file.imported(), file.already_there(),
                           file.bad_size()) << std::flush;
}

void add_next_steps(v1::Import& result, const Landing& landing) {
  const auto is_bad = [](const v1::Import::File& file) { return file.bad_size() > 0; };
  if (std::none_of(result.files().begin(), result.files().end(), is_bad)) return;
  result.add_next_steps(landing.repeatable ? "mend the bad lines and import their file again: what the table has is left out"
                                           : "mend the bad lines and import them alone: the table has no unique key, and what comes again is there twice");
}

asio::awaitable<void> import_files(const Options& options, const ImportOptions& own, LongWork& work, v1::Import& result) {
  pg::Connection connection = co_await pg::Connection::open(endpoint(options, "import"));
  EndsOnServer work_there(connection);
  const auto landing = co_await find_landing(connection, own.table);
  co_await connection.query(queries::import_reader);
  result.set_table(landing.table);
  for (const auto& name : own.files) {
    Reading reading(work, name, fmt::format("file {} of {}, {}", result.files_size() + 1, own.files.size(), name));
    auto file = co_await import_file(connection, landing, name, reading);
    work.rest();
    if (!options.json) tell(file);
    *result.add_files() = std::move(file);
  }
  add_next_steps(result, landing);
  work_there.done();
}

ExitCode import(const Options& options, const ImportOptions& own) {
  require_readable(own.files);
  v1::Import result;
  LongWork work(options, "import");
  if (const auto ended = work.to_end(import_files(options, own, work, result)); ended != LongWork::Ended::kByItself) return work.show_known(ended);
  if (options.json) std::cout << api::json_of(result) << "\n";
  for (const auto& step : result.next_steps()) {
    if (!options.json) std::cout << "next: " << step << "\n";
  }
  for (const auto& file : result.files()) {
    if (file.bad_size() > 0) return ExitCode::kMismatch;
  }
  return ExitCode::kOk;
}

}  // namespace

Command import_command() { return {"import", "Data", "Bring NDJSON into a landing table; 4 if lines were bad", with_options(declare, import)}; }

}  // namespace crossfade::app
