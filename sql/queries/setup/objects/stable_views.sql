-- Drops the stable views of a migration, and those that show v2 throughout, wherever their schemas came from.
select format('drop view if exists %I.%I', schema, b.target)
from crossfade.migration m join crossfade.backfill b on b.migration = m.name cross join unnest(array[m.stable_schema, m.stable_schema || '_canary']) schema
where m.name = $1 and m.stable_schema is not null
