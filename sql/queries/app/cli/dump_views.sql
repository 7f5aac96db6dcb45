-- Views outside of schemas $1 that read, or call, what is in one of them; views of such views too.
with recursive hidden (classid, objid) as (
  select 'pg_class'::regclass::oid, c.oid from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = any ($1::text[])
  union
  select 'pg_proc'::regclass::oid, p.oid from pg_proc p join pg_namespace n on n.oid = p.pronamespace where n.nspname = any ($1::text[])
  union
  select 'pg_class'::regclass::oid, r.ev_class
  from hidden h join pg_depend d on d.refclassid = h.classid and d.refobjid = h.objid and d.classid = 'pg_rewrite'::regclass join pg_rewrite r on r.oid = d.objid
)
select n.nspname as schema, c.relname as name
from hidden h join pg_class c on h.classid = 'pg_class'::regclass and c.oid = h.objid and c.relkind in ('v', 'm') join pg_namespace n on n.oid = c.relnamespace
where n.nspname <> all ($1::text[])
order by 1, 2
