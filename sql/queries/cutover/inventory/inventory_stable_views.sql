-- Stable views that are gone: of targets $2 in schema $1. $3: the migration, before whose preparation there are none.
select format('view %I.%I', $1::text, target) as object, 'is gone, and whoever reads it is told so' as way, 'said' as handling,
       'is made again, over v2' as flip, 'is made again, over v1 through the mapping' as rollback, '' as fix, '' as sql, '' as locked, '' as referred
from unnest($2::text[]) target
where to_regclass(format('%I.%I', $1::text, target)) is null and exists (select from crossfade.migration m where m.name = $3)
order by 1
