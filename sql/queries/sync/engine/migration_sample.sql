select m.phase, extract(epoch from m.phase_since) as phase_since,
       coalesce((select percent from crossfade.reads r where r.migration = m.name), 0) as percent
from crossfade.migration m
where m.name = $1
