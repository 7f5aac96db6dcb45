#include "support/clients.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

namespace crossfade::test {
namespace {

using Clock = std::chrono::steady_clock;

/// Repeated without harm: a write whose answer was lost may be there.
std::string insert(const std::string& side, int number, const std::string& owner) {
  if (side == "v1") return fmt::format("insert into exercises (id, plan_id, title) values ({0}, 1 + {0} % 100, 'by a client') on conflict (id) do nothing", number);
  return fmt::format("insert into exercises (id, plan_id, owner, title) select {0}, id, {1}, 'by a client' from plans where id = 1 + {0} % 100 "
                     "on conflict (id) do nothing", number, owner);
}

}  // namespace

Clients::Clients(const std::string& conninfo, int sessions, int writes_per_second, Habits habits)
    : habits_(std::move(habits)),
      writers_(conninfo, sessions, [this](int n) { return session(n); }, std::chrono::microseconds(1'000'000L * sessions / writes_per_second)) {}

std::vector<double> Clients::milliseconds() const {
  auto sorted = milliseconds_;
  std::sort(sorted.begin(), sorted.end());
  return sorted;
}

Writers::Write Clients::session(int n) {
  struct Session {
    int number;
    Random random;
    std::vector<int> own = {};                ///< exercises that are there
    std::optional<Clock::time_point> began = {};  ///< with this number
    int to_delete = 0;
  };
  return [this, at = Session{kFirst + n * 1'000'000, Random(seed() + static_cast<std::uint32_t>(n))}](Sql& sql) mutable {
    if (!at.began) {
      at.began = Clock::now();
      const bool deletes = habits_.delete_too && at.number % 3 == 0 && at.own.size() > 3;
      if (deletes) std::swap(at.own[static_cast<std::size_t>(draw(at.random, 0, static_cast<int>(at.own.size()) - 1))], at.own.back());
      at.to_delete = deletes ? at.own.back() : 0;
    }
    const auto side = sql.value("select " + fmt::format(fmt::runtime(habits_.asks), at.number));
    const auto remove = at.to_delete > 0 ? fmt::format("; delete from exercises where id = {}", at.to_delete) : std::string();
    sql.exec(insert(side, at.number, habits_.owner) + remove);
    const std::lock_guard lock(mutex_);
    if (at.to_delete > 0) {
      deleted_.push_back(at.to_delete);
      at.own.pop_back();
    }
    at.own.push_back(at.number);
    written_.push_back(at.number);
    milliseconds_.push_back(std::chrono::duration<double, std::milli>(Clock::now() - *at.began).count());
    at.began.reset();
    ++at.number;
  };
}

}  // namespace crossfade::test
