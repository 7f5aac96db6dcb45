#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/error/failure.h"
#include "pg/result.h"

namespace crossfade::pg {

/// One row of a result, whose values are asked for by the names of their columns. Valid as long as the result.
class Row {
 public:
  Row(const Result& result, std::size_t number) : result_(&result), number_(number) {}

  bool is_null(std::string_view column) const { return result_->is_null(number_, place_of(column)); }
  /// The value as text; "" for NULL.
  std::string_view text(std::string_view column) const { return result_->text(number_, place_of(column)); }
  std::optional<std::string> optional_text(std::string_view column) const { return result_->optional_text(number_, place_of(column)); }
  /// An integer; 0 for NULL.
  std::int64_t number(std::string_view column) const { return result_->number(number_, place_of(column)); }
  /// A real number; 0 for NULL.
  double real(std::string_view column) const { return result_->real(number_, place_of(column)); }
  std::optional<double> optional_real(std::string_view column) const {
    if (is_null(column)) return std::nullopt;
    return real(column);
  }
  bool truth(std::string_view column) const { return result_->truth(number_, place_of(column)); }

 private:
  /// Throws where the statement gives no such column: a fault of the program, which a test finds before a user does.
  std::size_t place_of(std::string_view column) const {
    for (std::size_t place = 0; place < result_->columns(); ++place) {
      if (result_->column_name(place) == column) return place;
    }
    Failure::Facts facts;
    facts.message = fmt::format("a statement gives no column {}", column);
    throw Failure(std::move(facts));
  }

  const Result* result_;
  std::size_t number_;
};

/// The rows of a result, for a loop: `for (const auto row : pg::rows(result))`.
class Rows {
 public:
  struct Iterator {
    const Result* result;
    std::size_t number;
    Row operator*() const { return {*result, number}; }
    Iterator& operator++() { return ++number, *this; }
    bool operator==(const Iterator& other) const = default;
  };

  explicit Rows(const Result& result) : result_(&result) {}
  Iterator begin() const { return {result_, 0}; }
  Iterator end() const { return {result_, result_->size()}; }

 private:
  const Result* result_;
};

inline Rows rows(const Result& result) { return Rows(result); }
Rows rows(const Result&& result) = delete;  // it would be gone before the loop is

/// The first row of a statement that gives one. Ask Result::empty() before where it may give none.
inline Row first(const Result& result) { return {result, 0}; }
Row first(const Result&& result) = delete;

}  // namespace crossfade::pg
