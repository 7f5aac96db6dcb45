-- What stands in schema crossfade under one of the names $1, and whose ids are in it: the migration and its surrogate; null where it is our own.
select c.relname as name, s.migration, s.name as surrogate
from pg_class c left join crossfade.surrogate s on s.ids = c.relname
where c.relnamespace = to_regnamespace('crossfade') and c.relname = any ($1::text[])
order by c.relname
