// Every migration that ships, moved under a random live workload. The seed is printed; CROSSFADE_SEED repeats a run, and
// CROSSFADE_STATEMENTS makes it longer.

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "support/move.h"
#include "support/writers.h"

namespace crossfade::test {
namespace {

std::string read(const std::filesystem::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// The names of the folders in sql/migrations.
std::vector<std::string> shipped() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(migration(""))) {
    if (entry.is_directory()) names.push_back(entry.path().filename());
  }
  std::sort(names.begin(), names.end());
  return names;
}

/// Statements that the migration's own workload may not think of, made from the catalog: a row deleted with all that hangs
/// on it, a child given to another parent, a row under another key.
constexpr auto kGenerated = R"(
with source as (
  select c.oid::regclass as name, c.oid from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'p') and not c.relispartition and n.nspname !~ '^(pg_|information_schema$)'
)
select format('delete from %1$s where ctid = (select ctid from %1$s order by random() limit 1)', name) from source
union all
select format('update %1$s set (%2$s) = (select %3$s from %4$s order by random() limit 1)'
              ' where ctid = (select ctid from %1$s order by random() limit 1)',
              source.name, own.columns, parent.columns, f.confrelid::regclass)
from source join pg_constraint f on f.contype = 'f' and f.conrelid = source.oid
cross join lateral (select string_agg(quote_ident(attname), ', ' order by k.n) as columns
                    from unnest(f.conkey) with ordinality k (at, n) join pg_attribute on attrelid = f.conrelid and attnum = k.at) own
cross join lateral (select string_agg(quote_ident(attname), ', ' order by k.n) as columns
                    from unnest(f.confkey) with ordinality k (at, n) join pg_attribute on attrelid = f.confrelid and attnum = k.at) parent
union all
select format('update %1$s set %2$I = %3$s where ctid = (select ctid from %1$s order by random() limit 1)',
              source.name, a.attname, case when a.atttypid = 'uuid'::regtype then 'md5(random()::text)::uuid' else 'md5(random()::text)' end)
from source join pg_constraint p on p.contype = 'p' and p.conrelid = source.oid and cardinality(p.conkey) = 1
join pg_attribute a on a.attrelid = source.oid and a.attnum = p.conkey[1] and a.atttypid in ('uuid'::regtype, 'text'::regtype)
where not exists (select from pg_constraint f where f.contype = 'f' and f.confrelid = source.oid and f.confupdtype <> 'c')
order by 1)";

/// What the applications of one migration do: its own transactions, and mixtures of them.
class Workload {
 public:
  explicit Workload(Move& move) : generated_(move.sql().rows(kGenerated)) {
    for (const auto& entry : std::filesystem::directory_iterator(migration(move.name()) / "workload")) {
      transactions_.push_back(read(entry.path()));
    }
    std::sort(transactions_.begin(), transactions_.end());
  }

  /// One of the migration's own transactions.
  std::string own(Random& random) const { return pick(random, transactions_); }

  std::string draw_one(Random& random) const {
    // So that a statement that draws by itself draws the same in a repeated run.
    const auto seeded = fmt::format("select setseed({});", draw(random, 0, 1000) / 1000.0);
    const auto own = [&] { return this->own(random); };
    switch (draw(random, 0, 9)) {
      case 0:
        return fmt::format("{} begin; {}; {}; commit", seeded, own(), own());
      case 1:
        return fmt::format("{} begin; {}; savepoint s; {}; rollback to s; {}; commit", seeded, own(), own(), own());
      case 2:
        return fmt::format("{} begin; {}; {}; rollback", seeded, own(), own());
      case 3:
        return seeded + pick(random, generated_);
      default:
        return seeded + own();
    }
  }

 private:
  static const std::string& pick(Random& random, const std::vector<std::string>& from) {
    return from[static_cast<std::size_t>(draw(random, 0, static_cast<int>(from.size()) - 1))];
  }

  std::vector<std::string> generated_;
  std::vector<std::string> transactions_;
};

class WorkloadTest : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    move.sql().exec(fmt::format("set crossfade.sample_seed = {};", seed() % 1000) + read(migration(GetParam()) / "sample.sql"));
  }

  void expect_answer(const std::vector<std::string>& words, const std::string& text) {
    const auto [exit, output] = move.call(words);
    EXPECT_EQ(exit, 0) << output;
    EXPECT_NE(output.find(text), std::string::npos) << output;
  }

  /// Everything that has been promised of a quiet moment.
  void expect_all_well() {
    move.expect_equal();
    expect_answer({"verify"}, ": equal");
    expect_answer({"account"}, "every row is accounted for");
    expect_answer({"check", "--when", "after"}, " 0 failed");
  }

  static std::uint64_t statements() {
    const char* given = std::getenv("CROSSFADE_STATEMENTS");
    return given ? std::strtoull(given, nullptr, 10) : 400;
  }

  Move move{migration(GetParam())};
};

TEST_P(WorkloadTest, EndsEqualWithEveryRowAccountedFor) {
  const Workload workload(move);
  {
    Writers writers(move.conninfo(), 3, [&](Random& random) { return workload.draw_one(random); });
    writers.expect_progress(statements() / 4);
    move.start_daemon();
    ASSERT_TRUE(move.logged("following"));
    writers.expect_progress(statements());
  }
  expect_all_well();
  move.stop_daemon();
}

TEST_P(WorkloadTest, ATruncatedTableTakesWhatHangsOnItAlong) {
  const Workload workload(move);
  Random random(seed());
  move.start_daemon();
  ASSERT_TRUE(move.logged("following"));
  auto tables = move.sql().rows("select format('%I.%I', schemaname, tablename) from pg_publication_tables order by 1");
  std::shuffle(tables.begin(), tables.end(), random);
  for (const auto& table : tables) {
    move.sql().exec(fmt::format("begin; {}; truncate {} cascade; {}; commit", workload.own(random), table, workload.own(random)));
    move.expect_equal();
  }
  expect_all_well();
  move.stop_daemon();
}

INSTANTIATE_TEST_SUITE_P(Shipped, WorkloadTest, testing::ValuesIn(shipped()), [](const auto& of) { return of.param; });

}  // namespace
}  // namespace crossfade::test
