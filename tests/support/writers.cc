#include "support/writers.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <stdexcept>

#include "support/stage.h"

namespace crossfade::test {

std::uint32_t seed() {
  static const std::uint32_t value = [] {
    const char* given = std::getenv("CROSSFADE_SEED");
    const auto chosen = given ? static_cast<std::uint32_t>(std::strtoul(given, nullptr, 10)) : std::random_device{}();
    std::printf("CROSSFADE_SEED=%u repeats this run\n", chosen);
    std::fflush(stdout);
    return chosen;
  }();
  return value;
}

int draw(Random& random, int low, int high) { return std::uniform_int_distribution<int>(low, high)(random); }

Writers::Writers(const std::string& conninfo, int sessions, const Begin& begin, std::chrono::microseconds interval) {
  for (int n = 0; n < sessions; ++n) {
    threads_.emplace_back([this, conninfo, write = begin(n), interval] { go_on(conninfo, write, interval); });
  }
}

Writers::Writers(const std::string& conninfo, int sessions, Draw draw_statement, std::uint32_t first_seed)
    : Writers(conninfo, sessions, [draw_statement = std::move(draw_statement), first_seed](int n) -> Write {
        return [draw_statement, random = Random(first_seed + static_cast<std::uint32_t>(n))](Sql& sql) mutable { sql.exec(draw_statement(random)); };
      }) {}

void Writers::stop() {
  stopping_ = true;
  for (auto& thread : threads_) thread.join();
  threads_.clear();
}

void Writers::expect_progress(std::uint64_t more) {
  const auto goal = done_ + more;
  EXPECT_TRUE(eventually([&] { return done_ >= goal; }, kLimit)) << "the writers are stuck";
}

void Writers::go_on(const std::string& conninfo, const Write& write, std::chrono::microseconds interval) {
  using Clock = std::chrono::steady_clock;
  // A rate is kept over a slow commit, and nobody rushes after a long wait.
  constexpr std::chrono::milliseconds kMadeUp{50};
  std::unique_ptr<Sql> sql;
  for (auto next = Clock::now(); !stopping_;) {
    try {
      if (!sql) sql = std::make_unique<Sql>(conninfo);
      write(*sql);
      ++done_;
      next = std::max(next + interval, Clock::now() - kMadeUp);
      std::this_thread::sleep_until(next);
    } catch (const std::runtime_error&) {
      // A conflict with another writer, or the server is gone: a new session does for both.
      sql.reset();
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }
}

std::string change_gym(Random& random, int ids) {
  const int a = draw(random, 1, ids);
  const int b = draw(random, 1, ids);
  const int plan = draw(random, 1, ids / 10);
  const int other = draw(random, 1, ids / 10);
  switch (draw(random, 0, 11)) {
    case 0:
      return fmt::format("insert into plans values ({}, 'new {}', {}) on conflict do nothing", plan, a, draw(random, 0, 5));
    case 1:
      return fmt::format("insert into exercises select {0}, id, 'new', 1 from plans where id = {1} on conflict (id) do update set plan_id = excluded.plan_id", a, plan);
    case 2:
    case 3:
      return fmt::format("update exercises set title = 'title {1}' where id = {0}", a, b);
    case 4:
      return fmt::format("update plans set owner = 'owner {1}' where id = {0}", plan, a % 50);
    case 5:
      return fmt::format("update plans set duration = {1} where id = {0}", plan, draw(random, 0, 5));
    case 6:
      return fmt::format("update exercises set plan_id = p.id from plans p where exercises.id = {} and p.id = {}", a, plan);
    case 7:
      return fmt::format("delete from exercises where id = {}", a);
    case 8:
      return draw(random, 0, 3) > 0 ? fmt::format("select from plans where id = {}", plan) : fmt::format("delete from plans where id = {}", plan);
    case 9:
      return fmt::format("update exercises set id = {1} where id = {0} and not exists (select from exercises where id = {1})", a, b);
    case 10:
      return fmt::format("begin; update plans set owner = 'first' where id = {0}; savepoint s; delete from plans where id = {0}; rollback to s; "
                         "update exercises set title = 'second' where plan_id = {0}; commit", plan);
    default:
      return fmt::format("begin; insert into plans values ({0}, 'both', 1) on conflict (id) do update set duration = plans.duration % 5 + 1; "
                         "insert into exercises values ({1}, {0}, 'both', 2) on conflict (id) do update set plan_id = excluded.plan_id; "
                         "delete from exercises where plan_id = {2} and id % 3 = 0; commit", plan, a, other);
  }
}

}  // namespace crossfade::test
