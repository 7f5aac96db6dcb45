-- Drops the stable views of a migration, wherever their schema came from.
select format('drop view if exists %I.%I', m.stable_schema, b.target)
from crossfade.migration m join crossfade.backfill b on b.migration = m.name
where m.name = $1 and m.stable_schema is not null
