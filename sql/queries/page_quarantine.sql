select target, locator, array_to_string(key, ', ', 'null'), sqlstate, coalesce(constraint_name, ''), message, attempts,
       extract(epoch from first_at), coalesce(accepted_by, '')
from crossfade.quarantine where migration = $1 order by accepted_by is not null, first_at, target, key limit 50
