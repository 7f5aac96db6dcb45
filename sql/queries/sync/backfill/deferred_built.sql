-- By whoever leads ($4): an amend may have said otherwise what is to be built.
update crossfade.deferred d set built = true
from (select from crossfade.lease where migration = $1 and epoch = $4::bigint for share) held
where d.migration = $1 and d.target = $2 and d.name = $3
