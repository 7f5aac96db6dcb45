-- Keys that miss each other around a ring of tables, and are to be tried together: of migration $1, the keys $3 of targets $2 (locators $4)
-- that miss a row by the foreign keys $5 and were in quarantine for something else, or not at all; and those that wait there for a row of
-- such a table, in one step or more. $6, $7: all targets and their tables. The last that came, where they are many: the others go on by the clock.
with recursive tables as (
  select t.target, to_regclass(t.name)::oid as relation from unnest($6::text[], $7::text[]) t(target, name)
), missing as (
  select r.target, r.locator, r.key::text[] as key, f.conrelid, f.confrelid
  from unnest($2::text[], $3::text[], $4::text[], $5::text[]) r(target, key, locator, constraint_name)
  join tables t on t.target = r.target
  join pg_constraint f on f.contype = 'f' and f.conrelid = t.relation and f.conname = r.constraint_name
  where not exists (select from crossfade.quarantine q where q.migration = $1 and q.target = r.target and q.locator = r.locator
                      and crossfade.digest(q.key) = crossfade.digest(r.key::text[]) and q.sqlstate = '23503' and q.constraint_name = r.constraint_name)
), waiting as (
  select q.target, q.locator, q.key, q.last_at, f.conrelid, f.confrelid
  from crossfade.quarantine q join tables t on t.target = q.target
  join pg_constraint f on f.contype = 'f' and f.conrelid = t.relation and f.conname = q.constraint_name
  where q.migration = $1 and q.sqlstate = '23503' and exists (select from missing)
), behind as (
  select conrelid as start, conrelid as relation from missing
  union
  select b.start, w.conrelid from behind b join waiting w on w.confrelid = b.relation
), ring as (
  select m.target, m.locator, m.key, m.conrelid from missing m where exists (select from behind b where b.start = m.conrelid and b.relation = m.confrelid)
)
select target, locator, key from ring
union
select * from (
  select w.target, w.locator, w.key from waiting w
  where w.conrelid in (select b.relation from behind b where b.start in (select conrelid from ring))
  order by w.last_at desc limit 1000
) w
