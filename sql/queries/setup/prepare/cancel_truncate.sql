-- Empties what a broken-off bulk load filled; null where none was broken off.
select format('truncate %s', string_agg(format('%I.%I', m.shadow_schema, b.target), ', '))
from crossfade.migration m join crossfade.backfill b on b.migration = m.name
where m.name = $1 and b.bulk and exists (select from crossfade.deferred d where d.migration = m.name and d.stage < 3 and not d.built)
having count(*) > 0
