-- Of one target, or of all ('').
select target, locator, key, sqlstate, constraint_name, message, attempts, first_at, next_at, accepted_by
from crossfade.quarantine where migration = $1 and ($2 = '' or target = $2) order by first_at, target, key limit 1000
