#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "mapping/model/model.h"
#include "pg/connection.h"

namespace crossfade::verify {

/// What the way back's view of a table of v1 makes of v2, held against that table while v1 owns the data.
struct GivenBack {
  std::string table;                     ///< of v1, as the target is called
  std::uint64_t compared = 0;            ///< rows
  bool whole = true;                     ///< false: these were the first by the key, and there are more
  std::uint64_t otherwise = 0;           ///< rows that the view gives otherwise
  std::uint64_t lacking = 0;             ///< of these: it gives no such row
  std::uint64_t added = 0;               ///< of these: v1 has no such row
  std::vector<std::string> columns;      ///< that differ, of the rows that were looked at
  std::string sample;                    ///< one of the rows, by its key
  std::string refused;                   ///< why they cannot be held against each other: the view raises an error, or it took too long

  bool differs() const { return otherwise > 0 || !refused.empty(); }
};

struct GivenBackBounds {
  std::size_t keys = 20'000;                ///< of each table
  std::chrono::milliseconds time{3000};     ///< for all of them; of each some keys are looked at
};

/// `way_back`: the model of the way back, its targets v1's tables as they are called now. In a transaction of the caller's, at its snapshots;
/// what is refused costs a savepoint. A row that differs may be one whose change is on its way.
boost::asio::awaitable<std::vector<GivenBack>> compare_given_back(pg::Connection& in_transaction, const mapping::Model& way_back, GivenBackBounds bounds);

/// "94 of 8431 rows of rental come back otherwise (return_date; rental_id 12 is one)".
std::string describe(const GivenBack& given_back);

}  // namespace crossfade::verify
