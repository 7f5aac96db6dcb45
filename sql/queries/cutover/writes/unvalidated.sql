-- Foreign keys that a flip has made and that are to hold for old rows too: the table, the key, and the statement. $2: of partitioned tables,
-- the partitions of which have theirs.
select relation, name, statement
from crossfade.keys_to_validate($1)
where whole = $2::boolean and ready
order by 1, 2
