select m.phase, extract(epoch from m.phase_since) as phase_since,
       coalesce((select percent from crossfade.reads r where r.migration = m.name), 0) as percent,
       exists (select from crossfade.left_open l where l.migration = m.name)
         or exists (select from crossfade.deferred d where d.migration = m.name and d.stage < 3 and not d.built)
         or exists (select from crossfade.deferred d
                    join pg_constraint k on k.contype in ('c', 'f') and (not k.convalidated and to_jsonb(k) ->> 'conenforced' is distinct from 'false' or d.validate_sql like '%set not null%')
                      and format('%s on %s', k.conname, k.conrelid::regclass) = d.name
                    where d.migration = m.name and d.stage = 2 and d.built and d.validate_sql is not null) as left_open
from crossfade.migration m
where m.name = $1
