select q.target, q.locator, array_to_string(q.key, ', ', 'null') as key, q.sqlstate, coalesce(q.constraint_name, '') as constraint_name, q.message, q.attempts,
       extract(epoch from q.first_at) as since, coalesce(q.accepted_by, '') as accepted_by
from crossfade.quarantine q where q.migration = $1 order by q.accepted_by is not null, q.first_at, q.target, q.key limit 50
