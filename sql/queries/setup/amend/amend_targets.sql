-- Targets that are there; whether each is still being filled; rows a second of its last filling.
select b.target, b.finished_at is null as unfinished,
       (select sum(c.rows) / nullif(sum(c.seconds), 0) from crossfade.chunk c where c.migration = b.migration and c.target = b.target) as rows_a_second
from crossfade.backfill b where b.migration = $1
