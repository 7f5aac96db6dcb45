-- Of a target that refused no key at all as well nothing was tried alone.
select target, extract(epoch from since) as since, next_at > now() as resting, format('%s: %s', sqlstate, message) as because,
       cardinality(samples) = 0 as of_its_own
from crossfade.parked where migration = $1
