-- Whether the daemon that leads does so by what is said now; true where none does.
select coalesce((select l.epoch >= e.epoch or l.renewed_at < clock_timestamp() - interval '10 seconds' from crossfade.leader l where l.migration = e.migration), true)
from crossfade.lease e where e.migration = $1
