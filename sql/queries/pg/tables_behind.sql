-- The tables that `lock table` of the relations $1 would lock: behind views and below parents, each by itself and as a name that stands
-- alone. Those that our role may not lock by name are left out.
with recursive behind as (
  select to_regclass(name)::oid as relation from unnest($1::text[]) name
  union
  select t.relation
  from behind b cross join lateral (
    select d.refobjid as relation
    from pg_rewrite r join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid and d.refclassid = 'pg_class'::regclass
    where r.ev_class = b.relation
    union all
    select i.inhrelid from pg_inherits i where i.inhparent = b.relation
  ) t
)
select format('%I.%I', n.nspname, c.relname) as name
from behind b join pg_class c on c.oid = b.relation join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p') and has_table_privilege(c.oid, 'SELECT')
order by c.oid
