select target, extract(epoch from since), next_at > now(), format('%s: %s', sqlstate, message)
from crossfade.parked where migration = $1
