#pragma once

#include <libpq-fe.h>

#include <charconv>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/error/failure.h"

namespace crossfade::pg {

struct ClearResult {
  void operator()(PGresult* result) const { PQclear(result); }
};
using ResultHandle = std::unique_ptr<PGresult, ClearResult>;

struct FreeCopyData {
  void operator()(char* bytes) const { PQfreemem(bytes); }
};

/// One CopyData message, owned.
class CopyData {
 public:
  CopyData(char* bytes, std::size_t size) : bytes_(bytes), size_(size) {}
  std::string_view view() const { return {bytes_.get(), size_}; }

 private:
  std::unique_ptr<char, FreeCopyData> bytes_;
  std::size_t size_;
};

/// The rows of one statement, values in text form.
class Result {
 public:
  Result() = default;
  explicit Result(ResultHandle handle) : handle_(std::move(handle)) {}

  std::size_t size() const { return handle_ ? static_cast<std::size_t>(PQntuples(handle_.get())) : 0; }
  std::size_t columns() const { return handle_ ? static_cast<std::size_t>(PQnfields(handle_.get())) : 0; }
  bool empty() const { return size() == 0; }
  std::string_view column_name(std::size_t column) const { return PQfname(handle_.get(), static_cast<int>(column)); }

  bool is_null(std::size_t row, std::size_t column) const {
    return PQgetisnull(handle_.get(), static_cast<int>(row), static_cast<int>(column)) == 1;
  }
  /// The value as text; "" for NULL. Valid as long as this result.
  std::string_view text(std::size_t row, std::size_t column) const {
    return {PQgetvalue(handle_.get(), static_cast<int>(row), static_cast<int>(column)),
            static_cast<std::size_t>(PQgetlength(handle_.get(), static_cast<int>(row), static_cast<int>(column)))};
  }
  std::optional<std::string> optional_text(std::size_t row, std::size_t column) const {
    if (is_null(row, column)) return std::nullopt;
    return std::string(text(row, column));
  }
  /// An integer; 0 for NULL.
  std::int64_t number(std::size_t row, std::size_t column) const {
    std::int64_t value = 0;
    const auto digits = text(row, column);
    std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return value;
  }
  /// A real number; 0 for NULL.
  double real(std::size_t row, std::size_t column) const {
    return is_null(row, column) ? 0.0 : std::strtod(PQgetvalue(handle_.get(), static_cast<int>(row), static_cast<int>(column)), nullptr);
  }
  bool truth(std::size_t row, std::size_t column) const { return text(row, column) == "t"; }

  /// Rows that an insert, update or delete touched (PQcmdTuples).
  std::uint64_t affected() const {
    std::uint64_t count = 0;
    const std::string_view digits = PQcmdTuples(handle_.get());
    std::from_chars(digits.data(), digits.data() + digits.size(), count);
    return count;
  }

 private:
  ResultHandle handle_;
};

}  // namespace crossfade::pg
