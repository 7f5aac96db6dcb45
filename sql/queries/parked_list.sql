select target, extract(epoch from since) as since, next_at > now() as resting, format('%s: %s', sqlstate, message) as because
from crossfade.parked where migration = $1
