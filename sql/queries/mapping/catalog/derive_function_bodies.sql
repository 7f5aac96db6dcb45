-- What functions $1 do, by their name as the server prints it: their text, and the schemas in which they look for names.
select f.name, p.prosrc as body, path.schemas
from unnest($1::text[]) f (name)
join pg_proc p on p.oid = f.name::regprocedure
cross join lateral (
  select array_agg(btrim(s.name, ' "')) as schemas
  from unnest(p.proconfig) c (setting)
  cross join unnest(string_to_array(substr(c.setting, 13), ',')) s (name)
  where c.setting like 'search\_path=%'
) path
order by 1
