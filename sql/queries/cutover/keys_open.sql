-- Foreign keys that a flip of migration $1 has made and that do not hold for all old rows, or not yet for the whole of a partitioned table,
-- each with what finishes it, partitions first.
select relation, name, statement
from crossfade.keys_to_validate($1)
order by whole, 1, 2
