select b.target, b.bulk, b.estimated_rows, b.finished_at is not null as finished, coalesce(c.rows, 0)::bigint as done_rows
from crossfade.backfill b
left join (select target, sum(rows) as rows from crossfade.chunk where migration = $1 group by target) c using (target)
where b.migration = $1
