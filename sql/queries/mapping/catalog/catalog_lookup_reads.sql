-- Tables that functions $1 read, and which of their columns.
select d.objid as reader, n.nspname, c.relname, c.relkind, false as whole_row,
       array_agg(distinct a.attname::text) filter (where a.attnum > 0) as columns
from pg_depend d
join pg_class c on c.oid = d.refobjid
join pg_namespace n on n.oid = c.relnamespace
left join pg_attribute a on a.attrelid = c.oid and a.attnum = d.refobjsubid
where d.classid = 'pg_proc'::regclass and d.objid = any ($1::oid[]) and d.refclassid = 'pg_class'::regclass and c.relkind <> 'c'
group by d.objid, n.nspname, c.relname, c.relkind
order by d.objid, n.nspname, c.relname
