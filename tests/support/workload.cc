#include "support/workload.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>

namespace crossfade::test {
namespace {

std::string read(const std::filesystem::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

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

}  // namespace

Workload::Workload(Sql& sql, const std::filesystem::path& folder) : generated_(sql.rows(kGenerated)) {
  for (const auto& entry : std::filesystem::directory_iterator(folder / "workload")) transactions_.push_back(read(entry.path()));
  std::sort(transactions_.begin(), transactions_.end());
}

std::string Workload::draw_one(Random& random) const {
  // So that a statement that draws by itself draws the same in a repeated run.
  const auto seeded = fmt::format("select setseed({});", draw(random, 0, 1000) / 1000.0);
  const auto one = [&] { return own(random); };
  switch (draw(random, 0, 9)) {
    case 0:
      return fmt::format("{} begin; {}; {}; commit", seeded, one(), one());
    case 1:
      return fmt::format("{} begin; {}; savepoint s; {}; rollback to s; {}; commit", seeded, one(), one(), one());
    case 2:
      return fmt::format("{} begin; {}; {}; rollback", seeded, one(), one());
    case 3:
      return seeded + pick(random, generated_);
    default:
      return seeded + one();
  }
}

const std::string& Workload::pick(Random& random, const std::vector<std::string>& from) {
  return from[static_cast<std::size_t>(draw(random, 0, static_cast<int>(from.size()) - 1))];
}

}  // namespace crossfade::test
