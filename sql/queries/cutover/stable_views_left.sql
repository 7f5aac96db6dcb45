-- The views of migration $1 that applications read, as they are in the database, by their schema.
select format('%I', n.nspname) as schema, string_agg(c.relname, ', ' order by c.relname) as views
from crossfade.migration m
join pg_namespace n on n.nspname in (m.stable_schema, m.stable_schema || '_canary')
join pg_class c on c.relnamespace = n.oid and c.relkind = 'v'
where m.name = $1
group by n.nspname
order by n.nspname
