insert into crossfade.chunk (migration, target, low, high, rows, seconds)
select $1, $2, $3, $4, $5::bigint, $6::double precision
from (select from crossfade.lease where migration = $1 and epoch = $7::bigint for share) held
returning id
