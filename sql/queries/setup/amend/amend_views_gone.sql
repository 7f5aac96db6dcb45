-- Of views in schemas $1 called $2 those that are not there.
select wanted.schema, wanted.name
from unnest($1::text[], $2::text[]) wanted (schema, name)
where to_regclass(format('%I.%I', wanted.schema, wanted.name)) is null
order by 1, 2
