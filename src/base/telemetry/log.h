#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace crossfade::log {

enum class Level { kDebug, kInfo, kWarn, kError };
enum class Format { kText, kLogfmt, kJson };

/// One named fact of an event: {"target", "workout_days"}.
struct Field {
  template <typename Value>
  Field(std::string_view field_name, const Value& field_value) : name(field_name), value(fmt::format("{}", field_value)) {}

  std::string name;
  std::string value;
  bool quotes_rows = false;
};

/// A fact that may quote a row. It stands in the log, which is the operator's own, and not in what is handed on.
template <typename Value>
Field quoting(std::string_view name, const Value& value) {
  Field field(name, value);
  field.quotes_rows = true;
  return field;
}

/// Chooses format and level for the whole process; text and info until called. Lines go to stderr, one an event.
void configure(Format format, Level level);

/// Writes one event. `event` is a short sentence in the project's words; what varies stands in the fields. Passwords in
/// connection strings are blotted out wherever they appear.
void write(Level level, std::string_view event, const std::vector<Field>& fields = {});

inline void debug(std::string_view event, const std::vector<Field>& fields = {}) { write(Level::kDebug, event, fields); }
inline void info(std::string_view event, const std::vector<Field>& fields = {}) { write(Level::kInfo, event, fields); }
inline void warn(std::string_view event, const std::vector<Field>& fields = {}) { write(Level::kWarn, event, fields); }
inline void error(std::string_view event, const std::vector<Field>& fields = {}) { write(Level::kError, event, fields); }

/// The line that write() would print, without its end; pure, for tests. `at` is the time as ISO 8601.
std::string line(Format format, Level level, std::string_view at, std::string_view event, const std::vector<Field>& fields);

/// The last events of this process, oldest first, each with its end, for somebody who is asked for help: as text, without
/// what may quote a row.
std::string recent();

/// `text` with the value of every password=… and password '…', and every password in a URI, replaced by ***. To be called
/// where other people's texts come in: messages of the server, queries of sessions.
std::string redact(std::string_view text);

}  // namespace crossfade::log
