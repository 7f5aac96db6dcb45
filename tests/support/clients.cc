#include "support/clients.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <utility>

#include "support/move.h"
#include "support/writers.h"

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

Clients::Clients(const std::string& conninfo, int sessions, int writes_per_second, Habits habits) : habits_(std::move(habits)) {
  const std::chrono::microseconds interval(1'000'000L * sessions / writes_per_second);
  for (int n = 0; n < sessions; ++n) threads_.emplace_back([this, conninfo, n, interval] { write(conninfo, n, interval); });
}

void Clients::stop() {
  stopping_ = true;
  for (auto& thread : threads_) thread.join();
  threads_.clear();
}

void Clients::expect_progress(std::uint64_t more) {
  const auto goal = acknowledged_ + more;
  EXPECT_TRUE(eventually([&] { return acknowledged_ >= goal; }, kLimit)) << "the clients are stuck";
}

std::vector<double> Clients::milliseconds() const {
  auto sorted = milliseconds_;
  std::sort(sorted.begin(), sorted.end());
  return sorted;
}

void Clients::write(const std::string& conninfo, int session, std::chrono::microseconds interval) {
  std::unique_ptr<Sql> sql;
  auto next = Clock::now();
  Random random(seed() + static_cast<std::uint32_t>(session));
  std::vector<int> own;
  for (int number = kFirst + session * 1'000'000; !stopping_; ++number) {
    const bool deletes = habits_.delete_too && number % 3 == 0 && own.size() > 3;
    if (deletes) std::swap(own[static_cast<std::size_t>(draw(random, 0, static_cast<int>(own.size()) - 1))], own.back());
    const auto remove = deletes ? fmt::format("; delete from exercises where id = {}", own.back()) : std::string();
    std::this_thread::sleep_until(next);
    next = std::max(next + interval, Clock::now());
    const auto began = Clock::now();
    for (bool there = false; !there;) {
      try {
        if (!sql) sql = std::make_unique<Sql>(conninfo);
        const auto side = sql->value("select " + fmt::format(fmt::runtime(habits_.asks), number));
        sql->exec(insert(side, number, habits_.owner) + remove);
        there = true;
      } catch (const std::runtime_error&) {
        // Not acknowledged, so it does not count if we stop here. A new session is right whatever it was.
        if (stopping_) return;
        sql.reset();
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
    }
    const std::lock_guard lock(mutex_);
    if (deletes) {
      deleted_.push_back(own.back());
      own.pop_back();
    }
    own.push_back(number);
    written_.push_back(number);
    milliseconds_.push_back(std::chrono::duration<double, std::milli>(Clock::now() - began).count());
    ++acknowledged_;
  }
}

}  // namespace crossfade::test
