select started_at, ended_at, lsn, whole, compared_rows, drifted_rows, repaired_rows
from crossfade.verification where migration = $1 order by id desc limit 20
