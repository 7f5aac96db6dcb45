-- The last flip, step by step; of one with many attempts the end.
select step, attempt, milliseconds, outcome, holders, held
from (
  select * from crossfade.cutover_step
  where migration = $1 and flip = (select flip from crossfade.cutover_step where migration = $1 order by id desc limit 1)
  order by id desc limit 50
) last
order by id
