-- By whoever leads ($3): an amend may have begun the target anew meanwhile, and has taken the lease then.
update crossfade.backfill b set finished_at = now()
from (select from crossfade.lease where migration = $1 and epoch = $3::bigint for share) held
where b.migration = $1 and b.target = $2
