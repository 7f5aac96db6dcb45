-- By whoever leads ($3).
update crossfade.migration m set phase = $2, phase_since = now()
from (select from crossfade.lease where migration = $1 and epoch = $3::bigint for share) held
where m.name = $1 and m.phase <> $2
