-- Fences tables $2 and their partitions where they have no fence, because they were made since, or one that lost its `always` to an `enable
-- trigger all`. $1 the migration, $3 the side that owns the data. What was refused because there was no partition for it is tried again.
-- Returns how many there were. A table that somebody works in is not waited for long. One that is no partition any more loses its fence.
with fenced as materialized (
  select coalesce(sum(crossfade.put_fences_again($1, to_regclass(name), $3)), 0) as made
  from unnest($2::text[]) name
  where exists (select from (select relid from pg_partition_tree(to_regclass(name)) union select to_regclass(name)) p
                join pg_class c on c.oid = p.relid and c.relkind in ('r', 'p')
                left join pg_trigger t on t.tgrelid = c.oid and t.tgname = 'crossfade_fence'
                where t.tgenabled in ('O', 'R') or t.oid is null)
    and set_config('lock_timeout', '200ms', true) <> ''
), freed as materialized (
  select crossfade.free_detached($1, $3) from fenced
  where exists (select from pg_trigger t join pg_class c on c.oid = t.tgrelid
                where t.oid in (select d.objid from pg_depend d where d.classid = 'pg_trigger'::regclass and d.refclassid = 'pg_proc'::regclass and d.refobjid = 'crossfade.fence()'::regprocedure)
                  and not c.relispartition and strpos(encode(t.tgargs, 'escape'), '\000partition\000') > 0)
    and set_config('lock_timeout', '200ms', true) <> ''
), parked as (
  update crossfade.parked p set next_at = now() from fenced f where f.made > 0 and p.migration = $1 and p.sqlstate = '23514'
), retried as (
  update crossfade.quarantine q set next_at = now() from fenced f where f.made > 0 and q.migration = $1 and q.sqlstate = '23514'
)
-- Those that were freed are no targets any more, and do not count.
select made from fenced where (select count(*) from freed) >= 0
