-- What of migration $1 was left out after it was filled, or holds for new rows alone, and whose next try is due: `sql` makes or validates it. Of
-- what is there by now nothing is kept.
with open as (
  select d.target, d.name, d.create_sql as sql, true as creates
  from crossfade.deferred d
  where d.migration = $1 and d.stage < 3 and not d.built
  union all
  select d.target, d.name, d.validate_sql, false
  from crossfade.deferred d
  join pg_constraint k on k.contype in ('c', 'f') and (not k.convalidated and to_jsonb(k) ->> 'conenforced' is distinct from 'false' or d.validate_sql like '%set not null%')
    and format('%s on %s', k.conname, k.conrelid::regclass) = d.name
  where d.migration = $1 and d.stage = 2 and d.built and d.validate_sql is not null
), gone as (
  delete from crossfade.left_open l
  where l.migration = $1 and not exists (select from open o where o.target = l.target and o.name = l.name)
)
select o.target, o.name, o.sql, o.creates
from open o
left join crossfade.left_open l on l.migration = $1 and l.target = o.target and l.name = o.name
where coalesce(l.next_at <= clock_timestamp(), true)
order by o.creates desc, o.target, o.name
