select p.target, extract(epoch from p.since) as since, extract(epoch from p.next_at) as next_try, p.sqlstate, p.message, p.samples,
       (select count(*) from crossfade.dirty d where d.migration = p.migration and d.target = p.target) as keys
from crossfade.parked p where p.migration = $1 order by p.target
