-- The schemas of this database that a migration can be of, and those that a migration can have made.
select n.nspname, quote_ident(n.nspname) as quoted
from pg_namespace n
where n.nspname <> 'information_schema' and n.nspname not like 'pg\_%' and n.nspname <> 'crossfade'
order by 1
