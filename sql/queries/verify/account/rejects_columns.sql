-- The views of schema $1 that name rejected rows, and their columns.
select c.relname as view, array_agg(a.attname::text order by a.attnum) as columns
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
where n.nspname = $1 and c.relname like 'rejected\_%'
group by c.relname
