-- Without keys and messages: they quote data.
select target, sqlstate, constraint_name, count(*) as keys, max(attempts) as attempts, min(first_at) as since
from crossfade.quarantine where migration = $1 group by 1, 2, 3 order by 4 desc
