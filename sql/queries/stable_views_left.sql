-- The views of migration $1 that applications read, as they are in the database.
select format('%I', m.stable_schema) as schema, string_agg(c.relname, ', ' order by c.relname) as views
from crossfade.migration m
join pg_namespace n on n.nspname = m.stable_schema
join pg_class c on c.relnamespace = n.oid and c.relkind = 'v'
where m.name = $1
group by m.stable_schema
